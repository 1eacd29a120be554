"""The tables come into being once, whoever asks, and are those that the code expects."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text

from tests.engines.databases import open_postgres
from variate.definition.verifying import verify
from variate.errors import NotMigratedError
from variate.model.design import Design
from variate.stores.sql import (
    Database,
    SqlAssignmentStore,
    SqlAuditLog,
    SqlEventStore,
    SqlExperimentStore,
    SqlFlagStore,
    SQLiteDatabase,
    SqlOutbox,
)
from variate.stores.sql.columns import to_micros
from variate.stores.sql.migrating import SCRIPTS, alembic_config
from variate.stores.sql.schema import HEAD, VERSION_TABLE, metadata
from variate.testing.builders import build_assignment, build_audit_entry, build_event, build_variation
from variate.testing.clocks import START
from variate.testing.conformance.samples import DESIGN

pytestmark = pytest.mark.usefixtures("by_migrations")

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

_ROWS_OF_0001 = (
    """INSERT INTO experiments (id, name, status, created_at, updated_at, owner)
    VALUES ('e', 'Checkout', 'active', :at, :at, 'ada')""",
    """INSERT INTO variations (id, experiment_id, name, value, weight, position, created_at, updated_at)
    VALUES ('v', 'e', 'control', '["green"]', 2, 0, :at, :at)""",
    """INSERT INTO feature_flags (id, name, rules, status, revision, created_at, updated_at)
    VALUES ('f', 'checkout', '[1, 2.0]', 'active', 3, :at, :at)""",
    """INSERT INTO assignments (user_id, experiment_id, version, variation, assigned_at)
    VALUES ('u', 'e', 1, 'control', :at)""",
    """INSERT INTO events (id, user_id, event_type, data, at, experiment_id)
    VALUES ('o', 'u', 'order', '[2.0]', :at, 'e')""",
)

# Data of events of the second version, and what the fourth keeps beside them: value and variation.
_DATA = (
    ("order", '{"value":2.5}', 2.5, None),
    ("order", '{"value":true,"variation":"control"}', 1.0, None),
    ("order", f'{{"value":{10**400}}}', math.inf, None),
    ("order", f'{{"value":-{10**400}}}', -math.inf, None),
    ("order", '{"value":"7"}', None, None),
    ("order", '"value"', None, None),
    ("exposure", '{"variation":"control","value":-3}', -3.0, "control"),
    ("exposure", '{"variation":7}', None, None),
    ("exposure", f'{{"variation":"{"é" * 100}"}}', None, "é" * 100),
    ("exposure", f'{{"variation":"{"é" * 101}"}}', None, None),
    ("exposure", "[1]", None, None),
)


def test_the_first_migration_says_what_it_did_and_the_second_does_nothing(unmade_database: Database) -> None:
    assert list(unmade_database.migrate()) == [
        "0001: Make the tables.",
        "0002: Hold what decisions are made of: designs, targeting, definitions by name, snapshots.",
        "0003: Number what senders send, so that what never came is known.",
        "0004: Keep what analyses read in columns and indexes, and what they made of it.",
        "0005: Keep looks and reports.",
        "0006: Keep keys, people and replies.",
        "0007: Chain the audit log: each entry is bound by its hash to the one before.",
        "0008: Tell beside a report how its data's health is, how many units it has and how fast they come.",
    ]
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
            query = (
                "SELECT name, sql FROM sqlite_master WHERE type <> 'trigger'"
                " AND name NOT LIKE 'sqlite_%' AND name <> 'variate_version'"
            )
            return sorted((name, *_parts(sql)) for name, sql in connection.execute(text(query)))
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


@pytest.mark.slow
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
    assert sorted(answers) == [0, 0, 0, len(list(ScriptDirectory(str(SCRIPTS)).walk_revisions()))]
    unmade_database.require_migrated()


def test_rows_of_the_first_version_are_whole_rows_of_this_one(
    unmade_database: Database, request: pytest.FixtureRequest
) -> None:
    address = _address_of(unmade_database, request)
    moment = START if address.startswith("postgresql") else to_micros(START)
    engine = create_engine(
        address.replace("postgresql://", "postgresql+psycopg://") if "://" in address else f"sqlite:///{address}"
    )
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection, done=[]), "0001")
        for statement in _ROWS_OF_0001:
            connection.execute(text(statement), {"at": moment})
    engine.dispose()

    done = unmade_database.migrate()
    assert [step.partition(":")[0] for step in done] == ["0002", "0003", "0004", "0005", "0006", "0007", "0008"]
    experiment, flag = SqlExperimentStore(unmade_database).get("e"), SqlFlagStore(unmade_database).get("f")
    assert experiment is not None
    assert (experiment.name, experiment.owner, experiment.design) == ("Checkout", "ada", Design())
    assert [(each.name, each.weight, each.value.value) for each in experiment.variations] == [("control", 2, ["green"])]
    assert flag is not None
    assert (flag.rules.text, flag.targeting, flag.revision) == ("[1, 2.0]", None, 3)
    kept = SqlAssignmentStore(unmade_database).get(unit="u", experiment_id="e", at=START)
    assert kept is not None
    events = SqlEventStore(unmade_database)
    numbered = build_event("p", unit="u", sender="web-1", number=7, at=START + timedelta(seconds=1))
    events.append([numbered], at=START)
    ordered = build_event("o", unit="u", event_type="order", data=[2.0], experiment_id="e")
    assert list(events.of_unit("u", at=START, limit=10)) == [numbered, ordered]
    designed = replace(
        experiment, design=DESIGN, revision=2, variations=(*experiment.variations, build_variation("treatment"))
    )
    SqlExperimentStore(unmade_database).replace(designed, expected_revision=1, audit=[], outbox=[])
    assert SqlExperimentStore(unmade_database).get("e") == designed


def test_what_analyses_read_of_events_is_filled_in_as_the_store_would_have(
    unmade_database: Database, request: pytest.FixtureRequest
) -> None:
    address = _address_of(unmade_database, request)
    moment = START if address.startswith("postgresql") else to_micros(START)
    engine = create_engine(
        address.replace("postgresql://", "postgresql+psycopg://") if "://" in address else f"sqlite:///{address}"
    )
    statement = "INSERT INTO events (id, user_id, event_type, data, at) VALUES (:id, 'u', :type, :data, :at)"
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection, done=[]), "0003")
        for number, (event_type, data, _, _) in enumerate(_DATA):
            values = {"id": f"old-{number:02}", "type": event_type, "data": data, "at": moment}
            connection.execute(text(statement), values)
    engine.dispose()
    unmade_database.migrate()
    stored = [
        build_event(f"that-{number:02}", event_type=event_type, data=json.loads(data))
        for number, (event_type, data, _, _) in enumerate(_DATA)
    ]
    SqlEventStore(unmade_database).append(stored, at=START)
    read = text("SELECT value, variation FROM events ORDER BY id")
    rows = unmade_database.read(lambda connection: [tuple(row) for row in connection.execute(read)])
    assert rows == 2 * [(value, variation) for _, _, value, variation in _DATA]


def test_entries_that_stand_are_chained_in_the_order_they_came_in(
    unmade_database: Database, request: pytest.FixtureRequest
) -> None:
    address = _address_of(unmade_database, request)
    is_postgres = address.startswith("postgresql")
    engine = create_engine(
        address.replace("postgresql://", "postgresql+psycopg://") if is_postgres else f"sqlite:///{address}"
    )
    statement = text(
        "INSERT INTO audit_logs (id, entity_type, entity_id, action, actor, data, created_at) "
        "VALUES (:id, 'experiment', 'é', 'updated', 'ada', :data, :at)"
    )
    # More than one batch, the later the older, and one that no entry can be.
    moments = [START - timedelta(microseconds=number) for number in range(5_001)]
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection, done=[]), "0006")
        values = [
            {"id": f"{number}", "data": '{"n": 2.0}', "at": moment if is_postgres else to_micros(moment)}
            for number, moment in enumerate(moments)
        ]
        connection.execute(statement, values)
        connection.execute(statement, {**values[0], "id": "", "data": "null"})
    engine.dispose()
    unmade_database.migrate()
    log = SqlAuditLog(unmade_database)
    log.append([build_audit_entry("new")])
    found = verify(log)
    assert (found.entries, found.is_whole, found.unchained.count) == (5_003, True, 0)
    assert [each.entry.id for each in log.chain(after=4_999, limit=10)] == ["4999", "5000", "", "new"]


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
    with pytest.raises(NotMigratedError, match=r"version 9999, later than the .*: upgrade variate"):
        database.require_migrated()
    with pytest.raises(NotMigratedError, match="9999"):
        database.migrate()
    with pytest.raises(NotMigratedError, match="9999"):
        SqlOutbox(database).pending(limit=1)


def _parts(sql: str) -> list[str]:
    """Return the parts of a statement in order of text: SQLite writes a column that was added after the constraints."""
    opening, _, inside = "".join(sql.split()).partition("(")
    parts, depth = [""], 0
    for character in inside:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    end = parts.pop()
    return [opening, *sorted([*parts, end.removesuffix(")")])]


def _address_of(database: Database, request: pytest.FixtureRequest) -> str:
    if isinstance(database, SQLiteDatabase):
        return str(request.getfixturevalue("tmp_path") / "variate.db")
    return str(request.getfixturevalue("postgres_url"))
