"""Bringing a database's tables to this version, with the migrations shipped beside this file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from variate.errors import NotMigratedError
from variate.stores.sql.guards import make_guards
from variate.stores.sql.schema import HEAD, VERSION_TABLE

if TYPE_CHECKING:
    from alembic.config import Config

SCRIPTS = Path(__file__).parent / "migrations"


def version(connection: Connection) -> str | None:
    """Return the migration the database is at, or None where there has been none."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found: str | None = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608 - our own name
    return found


def require_head(connection: Connection) -> None:
    """Raise ``NotMigratedError`` unless the database is at this version."""
    found = version(connection)
    if found is not None and found > HEAD:
        raise NotMigratedError(
            f"the tables are of version {found}, later than the {HEAD} of this variate: upgrade variate"
        )
    if found != HEAD:
        state = "there are no tables" if found is None else f"the tables are of version {found}, not {HEAD}"
        raise NotMigratedError(f"{state}: run variate migrate, with this version of variate")


def upgrade(connection: Connection) -> list[str]:
    """Apply, within the connection's transaction, the migrations and guards that are missing; return them in words."""
    if version(connection) == HEAD:
        return [f"made again, for it was missing: {name}" for name in make_guards(connection)]
    from alembic import command
    from alembic.util import CommandError

    done: list[str] = []
    try:
        command.upgrade(alembic_config(connection, done=done), "head")
    except CommandError as error:
        raise NotMigratedError(
            f"the tables are of a version that this variate does not know: upgrade it ({error})"
        ) from error
    make_guards(connection)
    return done


def alembic_config(connection: Connection, *, done: list[str]) -> Config:
    """Return Alembic's configuration: our scripts, on this connection, noting in ``done`` what is applied."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    config.attributes["done"] = done
    return config
