"""The tables come into being once, whoever asks, and are those that the code expects."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text

from tests.engines.databases import open_postgres
from variate.errors import NotMigratedError
from variate.stores.sql import Database, SqlAssignmentStore, SQLiteDatabase, SqlOutbox
from variate.stores.sql.migrating import SCRIPTS
from variate.stores.sql.schema import HEAD, VERSION_TABLE, metadata
from variate.testing.builders import build_assignment

_MIGRATE = """
import sys
from pathlib import Path
from tests.engines.databases import open_postgres
from variate.stores.sql import SQLiteDatabase

address = sys.argv[1]
database = open_postgres(address) if address.startswith("postgresql://") else SQLiteDatabase(Path(address))
sys.stdin.readline()
print(len(database.migrate()))
"""


def test_the_first_migration_says_what_it_did_and_the_second_does_nothing(unmade_database: Database) -> None:
    assert list(unmade_database.migrate()) == ["0001: Make the tables."]
    assert list(unmade_database.migrate()) == []
    unmade_database.require_migrated()


def test_the_migrated_tables_are_those_of_the_schema(database: Database) -> None:
    def differences(connection: Connection) -> object:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        return compare_metadata(context, metadata)

    assert database.read(differences) == []


def test_what_alembic_does_not_compare_is_that_of_the_schema_too(database: Database) -> None:
    def definitions(connection: Connection) -> list[tuple[str, ...]]:
        if connection.dialect.name == "sqlite":
            query = "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' AND name <> 'variate_version'"
            return sorted((name, "".join(sql.split())) for name, sql in connection.execute(text(query)))
        # On SQLite the whole statements are compared; here what they made: constraints, indexes, defaults, identities.
        query = (
            "SELECT c.conname, pg_get_constraintdef(c.oid) FROM pg_constraint c"
            " JOIN pg_namespace n ON n.oid = c.connamespace WHERE n.nspname = current_schema() "
            "AND c.conrelid <> 'variate_version'::regclass"
            " UNION ALL SELECT indexname, replace(indexdef, current_schema() || '.', '') FROM pg_indexes"
            " WHERE schemaname = current_schema() AND tablename <> 'variate_version'"
            " UNION ALL SELECT table_name || '.' || column_name,"
            " concat_ws(' ', data_type, collation_name, column_default, is_nullable, identity_generation)"
            " FROM information_schema.columns"
            " WHERE table_schema = current_schema() AND table_name <> 'variate_version'"
        )
        return sorted((name, definition) for name, definition in connection.execute(text(query)))

    def made_from_metadata(connection: Connection) -> list[tuple[str, ...]]:
        if connection.dialect.name == "sqlite":
            other = create_engine("sqlite://")
            with other.connect() as memory:
                metadata.create_all(memory)
                found = definitions(memory)
            other.dispose()
            return found
        connection.execute(text("CREATE SCHEMA other"))
        connection.execute(text("SET LOCAL search_path = other"))
        connection.execute(text(f"CREATE TABLE {VERSION_TABLE} (version_num text)"))
        metadata.create_all(connection)
        return definitions(connection)

    migrated = database.read(definitions)
    assert len(migrated) > 20
    assert migrated == database.write(made_from_metadata)


def test_the_version_asked_for_is_that_of_the_newest_migration_shipped() -> None:
    assert ScriptDirectory(str(SCRIPTS)).get_current_head() == HEAD


def test_of_four_processes_that_migrate_at_once_one_does_it(
    unmade_database: Database, request: pytest.FixtureRequest
) -> None:
    address = _address_of(unmade_database, request)
    children = [
        subprocess.Popen([sys.executable, "-c", _MIGRATE, address], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    for child in children:
        assert child.stdin is not None
        child.stdin.write(b"go\n")
        child.stdin.flush()
    answers = [int(child.communicate(timeout=60)[0]) for child in children]
    assert sorted(answers) == [0, 0, 0, 1]
    unmade_database.require_migrated()


def test_postgres_waits_for_variate_migrate(postgres_url: str) -> None:
    database = open_postgres(postgres_url)
    with pytest.raises(NotMigratedError, match="variate migrate"):
        database.require_migrated()
    with pytest.raises(NotMigratedError, match="variate migrate"):
        SqlOutbox(database).pending(limit=1)
    database.migrate()
    assert list(SqlOutbox(database).pending(limit=1)) == []
    database.close()


def test_sqlite_migrates_itself_at_the_first_use(tmp_path: Path) -> None:
    database = SQLiteDatabase(tmp_path / "new" / "folder" / "variate.db")
    assert not (tmp_path / "new").exists()
    with pytest.raises(NotMigratedError):
        database.require_migrated()
    assert not (tmp_path / "new").exists()
    SqlAssignmentStore(database).keep([build_assignment()])
    database.require_migrated()
    database.close()


def test_tables_that_vanished_are_named_as_that(database: Database) -> None:
    outbox = SqlOutbox(database)
    outbox.pending(limit=1)
    database.write(lambda connection: connection.execute(text("DROP TABLE outbox")))
    with pytest.raises(NotMigratedError, match="outbox"):
        outbox.pending(limit=1)


def test_tables_of_a_newer_version_are_left_alone(database: Database) -> None:
    database.write(lambda connection: connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")))
    database.close()
    with pytest.raises(NotMigratedError, match="9999"):
        database.require_migrated()
    with pytest.raises(NotMigratedError, match="9999"):
        database.migrate()
    with pytest.raises(NotMigratedError, match="9999"):
        SqlOutbox(database).pending(limit=1)


def _address_of(database: Database, request: pytest.FixtureRequest) -> str:
    if isinstance(database, SQLiteDatabase):
        return str(request.getfixturevalue("tmp_path") / "variate.db")
    return str(request.getfixturevalue("postgres_url"))
