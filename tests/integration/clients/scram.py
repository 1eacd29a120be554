"""Roles of the session's PostgreSQL that have to show a password; all others are trusted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql

from tests.engines.postgres import PostgresServer

_GROUP = "asked_for_a_password"
_RULE = f"host all +{_GROUP} 127.0.0.1/32 scram-sha-256\n"


@dataclass(frozen=True, slots=True)
class Role:
    """A role with a password, allowed into one database."""

    server: PostgresServer
    name: str
    database: str

    def secret(self, password: str) -> dict[str, object]:
        """What the secret of this role says, in the guide's words."""
        return {
            "host": "127.0.0.1",
            "port": self.server.port,
            "dbname": self.database,
            "username": self.name,
            "password": password,
        }

    def set_password(self, password: str) -> None:
        """Let the role be known by this password and no other."""
        self._execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(self.name), sql.Literal(password)))

    def end_connections(self) -> int:
        """Terminate every connection of the role and return how many there were."""
        with psycopg.connect(self.server.url("postgres"), autocommit=True) as connection:
            ended = connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = %s", (self.name,)
            )
            return len(ended.fetchall())

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.server.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)


@contextmanager
def role_with_password(server: PostgresServer, *, database: str, password: str) -> Iterator[Role]:
    """Lend a new role that the server asks for its password."""
    role = Role(server, f"r{uuid4().hex}", database)
    name = sql.Identifier(role.name)
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        with server.session.lock("pg_hba"):
            _ask_the_group(connection)
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} IN ROLE {}").format(
                name, sql.Literal(password), sql.Identifier(_GROUP)
            )
        )
        yield role
        role.end_connections()
        connection.execute(sql.SQL("DROP ROLE {}").format(name))


def _ask_the_group(connection: psycopg.Connection) -> None:
    found = connection.execute("SELECT setting FROM pg_settings WHERE name = 'hba_file'").fetchone()
    assert found is not None
    rules = Path(found[0])
    if not rules.read_text().startswith(_RULE):
        connection.execute(f"CREATE ROLE {_GROUP}".encode())
        rules.write_text(_RULE + rules.read_text())
        connection.execute("SELECT pg_reload_conf()")
