"""One process's PostgreSQL connections: psycopg's pool, made to fail soon and to survive what breaks connections."""

from __future__ import annotations

import copy
import select
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from variate.clients.postgres_address import Address, Parameters
from variate.errors import ConfigurationError, MissingExtraError, StoreUnavailableError, VariateError

try:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict, make_conninfo
    from psycopg.errors import Diagnostic
    from psycopg.pq import TransactionStatus
    from psycopg.rows import tuple_row
    from psycopg_pool import ConnectionPool, PoolTimeout
except ModuleNotFoundError as error:
    raise MissingExtraError("psycopg", "postgres") from error

_ALWAYS: Parameters = {
    "application_name": "variate",
    "connect_timeout": "5",
    # A host that vanished is noticed in seconds, not in the system's quarter of an hour.
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "10000",
}
_WAIT_SECONDS = 10.0
"""How long a caller waits for a connection while all are in use."""
_LOOK_SECONDS = 0.1
"""How often a waiting caller looks whether connecting has failed meanwhile."""
_RESTED_SECONDS = 5.0
"""After how long without use a connection is asked whether the server is still there."""
_CLOSE_SECONDS = 2.0


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
        if rested or _has_input(self.fileno()):
            try:
                ConnectionPool.check_connection(self)
            except psycopg.Error:
                return False
        return True


class Pool(ConnectionPool[PooledConnection]):
    """Connections to the address, opened as they are needed, up to ``size``."""

    def __init__(self, address: Address, *, size: int) -> None:
        self._dialer = Dialer(address)
        super().__init__(
            connection_class=PooledConnection,
            kwargs={"dialer": self._dialer},
            min_size=0,
            max_size=size,
            open=False,
            name="variate",
            timeout=_WAIT_SECONDS,
            # Try twice, then stop: whoever comes next begins anew, instead of waiting for an ever rarer attempt.
            reconnect_timeout=0.0,
        )

    def getconn(self, timeout: float | None = None) -> PooledConnection:
        """Return a usable connection; raise ``StoreUnavailableError`` once it is known that there will be none."""
        began = time.monotonic()
        deadline = began + (self.timeout if timeout is None else timeout)
        while True:
            connection = self._next(began, deadline)
            if connection.usable():
                return connection
            # What broke this one (a restart, a freeze) has most likely broken all that rested.
            connection.close()
            super().putconn(connection)
            self.drain()

    def putconn(self, conn: PooledConnection) -> None:
        """Take the connection back, with tuples for rows again; close it if it was beside the pool."""
        conn.give_back = None
        if conn.beside:
            conn.close()
            return
        conn.row_factory = tuple_row
        conn.rest()
        super().putconn(conn)

    def lend(self) -> PooledConnection:
        """Return a connection that comes back when it is closed, as SQLAlchemy does."""
        connection = self.getconn()
        connection.give_back = self.putconn
        return connection

    def getconn_beside(self) -> PooledConnection:
        """Return a connection to a thread that has one already: one beside the pool where all of the pool's are out.

        Else threads that each hold one and ask for another would wait for each other.
        """
        try:
            return self.getconn(timeout=_LOOK_SECONDS)
        except StoreUnavailableError:
            pass
        try:
            connection = PooledConnection.connect(dialer=self._dialer)
        except psycopg.Error as error:
            raise _unreachable(error) from error
        connection.beside = True
        return connection

    def close(self, timeout: float = _CLOSE_SECONDS) -> None:
        """Close every connection that is not in use, and those in use when they come back."""
        super().close(timeout)

    def _next(self, began: float, deadline: float) -> PooledConnection:
        while True:
            left = deadline - time.monotonic()
            try:
                return super().getconn(timeout=min(left, _LOOK_SECONDS))
            except PoolTimeout as error:
                failure = self._dialer.failed_since(began)
                if failure is not None:
                    raise _unreachable(failure) from failure
                if left <= _LOOK_SECONDS:
                    raise StoreUnavailableError(
                        f"PostgreSQL: all {self.max_size} connections stayed in use for {_WAIT_SECONDS:g} s;"
                        " close what you take, or raise VARIATE_DATABASE_POOL_SIZE"
                    ) from error


def _unreachable(error: Exception) -> VariateError:
    """Return what to raise where connecting failed for this reason."""
    if isinstance(error, VariateError):
        return copy.copy(error)  # one exception raised in many threads would gather all their tracebacks
    return StoreUnavailableError(f"PostgreSQL cannot be reached: {str(error).strip()}")


def _has_input(descriptor: int) -> bool:
    if hasattr(select, "poll"):
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return bool(poll.poll(0))
    return bool(select.select([descriptor], [], [], 0)[0])  # where there is no poll: Windows
