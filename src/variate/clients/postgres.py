"""The guide's PostgreSQL client: pooled connections, found by URL or through SSM and Secrets Manager."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

from variate.clients.configured import ConfiguredClient
from variate.settings import Settings

if TYPE_CHECKING:
    from psycopg import Connection, Cursor
    from psycopg.rows import DictRow
    from sqlalchemy import Engine

    from variate.clients.postgres_address import Address
    from variate.clients.postgres_connection import PooledConnection
    from variate.clients.postgres_lease import Lease
    from variate.clients.postgres_pool import Pool

C = TypeVar("C")

ARN_PATH = "database/aurora-secret-arn"
"""Where the name of the secret stands."""


class PostgresClient(ConfiguredClient):
    """PostgreSQL, connected to at the first use. Safe to use from many threads, and after a fork.

    The server is that of ``settings.database_url``; without one, that of the secret whose ARN is the SSM parameter
    ``/experimentation/{environment}/database/aurora-secret-arn``. A secret that was rotated is read again when the
    server refuses its password. Connections that rested are checked before they are used, so a restarted server, a
    failover or a frozen and thawed process costs a reconnection and no error.

    What cannot be reached raises ``StoreUnavailableError``, what is not configured ``ConfigurationError``; psycopg's
    errors about your statements pass unchanged.
    """

    def __init__(self, environment: str | None = None, *, settings: Settings | None = None) -> None:
        super().__init__(environment, settings=settings)
        self._pool: Pool | None = None
        self._close_pool: weakref.finalize[[Pool, int], PostgresClient] | None = None
        self._process = 0
        self._engine: Engine | None = None
        self._of_thread = _OfThread()

    def get_connection(self) -> Connection[DictRow]:
        """Return the calling thread's connection, with dicts for rows; a new one where it was closed or has broken.

        It is the thread's until ``release()``, ``close()`` or the thread's end. You commit and roll back yourself.
        """
        lease = self._of_thread.lease
        if lease is None or not lease.usable():
            self.release()
            lease = self._of_thread.lease = self._lease()
        return lease.connection

    @contextmanager
    def get_cursor(self) -> Iterator[Cursor[DictRow]]:
        """Lend a cursor, with dicts for rows, in a transaction of its own: committed at the end, else rolled back.

        One within another, or beside ``get_connection()``, is a transaction of its own as well.
        """
        from psycopg.rows import dict_row

        pool, connection = self._borrow()
        self._of_thread.cursors += 1
        try:
            with connection.cursor(row_factory=dict_row) as cursor:
                yield cursor
                connection.commit()
        except BaseException:
            # Where this fails, too, the connection is broken and the pool throws it away.
            with suppress(Exception):
                connection.rollback()
            raise
        finally:
            self._of_thread.cursors -= 1
            pool.putconn(connection)

    def engine(self) -> Engine:
        """Return SQLAlchemy's engine over the same connections. It stays good over ``close()``."""
        if self._engine is None:
            with self._lock:
                if self._engine is None:
                    self._engine = _new_engine(self._lend)
        return self._engine

    def release(self) -> None:
        """Give the calling thread's connection back to the pool, rolling back what it has not committed."""
        lease, self._of_thread.lease = self._of_thread.lease, None
        if lease is not None:
            lease.end()

    def close(self) -> None:
        """Close the calling thread's connection and every other one not in use; the next use opens new ones.

        What other threads have in use is closed when they give it back.
        """
        self.release()
        with self._lock:
            close_pool, self._close_pool, self._pool = self._close_pool, None, None
        if close_pool is not None:
            close_pool()

    def _lease(self) -> Lease:
        pool, connection = self._take(lambda pool: pool.getconn())
        from variate.clients.postgres_lease import Lease

        return Lease(pool, connection)

    def _borrow(self) -> tuple[Pool, PooledConnection]:
        if self._of_thread.holds_one:
            return self._take(lambda pool: pool.getconn_beside())
        return self._take(lambda pool: pool.getconn())

    def _lend(self) -> PooledConnection:
        return self._take(lambda pool: pool.lend())[1]

    def _take(self, take: Callable[[Pool], PooledConnection]) -> tuple[Pool, PooledConnection]:
        while True:
            pool = self._open()
            try:
                return pool, take(pool)
            except _pool_closed():
                continue  # by another thread; the next one is new

    def _open(self) -> Pool:
        pool = self._pool
        if pool is not None and self._process == os.getpid():
            return pool
        with self._lock:
            # In a forked child the connections are the parent's, and the pool's threads are not there.
            if self._pool is None or self._process != os.getpid():
                self._pool = self._new_pool()
                self._process = os.getpid()
            return self._pool

    def _new_pool(self) -> Pool:
        from variate.clients.postgres_pool import Pool

        address = self._address()
        address.current()  # so that what is not configured is said here, and not by a worker of the pool
        pool = Pool(address, size=self.settings.database_pool_size)
        pool.open()
        # Its threads would outlive the client, and complain at the interpreter's end.
        self._close_pool = weakref.finalize(self, _close, pool, os.getpid())
        return pool

    def _address(self) -> Address:
        from variate.clients.postgres_address import FixedAddress, SecretAddress
        from variate.clients.postgres_connection import parameters_of

        if self.settings.database_url is not None:
            return FixedAddress(parameters_of(self.settings.database_url))
        tls = {"sslmode": self.settings.database_sslmode}
        if self.settings.database_sslrootcert is not None:
            tls["sslrootcert"] = self.settings.database_sslrootcert
        found = self._discover()
        return SecretAddress(
            self._parameter_name(ARN_PATH), parameters=found.parameters, secrets=found.secrets, tls=tls
        )


class _OfThread(threading.local):
    """What the calling thread has."""

    lease: Lease | None = None
    cursors: int = 0

    @property
    def holds_one(self) -> bool:
        return self.cursors > 0 or self.lease is not None


def _new_engine(lend: Callable[[], PooledConnection]) -> Engine:
    from sqlalchemy import create_engine
    from sqlalchemy.pool import NullPool

    # The pool is psycopg's. Without native hstore, SQLAlchemy does not look for that extension at its first connection.
    return create_engine("postgresql+psycopg://", creator=lend, poolclass=NullPool, use_native_hstore=False)


def _pool_closed() -> type[Exception]:
    from psycopg_pool import PoolClosed

    return PoolClosed


def _close(pool: Pool, process: int) -> None:
    # In a forked child, closing would tell the server to end the parent's connections.
    if process == os.getpid():
        pool.close()


pg_client = PostgresClient()
"""The client of the environment's settings."""
