"""A fault between any two statements of a write, or at its end, leaves what was there before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, select

from variate.model import FlagStatus, OverrideTarget
from variate.model.layer import Layer
from variate.stores.sql import (
    AUDIENCES,
    LAYERS,
    Database,
    SqlAuditLog,
    SqlDefinitionStore,
    SqlExperimentStore,
    SqlFlagStore,
    SqlOutbox,
    SqlOverrideStore,
    SqlServingStore,
    SqlSnapshotStore,
)
from variate.stores.sql.schema import metadata
from variate.testing.builders import (
    build_audience,
    build_audit_entry,
    build_experiment,
    build_flag,
    build_layer,
    build_outbox_message,
    build_override,
    build_publication,
    build_snapshot,
    build_variation,
)
from variate.testing.clocks import START

LATER = START + timedelta(minutes=1)
STANDING = build_experiment("standing")
FLAG = build_flag("standing")
OVERRIDE = build_override()
IN_FORCE, IN_WAITING = build_snapshot(), build_snapshot()


class InjectedError(Exception):
    """The fault."""


def _insert(database: Database) -> None:
    SqlExperimentStore(database).insert(
        build_experiment("new"), audit=[build_audit_entry("a")], outbox=[build_outbox_message("m")]
    )


def _replace(database: Database) -> None:
    changed = replace(STANDING, name="New", variations=(build_variation("only"),), revision=2)
    SqlExperimentStore(database).replace(
        changed, expected_revision=1, audit=[build_audit_entry("a")], outbox=[build_outbox_message("m")]
    )


def _claim(database: Database) -> None:
    SqlExperimentStore(database).insert(
        build_experiment("new"), layers=[_claimed("one"), _claimed("two")], audit=[build_audit_entry("a")], outbox=[]
    )


def _reclaim(database: Database) -> None:
    changed = replace(STANDING, name="New", revision=2)
    SqlExperimentStore(database).replace(
        changed, expected_revision=1, layers=[_claimed("two")], audit=[], outbox=[build_outbox_message("m")]
    )


def _define(database: Database) -> None:
    SqlDefinitionStore(database, AUDIENCES).insert(
        build_audience("new"), audit=[build_audit_entry("a")], outbox=[build_outbox_message("m")]
    )


def _redefine(database: Database) -> None:
    SqlDefinitionStore(database, LAYERS).replace(
        _claimed("one"), expected_revision=1, audit=[build_audit_entry("a")], outbox=[build_outbox_message("m")]
    )


def _undefine(database: Database) -> None:
    SqlDefinitionStore(database, LAYERS).remove(
        "one", expected_revision=1, audit=[build_audit_entry("a")], outbox=[build_outbox_message("m")]
    )


def _claimed(layer_id: str) -> Layer:
    return build_layer(layer_id, ranges={"new": (0, 50)}, revision=2)


def _put_snapshot(database: Database) -> None:
    SqlSnapshotStore(database).put(build_snapshot(), at=START)


def _publish(database: Database) -> None:
    SqlSnapshotStore(database).append(build_publication(IN_WAITING, sequence=2, at=LATER))


def _insert_flag(database: Database) -> None:
    SqlFlagStore(database).insert(build_flag("new"), audit=build_audit_entry("a"))


def _replace_flag(database: Database) -> None:
    changed = replace(FLAG, status=FlagStatus.ACTIVE, revision=2)
    SqlFlagStore(database).replace(changed, expected_revision=1, audit=build_audit_entry("a"))


def _log(database: Database) -> None:
    SqlAuditLog(database).append([build_audit_entry("a"), build_audit_entry("b")], outbox=[build_outbox_message("m")])


def _settle(database: Database) -> None:
    SqlOutbox(database).settle(["standing"])


def _remove(database: Database) -> None:
    SqlOverrideStore(database).remove(
        unit=OVERRIDE.unit, target=OverrideTarget.EXPERIMENT, target_id=OVERRIDE.target_id, at=LATER
    )


def _serve(database: Database) -> None:
    SqlServingStore(database).put(replace(STANDING, revision=2))


@pytest.mark.parametrize(
    "write",
    [
        _insert,
        _replace,
        _claim,
        _reclaim,
        _define,
        _redefine,
        _undefine,
        _put_snapshot,
        _publish,
        _insert_flag,
        _replace_flag,
        _log,
        _settle,
        _remove,
        _serve,
    ],
    ids=lambda each: each.__name__,
)
def test_a_fault_anywhere_leaves_the_old_state(database: Database, write: Callable[[Database], None]) -> None:
    SqlExperimentStore(database).insert(STANDING, audit=[], outbox=[build_outbox_message("standing")])
    for layer_id in ("one", "two"):
        SqlDefinitionStore(database, LAYERS).insert(build_layer(layer_id), audit=[], outbox=[])
    for snapshot in (IN_FORCE, IN_WAITING):
        SqlSnapshotStore(database).put(snapshot, at=START)
    SqlSnapshotStore(database).append(build_publication(IN_FORCE))
    SqlFlagStore(database).insert(FLAG, audit=build_audit_entry("standing"))
    SqlOverrideStore(database).put(OVERRIDE)
    SqlServingStore(database).put(STANDING)
    before = _everything(database)
    moment = 0
    while True:
        moment += 1
        with _fault_at(moment) as fault:
            try:
                write(database)
            except InjectedError:
                assert _everything(database) == before, f"the fault at moment {moment}"
                continue
        break
    assert not fault.happened
    assert moment > 2, "there is the statement and the commit at least"
    assert _everything(database) != before


@dataclass
class _Fault:
    left: int
    happened: bool = False

    def step(self, *_: Any) -> None:
        self.left -= 1
        if self.left == 0:
            self.happened = True
            raise InjectedError


@contextmanager
def _fault_at(moment: int) -> Iterator[_Fault]:
    """Fail before the statement or commit of this number; reads that follow are left alone."""
    fault = _Fault(moment)
    moments = ("before_cursor_execute", "commit")
    for name in moments:
        event.listen(Engine, name, fault.step)
    try:
        yield fault
    finally:
        for name in moments:
            event.remove(Engine, name, fault.step)


def _everything(database: Database) -> dict[str, list[Any]]:
    def work(connection: Connection) -> dict[str, list[Any]]:
        return {
            table.name: sorted(map(repr, connection.execute(select(*table.c)).all()))
            for table in metadata.sorted_tables
        }

    return database.read_together(work)
