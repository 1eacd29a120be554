"""The guide's own SQL, sent by hand, makes whole rows that the stores read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.engines.databases import open_postgres
from variate.model import ExperimentStatus
from variate.stores.sql import PostgresDatabase, SqlAuditLog, SqlExperimentStore
from variate.testing.builders import build_experiment

NOW = "2026-03-01T12:00:00.123456"


@pytest.fixture
def database(postgres_url: str) -> Iterator[PostgresDatabase]:
    database = open_postgres(postgres_url)
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def cursor(database: PostgresDatabase, postgres_url: str) -> Iterator[psycopg.Cursor[dict[str, Any]]]:
    with psycopg.connect(postgres_url, row_factory=dict_row, autocommit=True) as connection:
        connection.execute("SET timezone = 'UTC'")
        yield connection.cursor()


def test_an_experiment_inserted_by_hand_is_a_whole_one(
    database: PostgresDatabase, cursor: psycopg.Cursor[dict[str, Any]]
) -> None:
    experiment_id = str(uuid4())
    cursor.execute(
        "INSERT INTO experiments (id, name, description, status, created_at, updated_at, owner)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING *",
        (experiment_id, "Checkout", None, "draft", NOW, NOW, None),
    )
    assert cursor.fetchone() == {
        "id": experiment_id,
        "name": "Checkout",
        "description": None,
        "status": "draft",
        "created_at": datetime.fromisoformat(NOW).replace(tzinfo=UTC),
        "updated_at": datetime.fromisoformat(NOW).replace(tzinfo=UTC),
        "owner": None,
        "version": 1,
        "revision": 1,
        "definition": {},
    }
    value = {"colour": "grün", "size": 2.0}
    for name in ("treatment", "control", "another"):
        cursor.execute(
            "INSERT INTO variations (id, experiment_id, name, description, value, weight, created_at, updated_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) RETURNING *",
            (str(uuid4()), experiment_id, name, "", json.dumps(value), 1, NOW, NOW),
        )
        row = cursor.fetchone()
        assert row is not None
        assert row["value"] == value
    found = SqlExperimentStore(database).get(experiment_id)
    assert found is not None
    assert found.status is ExperimentStatus.DRAFT
    assert [each.name for each in found.variations] == ["treatment", "control", "another"]
    assert [repr(each.value.value["size"]) for each in found.variations] == ["2.0"] * 3


def test_what_the_store_wrote_is_read_by_hand(
    database: PostgresDatabase, cursor: psycopg.Cursor[dict[str, Any]]
) -> None:
    experiment = build_experiment(status=ExperimentStatus.ACTIVE)
    SqlExperimentStore(database).insert(experiment, audit=[], outbox=[])
    cursor.execute("SELECT * FROM experiments WHERE status = 'active'")
    assert [row["id"] for row in cursor.fetchall()] == [experiment.id]
    cursor.execute("SELECT * FROM variations WHERE experiment_id = %s", (experiment.id,))
    assert [row["name"] for row in cursor.fetchall()] == [each.name for each in experiment.variations]


def test_an_audit_entry_inserted_by_hand_has_an_id_and_an_actor(
    database: PostgresDatabase, cursor: psycopg.Cursor[dict[str, Any]]
) -> None:
    cursor.execute(
        "INSERT INTO audit_logs (entity_type, entity_id, action, data, created_at) VALUES (%s, %s, %s, %s, %s)",
        ("experiment", "e", "ownership_change", json.dumps({"previous_owner": None, "new_owner": "ada"}), NOW),
    )
    [entry] = SqlAuditLog(database).list(entity_id="e", limit=10)
    assert (entry.actor, entry.data) == ("unknown", {"previous_owner": None, "new_owner": "ada"})
    assert len(entry.id) == 36


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE experiments SET status = 'running'", "ck_experiments_status"),
        ("UPDATE variations SET weight = -1", "ck_variations_weight"),
        ("UPDATE variations SET weight = 'NaN'", "ck_variations_weight"),
        ("UPDATE variations SET weight = 'Infinity'", "ck_variations_weight"),
        ("UPDATE variations SET name = 'same'", "uq_variations_experiment_id_name"),
        ("UPDATE variations SET experiment_id = 'nobody'", "fk_variations_experiment_id_experiments"),
        ("UPDATE experiments SET revision = 0", "ck_experiments_revision"),
    ],
)
def test_what_no_experiment_can_be_is_refused_by_hand_too(
    database: PostgresDatabase, cursor: psycopg.Cursor[dict[str, Any]], statement: str, constraint: str
) -> None:
    SqlExperimentStore(database).insert(build_experiment(), audit=[], outbox=[])
    with pytest.raises(psycopg.IntegrityError, match=constraint):
        cursor.execute(statement.encode())


def test_deleting_an_experiment_by_hand_takes_its_variations_along(
    database: PostgresDatabase, cursor: psycopg.Cursor[dict[str, Any]]
) -> None:
    SqlExperimentStore(database).insert(build_experiment(), audit=[], outbox=[])
    cursor.execute("DELETE FROM experiments")
    cursor.execute("SELECT count(*) AS left FROM variations")
    assert cursor.fetchone() == {"left": 0}
