"""The guide's Redis client: a primary, and a reader that falls back to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from variate.clients.configured import ConfiguredClient
from variate.clients.redis_endpoint import Endpoint, PrimaryAndReader, Servers
from variate.errors import ConfigurationError, StoreError
from variate.settings import Settings

if TYPE_CHECKING:
    from redis import Redis

    from variate.clients.redis_connections import Connections


class RedisClient(ConfiguredClient):
    """Redis, connected to at the first use. Safe to use from many threads, and after a fork.

    The server is that of ``settings.redis_url``; without one, those of the SSM parameters ``redis/endpoint``,
    ``redis/port`` and, for reading, ``redis/reader-endpoint`` under ``/experimentation/{environment}/``, spoken to in
    TLS unless ``settings.redis_tls`` is off. Values come as text. One command takes at most
    ``settings.redis_timeout_seconds``; its errors are redis-py's.
    """

    def __init__(self, environment: str | None = None, *, settings: Settings | None = None) -> None:
        super().__init__(environment, settings=settings)
        self._made: Connections | None = None

    def get_redis_connection(self, use_reader: bool = False) -> Redis:
        """Return the client of the primary, or with ``use_reader`` of the reader. This asks nothing of Redis.

        Where there is no reader, and as long as it does not answer, the primary answers for it. Raise
        ``ConfigurationError`` naming the setting and the parameter where nothing says which server.
        """
        connections = self._connections()
        return connections.reader if use_reader else connections.primary

    def close_connections(self) -> None:
        """Close every connection; the next use opens new ones."""
        with self._lock:
            made, self._made = self._made, None
        if made is not None:
            made.close()

    def _connections(self) -> Connections:
        servers = self._servers()
        made = self._made
        if made is not None and made.servers == servers:
            return made
        from variate.clients.redis_connections import Connections

        with self._lock:
            if self._made is None or self._made.servers != servers:
                former = self._made
                self._made = Connections(servers, timeout_seconds=self.settings.redis_timeout_seconds)
                if former is not None:
                    former.retire()
            return self._made

    def _servers(self) -> Servers:
        if self.settings.redis_url is not None:
            return self.settings.redis_url
        tls = self.settings.redis_tls
        host, port = self._required("redis/endpoint"), self._port()
        try:
            reader = self._parameter("redis/reader-endpoint")
        except StoreError:
            reader = None
        return PrimaryAndReader(
            primary=Endpoint(host=host, port=port, tls=tls),
            reader=Endpoint(host=reader, port=port, tls=tls) if reader else None,
        )

    def _port(self) -> int:
        port = self._required("redis/port")
        try:
            return int(port)
        except ValueError as error:
            name = self._parameter_name("redis/port")
            raise ConfigurationError(f"the SSM parameter {name} must be a port number, not {port!r}") from error

    def _required(self, path: str) -> str:
        remedy = f"set VARIATE_REDIS_URL, or the SSM parameter {self._parameter_name(path)}"
        try:
            value = self._parameter(path)
        except ConfigurationError as error:
            raise ConfigurationError(f"Redis is not configured: {remedy} ({error})") from error
        if not value:
            raise ConfigurationError(f"Redis is not configured: {remedy}")
        return value


redis_client = RedisClient()
"""The client of the environment's settings."""
