"""A connection that one thread keeps until it gives it back or ends."""

from __future__ import annotations

import threading

import psycopg
from psycopg.rows import dict_row

from variate.clients.postgres_connection import PooledConnection
from variate.clients.postgres_pool import Pool


class Lease:
    """A connection of the pool, with dicts for rows. It goes back at ``end()`` or when nobody refers to the lease."""

    def __init__(self, pool: Pool, connection: PooledConnection) -> None:
        self._pool = pool
        self._ended = False
        self._thread = threading.get_ident()
        self.connection = connection
        connection.row_factory = dict_row

    def end(self) -> None:
        """Give the connection back as good as new: nothing uncommitted, no session settings, no temporary tables."""
        if self._ended:
            return
        self._ended = True
        try:
            if not self.connection.closed:
                self.connection.rollback()
                self.connection.autocommit = True
                self.connection.execute("DISCARD ALL")
                self.connection.autocommit = False
        except psycopg.Error:
            self.connection.close()
        self._pool.putconn(self.connection)

    def __del__(self) -> None:
        self.end()
