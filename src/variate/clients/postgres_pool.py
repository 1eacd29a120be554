"""One process's PostgreSQL connections: psycopg's pool, made to fail soon and to survive what breaks connections."""

from __future__ import annotations

import copy
import logging
import time

from variate.clients.postgres_address import Address
from variate.clients.postgres_connection import Dialer, PooledConnection
from variate.errors import MissingExtraError, StoreUnavailableError, VariateError
from variate.patience import seconds_left

try:
    import psycopg
    from psycopg.rows import tuple_row
    from psycopg_pool import ConnectionPool, PoolTimeout
except ModuleNotFoundError as error:
    raise MissingExtraError("psycopg", "postgres") from error

# What the pool would say on standard error where nobody has set up logging, the errors raised here say already.
logging.getLogger("psycopg.pool").addHandler(logging.NullHandler())

_WAIT_SECONDS = 10.0
"""How long a caller waits for a connection while all are in use."""
_LOOK_SECONDS = 0.1
"""How often a waiting caller looks whether connecting has failed meanwhile."""
_CLOSE_SECONDS = 2.0
"""How long closing waits for the pool's threads, which may be in the midst of connecting."""


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
        """Return a usable connection; raise ``StoreUnavailableError`` once it is known that there will be none.

        Whoever has less time than ``timeout`` (see ``variate.patience``) waits no longer than that.
        """
        began = time.monotonic()
        deadline = began + min(self.timeout if timeout is None else timeout, seconds_left())
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
                return super().getconn(timeout=max(0.0, min(left, _LOOK_SECONDS)))
            except PoolTimeout as error:
                failure = self._dialer.failed_since(began)
                if failure is not None:
                    raise _unreachable(failure) from failure
                if left <= _LOOK_SECONDS:
                    raise StoreUnavailableError(
                        f"PostgreSQL: all {self.max_size} connections stayed in use for {deadline - began:.3g} s;"
                        " close what you take, or raise VARIATE_DATABASE_POOL_SIZE"
                    ) from error


def _unreachable(error: Exception) -> VariateError:
    """Return what to raise where connecting failed for this reason."""
    if isinstance(error, VariateError):
        return copy.copy(error)  # one exception raised in many threads would gather all their tracebacks
    return StoreUnavailableError(f"PostgreSQL cannot be reached: {str(error).strip()}")
