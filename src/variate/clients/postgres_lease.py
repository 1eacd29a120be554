"""A connection that one thread keeps until it gives it back or ends."""

from __future__ import annotations

import os

import psycopg
from psycopg.rows import dict_row

from variate.clients.postgres_connection import PooledConnection
from variate.clients.postgres_pool import Pool


class Lease:
    """A connection of the pool, with dicts for rows. It goes back at ``end()`` or when nobody refers to the lease."""

    def __init__(self, pool: Pool, connection: PooledConnection) -> None:
        self._pool = pool
        self._process = os.getpid()
        self._ended = False
        self.connection = connection
        connection.row_factory = dict_row

    def usable(self) -> bool:
        """Whether the connection is this process's, which a forked child's is not, and works."""
        return self._process == os.getpid() and self.connection.usable()

    def end(self) -> None:
        """Give the connection back as good as new: nothing uncommitted, no session settings, no temporary tables."""
        if self._ended or self._process != os.getpid():
            return
        self._ended = True
        try:
            if not self.connection.closed:
                _renew(self.connection)
        except psycopg.Error:
            self.connection.close()
        self._pool.putconn(self.connection)

    def __del__(self) -> None:
        self.end()


def _renew(connection: PooledConnection) -> None:
    connection.rollback()
    connection.isolation_level = connection.read_only = connection.deferrable = None
    connection.autocommit = True
    connection.execute("DISCARD ALL")
    connection.autocommit = False
