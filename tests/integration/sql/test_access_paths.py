"""Every question a port asks has an index that answers it, however many rows there are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeAlias

import pytest
from sqlalchemy import Connection, Engine, event, text

from variate.model import MAX_PAGE, ExperimentStatus, FlagStatus, OverrideTarget
from variate.stores.sql import (
    LAYERS,
    Database,
    SqlAssignmentStore,
    SqlAuditLog,
    SqlDefinitionStore,
    SqlEventStore,
    SqlExperimentStore,
    SqlFlagStore,
    SQLiteDatabase,
    SqlLookStore,
    SqlOutbox,
    SqlOverrideStore,
    SqlReportStore,
    SqlServingStore,
    SqlSnapshotStore,
)
from variate.testing.builders import build_assignment, build_audit_entry, build_event, build_experiment
from variate.testing.clocks import START

Ask: TypeAlias = Callable[[Database, str | None], Any]
Statement: TypeAlias = tuple[str, Any]

_END = START + timedelta(days=1)

QUESTIONS: dict[str, Ask] = {
    "an experiment": lambda db, key: SqlExperimentStore(db).get("x"),
    "experiments": lambda db, key: SqlExperimentStore(db).list(limit=10, last_key=key),
    "experiments by status": lambda db, key: SqlExperimentStore(db).list(
        status=ExperimentStatus.ACTIVE, limit=10, last_key=key
    ),
    "experiments by owner": lambda db, key: SqlExperimentStore(db).list(owner="x", limit=10, last_key=key),
    "a layer": lambda db, key: SqlDefinitionStore(db, LAYERS).get("x"),
    "layers": lambda db, key: SqlDefinitionStore(db, LAYERS).list(limit=10, last_key=key),
    "the log": lambda db, key: SqlAuditLog(db).list(limit=10, last_key=key),
    "the log of an entity": lambda db, key: SqlAuditLog(db).list(
        entity_type="experiment", entity_id="x", limit=10, last_key=key
    ),
    "the log of a type": lambda db, key: SqlAuditLog(db).list(entity_type="experiment", limit=10, last_key=key),
    "the log of an actor": lambda db, key: SqlAuditLog(db).list(actor="x", limit=10, last_key=key),
    "the log of an action": lambda db, key: SqlAuditLog(db).list(action="x", limit=10, last_key=key),
    "the log of a time": lambda db, key: SqlAuditLog(db).list(since=START, until=_END, limit=10, last_key=key),
    "the log of an actor in a time": lambda db, key: SqlAuditLog(db).list(
        actor="x", since=START, until=_END, limit=10, last_key=key
    ),
    "the chain": lambda db, key: SqlAuditLog(db).chain(after=None, limit=10),
    "the chain from a place on": lambda db, key: SqlAuditLog(db).chain(after=5, limit=10),
    "what is outside the chain": lambda db, key: SqlAuditLog(db).unchained(limit=10),
    "appending to the chain": lambda db, key: SqlAuditLog(db).append([build_audit_entry()]),
    "the outbox": lambda db, key: SqlOutbox(db).pending(limit=10),
    "settling": lambda db, key: SqlOutbox(db).settle(["x", "y"]),
    "a flag": lambda db, key: SqlFlagStore(db).get("x"),
    "flags": lambda db, key: SqlFlagStore(db).list(limit=10, last_key=key),
    "flags by status": lambda db, key: SqlFlagStore(db).list(status=FlagStatus.ACTIVE, limit=10, last_key=key),
    "an assignment": lambda db, key: SqlAssignmentStore(db).get(unit="x", experiment_id="x", at=START),
    "assignments of a unit": lambda db, key: SqlAssignmentStore(db).of_unit("x", at=START, limit=10, last_key=key),
    "looks": lambda db, key: SqlLookStore(db).of_version("x", version=1),
    "a report": lambda db, key: SqlReportStore(db).get("x"),
    "reports": lambda db, key: SqlReportStore(db).list(limit=10, last_key=key),
    "reports of an experiment": lambda db, key: SqlReportStore(db).list(experiment_id="x", limit=10, last_key=key),
    "the newest reports": lambda db, key: SqlReportStore(db).newest(["x", "y"]),
    "assignments of an experiment": lambda db, key: SqlAssignmentStore(db).of_experiment(
        "x", at=START, limit=10, last_key=key
    ),
    "an override": lambda db, key: SqlOverrideStore(db).get(
        unit="x", target=OverrideTarget.FLAG, target_id="x", at=START
    ),
    "overrides of a target": lambda db, key: SqlOverrideStore(db).of_target(
        target=OverrideTarget.FLAG, target_id="x", at=START, limit=10, last_key=key
    ),
    "overrides of a unit": lambda db, key: SqlOverrideStore(db).of_unit("x", at=START, limit=10, last_key=key),
    "overrides of a type": lambda db, key: SqlOverrideStore(db).of_type(
        OverrideTarget.FLAG, at=START, limit=10, last_key=key
    ),
    "events of a unit": lambda db, key: SqlEventStore(db).of_unit("x", at=START, limit=10, last_key=key),
    "events of a window": lambda db, key: SqlEventStore(db).window(
        start=START, end=_END, at=START, limit=10, last_key=key
    ),
    "events of an experiment": lambda db, key: SqlEventStore(db).window(
        start=START, end=_END, experiment_id="x", at=START, limit=10, last_key=key
    ),
    "the serving copy": lambda db, key: SqlServingStore(db).get("x"),
    "a snapshot": lambda db, key: SqlSnapshotStore(db).get("0" * 64),
    "what is in force": lambda db, key: SqlSnapshotStore(db).latest("x"),
    "publications": lambda db, key: SqlSnapshotStore(db).publications("x", before=5, limit=10),
    "purging snapshots": lambda db, key: SqlSnapshotStore(db).purge(superseded_before=START),
    "purging assignments": lambda db, key: SqlAssignmentStore(db).purge(expired_before=START),
    "purging overrides": lambda db, key: SqlOverrideStore(db).purge(expired_before=START),
    "purging events": lambda db, key: SqlEventStore(db).purge(expired_before=START),
}


@pytest.mark.parametrize("question", list(QUESTIONS.values()), ids=list(QUESTIONS))
def test_an_index_answers_it(database: Database, question: Ask) -> None:
    question(database, None)
    with _heard() as statements:
        question(database, None)
    assert statements
    for statement, parameters in statements:
        _check_plan(database, statement, parameters)


def test_a_deep_page_begins_in_the_index_where_the_last_one_ended(database: Database) -> None:
    store = SqlEventStore(database)
    store.append([build_event(unit="x", at=START, experiment_id="x") for _ in range(30)], at=START)
    for question in ("events of a unit", "events of a window", "events of an experiment"):
        key = QUESTIONS[question](database, None).last_key
        with _heard() as statements:
            QUESTIONS[question](database, key)
        for statement, parameters in statements:
            _check_plan(database, statement, parameters)
            conditions = [
                line for line in _plan(database, statement, parameters).splitlines() if "index" in line.lower()
            ]
            assert any(re.search(r"\bat\"? ?[<>]", line, re.IGNORECASE) for line in conditions), conditions


def test_a_page_of_experiments_takes_two_queries_however_many_there_are(database: Database) -> None:
    store = SqlExperimentStore(database)
    for _ in range(20):
        store.insert(build_experiment(variations={"a": 1, "b": 1, "c": 1}), audit=[], outbox=[])
    with _heard() as statements:
        assert len(store.list(limit=20)) == 20
    assert len(statements) == 2


def test_purging_goes_on_until_all_is_gone(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("variate.stores.sql.purging._ROWS_A_TIME", 10)
    store = SqlAssignmentStore(database)
    ends = START + timedelta(seconds=1)
    store.keep([build_assignment(unit=f"{number}", expires_at=ends) for number in range(35)])
    store.keep([build_assignment(unit="stays")])
    assert store.purge(expired_before=ends + timedelta(seconds=1)) == 35
    assert [each.unit for each in store.of_experiment(build_assignment().experiment_id, at=START, limit=MAX_PAGE)] == [
        "stays"
    ]


@contextmanager
def _heard() -> Iterator[list[Statement]]:
    """What is sent to an engine meanwhile."""
    heard: list[Statement] = []

    def hear(_: Connection, __: object, statement: str, parameters: Any, *___: object) -> None:
        heard.append((statement, parameters))

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(Engine, "before_cursor_execute", hear)


def _check_plan(database: Database, statement: str, parameters: Any) -> None:
    plan = _plan(database, statement, parameters)
    reads_all = "Seq Scan" in plan or any(
        line.startswith("SCAN ") and " USING " not in line and "ORDER BY outbox.sequence" not in statement
        for line in plan.splitlines()
    )
    assert not reads_all, f"{statement}\n{plan}"
    if "LIMIT" in statement:
        assert "TEMP B-TREE" not in plan, f"{statement}\n{plan}"
        assert "Sort" not in plan, f"{statement}\n{plan}"


def _plan(database: Database, statement: str, parameters: Any) -> str:
    """The engine's plan; PostgreSQL is told to prefer an index, which it would not in a table of five rows."""

    def explain(connection: Connection) -> str:
        if isinstance(database, SQLiteDatabase):
            rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            return "\n".join(row[-1] for row in rows)
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        connection.execute(text("SET LOCAL enable_bitmapscan = off"))
        connection.execute(text("SET LOCAL enable_sort = off"))
        return "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", parameters))

    return database.read_together(explain)
