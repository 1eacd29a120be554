"""One PostgreSQL connection: how it is made, and how to know whether the server is still at its other end."""

from __future__ import annotations

import math
import select
import time
from collections.abc import Callable, Generator
from contextlib import suppress
from typing import Any, TypeVar

from variate.clients.postgres_address import Address, Parameters
from variate.errors import ConfigurationError, MissingExtraError, VariateError
from variate.patience import seconds_left

try:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict, make_conninfo
    from psycopg.errors import Diagnostic
    from psycopg.pq import TransactionStatus
except ModuleNotFoundError as error:
    raise MissingExtraError("psycopg", "postgres") from error

T = TypeVar("T")

_ALWAYS: Parameters = {
    "application_name": "variate",
    "connect_timeout": "5",
    # A host that vanished is noticed in seconds, not in the system's quarter of an hour.
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}
_RESTED_SECONDS = 5.0
"""After how long without use a connection is asked whether the server is still there."""
_ANSWER_SECONDS = 2.0
"""How long the server may take to say so."""
_LOOK_SECONDS = 0.1
"""How often whoever waits for the server looks whether its time is over."""


def parameters_of(url: str) -> Parameters:
    """Return the parameters in a ``postgresql://`` URL."""
    try:
        return {name: str(value) for name, value in conninfo_to_dict(url).items()}
    except psycopg.ProgrammingError:
        # Neither the driver's words nor its error go on: they can hold a part of the password.
        message = "VARIATE_DATABASE_URL: is not a URL that PostgreSQL's libpq understands"
    raise ConfigurationError(message)


class Dialer:
    """Connects to the address, and remembers why it last could not."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._failure: tuple[float, Exception] | None = None

    def dial(self, connect: Callable[[Parameters], PooledConnection]) -> PooledConnection:
        """Return a new connection. Where the password was refused and the secret has a newer one, try that."""
        try:
            parameters = self._address.current()
            try:
                return connect(dict(_ALWAYS) | dict(parameters))
            except psycopg.OperationalError as error:
                # The server's words depend on its language; that it asked for the password does not.
                if error.pgconn is None or not error.pgconn.used_password:
                    raise
                newer = self._address.newer(than=parameters)
                if newer == parameters:
                    raise
                return connect(dict(_ALWAYS) | dict(newer))
        except (psycopg.Error, VariateError) as error:
            self._failure = (time.monotonic(), error)
            raise

    def failed_since(self, moment: float) -> Exception | None:
        """Return why connecting failed, if it did at or after this moment of the monotonic clock."""
        failure = self._failure
        return failure[1] if failure is not None and failure[0] >= moment else None


class PooledConnection(psycopg.Connection[Any]):
    """A connection of the pool. While ``give_back`` is set, closing it gives it back instead."""

    give_back: Callable[[PooledConnection], None] | None = None
    beside: bool = False
    _used_at: tuple[float, float] = (0.0, 0.0)

    @classmethod
    def connect(cls, conninfo: str = "", **kwargs: Any) -> PooledConnection:
        """Connect by ``kwargs["dialer"]``, which adds to ``conninfo``."""
        dialer: Dialer = kwargs["dialer"]
        connect = super().connect
        connection = dialer.dial(lambda parameters: connect(make_conninfo(conninfo, **parameters)))
        connection.rest()
        return connection

    def close(self) -> None:
        """Close the connection, or give it back to whom it was borrowed from."""
        give_back, self.give_back = self.give_back, None
        if give_back is None:
            super().close()
        else:
            give_back(self)

    def add_notice_handler(self, callback: Callable[[Diagnostic], None]) -> None:
        """Add the handler once, however often asked: SQLAlchemy asks at every checkout."""
        with suppress(ValueError):
            self.remove_notice_handler(callback)
        super().add_notice_handler(callback)

    def wait(self, gen: Generator[Any, Any, T], interval: float = _LOOK_SECONDS, timeout: float | None = None) -> T:
        """Return what the server answers; where whoever asks has only so long, close the connection after that.

        A server that hangs keeps the connection alive: psycopg itself would wait for as long as it hangs.
        """
        if seconds_left() == math.inf:
            return super().wait(gen, interval, timeout)
        return super().wait(self._in_time(gen), _LOOK_SECONDS, timeout)

    def _in_time(self, gen: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
        """Do as ``gen`` does, which says what it waits for and is told at least ten times a second what came."""
        came: Any = None
        while True:
            try:
                wanted = gen.send(came)
            except StopIteration as end:
                answer: T = end.value
                return answer
            came = yield wanted
            if not came and not seconds_left():
                self.pgconn.finish()  # what it answers later is not to be taken for the answer to something else
                raise psycopg.OperationalError("the server did not answer in time")

    def rest(self) -> None:
        """Note that the connection was in use until now."""
        # The monotonic clock stands still while a process is frozen, the wall clock may be set back.
        self._used_at = (time.monotonic(), time.time())

    def usable(self) -> bool:
        """Whether the server is still there: at once by the socket, and by asking after a rest of five seconds.

        Within a transaction the answer is True unless the connection is known to be broken: asking would disturb it.
        """
        if self.closed or self.broken:
            return False
        if self.info.transaction_status != TransactionStatus.IDLE:
            return True
        monotonic, wall = self._used_at
        rested = max(time.monotonic() - monotonic, abs(time.time() - wall)) > _RESTED_SECONDS
        # Between transactions a server has nothing to say, but that it goes.
        if not rested and not _has_input(self.fileno(), seconds=0):
            return True
        try:
            answered = self._ping()
        except psycopg.Error:
            return False
        self.rest()
        return answered

    def _ping(self) -> bool:
        """Send an empty query, and say whether it is answered in time: psycopg's own check would wait for ever."""
        deadline = time.monotonic() + min(_ANSWER_SECONDS, seconds_left())
        self.pgconn.send_query(b"")
        self.pgconn.flush()
        while self.pgconn.is_busy():
            if not _has_input(self.fileno(), seconds=deadline - time.monotonic()):
                return False
            self.pgconn.consume_input()
        while self.pgconn.get_result() is not None:
            pass
        return self.pgconn.transaction_status == TransactionStatus.IDLE


def _has_input(descriptor: int, *, seconds: float) -> bool:
    """Whether there is something to read, or comes within this time."""
    seconds = max(seconds, 0.0)
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(seconds * 1_000))
    return bool(select.select([descriptor], [], [], seconds)[0])  # where there is no poll: Windows
