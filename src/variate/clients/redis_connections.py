"""How redis-py is set up: timeouts, one retry of a broken connection, TLS, and a reader that falls back."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from variate.clients.redis_endpoint import Endpoint, Servers
from variate.errors import ConfigurationError, MissingExtraError

try:
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.exceptions import ConnectionError as RedisConnectionError
    from redis.exceptions import TimeoutError as RedisTimeoutError
    from redis.retry import Retry
except ModuleNotFoundError as error:
    raise MissingExtraError("redis", "redis") from error

logger = logging.getLogger(__name__)

REST_SECONDS = 30.0
"""How long a reader that did not answer is left alone."""
_HEALTH_CHECK_SECONDS = 30
"""After how long without use a connection is asked whether the server is still there."""


class Connections:
    """The clients of a primary and of its reader, which is the primary where there is no other."""

    def __init__(self, servers: Servers, *, timeout_seconds: float) -> None:
        self.servers = servers
        if isinstance(servers, str):
            self.primary = self.reader = _by_url(servers, timeout_seconds=timeout_seconds)
        else:
            self.primary = Redis(**_place(servers.primary), **_options(timeout_seconds))
            self.reader = self.primary
            if servers.reader is not None:
                self.reader = Reader(servers.reader, primary=self.primary, timeout_seconds=timeout_seconds)

    def retire(self) -> None:
        """Close the connections that nobody uses; the others are closed when their users are done."""
        for client in {self.primary, self.reader}:
            client.connection_pool.disconnect(inuse_connections=False)

    def close(self) -> None:
        """Close every connection."""
        for client in {self.primary, self.reader}:
            client.close()


def _by_url(url: str, *, timeout_seconds: float) -> Redis:
    options = _options(timeout_seconds)
    if url.startswith("unix://"):
        # A socket file has neither a connection to wait for nor one to keep alive.
        del options["socket_connect_timeout"], options["socket_keepalive"]
    try:
        return Redis.from_url(url, **options)
    except (ValueError, TypeError):
        # Neither the driver's words nor its error go on: they can hold a part of the password.
        message = "VARIATE_REDIS_URL: is not a URL that redis-py understands"
    raise ConfigurationError(message)


class Reader(Redis):
    """A client of a replica. What the replica does not answer, the primary does, and for 30 seconds it alone.

    Pipelines and subscriptions fall back when they begin, not in their midst.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        primary: Redis,
        timeout_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(**_place(endpoint), **_options(timeout_seconds))
        self._endpoint = endpoint
        self._primary: Any = primary  # whose methods redis-py leaves without types
        self._clock = clock
        self._rests_until = float("-inf")

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """Run a command on the replica, else on the primary."""
        if not self._rests:
            try:
                return super().execute_command(*args, **options)  # type: ignore[no-untyped-call]  # redis-py has no types here
            except (RedisConnectionError, RedisTimeoutError) as error:
                self._rests_until = self._clock() + REST_SECONDS
                logger.warning("reading from the primary: %s does not answer: %s", self._endpoint.host, error)
        return self._primary.execute_command(*args, **options)

    def pipeline(self, *args: Any, **options: Any) -> Any:
        """Begin a pipeline on the replica, or on the primary while the replica is left alone."""
        return self._primary.pipeline(*args, **options) if self._rests else super().pipeline(*args, **options)

    def pubsub(self, **options: Any) -> Any:
        """Begin a subscription on the replica, or on the primary while the replica is left alone."""
        return self._primary.pubsub(**options) if self._rests else super().pubsub(**options)  # type: ignore[no-untyped-call]  # redis-py has no types here

    @property
    def _rests(self) -> bool:
        return self._clock() < self._rests_until


def _place(endpoint: Endpoint) -> dict[str, Any]:
    tls = {"ssl": True, "ssl_cert_reqs": "required", "ssl_check_hostname": True} if endpoint.tls else {}
    return {"host": endpoint.host, "port": endpoint.port, **tls}


def _options(timeout_seconds: float) -> dict[str, Any]:
    return {
        "decode_responses": True,
        "socket_timeout": timeout_seconds,
        "socket_connect_timeout": timeout_seconds,
        "socket_keepalive": True,
        "health_check_interval": _HEALTH_CHECK_SECONDS,
        # One retry makes up for a connection that broke while it rested. A timeout is not retried: the caller has
        # another source to ask, and waiting twice is no better.
        "retry": Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
        "retry_on_error": [RedisConnectionError],  # redis-py 5 retries only what stands here, too
        # The same answers from every redis-py: newer ones would speak RESP 3.
        "protocol": 2,
    }
