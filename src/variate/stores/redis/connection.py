"""How the stores speak to Redis: connections, scripts, and errors translated."""

from __future__ import annotations

import re
from hashlib import sha1
from types import TracebackType
from typing import Any, Protocol

from variate.errors import InvalidInputError, MissingExtraError, StoreError, StoreUnavailableError

try:
    from redis import Redis
    from redis import exceptions as driver
except ModuleNotFoundError as error:
    raise MissingExtraError("redis", "redis") from error


class Connect(Protocol):
    """The guide's ``RedisClient.get_redis_connection``: returns a pooled client, of a replica where asked and had."""

    def __call__(self, use_reader: bool = False) -> Redis: ...


_UNAVAILABLE = (
    driver.ConnectionError,
    driver.TimeoutError,
    driver.BusyLoadingError,
    driver.ReadOnlyError,
    driver.OutOfMemoryError,
    driver.ClusterDownError,
    driver.TryAgainError,
    driver.MasterDownError,
)
# Both are kinds of ConnectionError in redis-py, and neither goes away by trying again.
_REFUSED = (driver.AuthenticationError, driver.AuthorizationError)
_WITHIN_SCRIPT = re.compile(r"-(READONLY|OOM|LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN) ")
"""Before Redis 7 what stops a script stands within the words of another error."""


class Translated:
    """A block in which Redis's errors become variate's."""

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            return
        if (isinstance(error, _UNAVAILABLE) and not isinstance(error, _REFUSED)) or (
            isinstance(error, driver.ResponseError) and _WITHIN_SCRIPT.search(str(error))
        ):
            raise StoreUnavailableError(f"Redis cannot answer: {error}") from error
        if isinstance(error, driver.RedisError):
            raise StoreError(f"Redis refused: {error}") from error
        if isinstance(error, UnicodeEncodeError):
            raise InvalidInputError("key or value", "must not contain an unpaired surrogate") from error


translated = Translated()
"""It holds no state, so one serves every block."""


class Script:
    """A Lua script, sent once to a server and called by its digest after that."""

    def __init__(self, text: str) -> None:
        self._text = text
        # What Redis names a script by; nothing is kept secret by it.
        self._digest = sha1(text.encode(), usedforsecurity=False).hexdigest()

    def run(self, client: Redis, *keys_and_args: str | int, keys: int = 1) -> Any:
        """Run the script, of whose arguments the first ``keys`` are keys; load it where the server does not know it.

        redis-py's own ``register_script`` does the same, and looks for a pipeline at each call.
        """
        try:
            return client.evalsha(self._digest, keys, *keys_and_args)
        except driver.NoScriptError:
            return client.eval(self._text, keys, *keys_and_args)


def own_connection(client: Redis) -> Any:
    """Return a connection outside the client's pool, made as the pool makes them.

    It decodes nothing, speaks RESP 2, and is asked for its health by nobody but its owner.
    """
    pool = client.connection_pool
    # Where a pool speaks RESP 3 it hands its connections what only RESP 3 knows.
    given = {name: each for name, each in pool.connection_kwargs.items() if not name.startswith("maint_notifications")}
    return pool.connection_class(**{**given, "decode_responses": False, "protocol": 2, "health_check_interval": 0})


def as_text(value: bytes | str | None) -> str | None:
    """Return the value as text, whether or not the client decodes."""
    return value.decode() if isinstance(value, bytes) else value


def milliseconds(seconds: float) -> int:
    """Return the time as Redis takes it; the shortest is one."""
    return max(1, round(seconds * 1_000))
