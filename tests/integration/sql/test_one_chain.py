"""However many write at once, whatever they write, their audit entries are one chain, and nobody waits in a circle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.engines.databases import by_hand
from variate.definition.verifying import verify
from variate.errors import ConflictError
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
)
from variate.testing.builders import (
    build_audience,
    build_audit_entry,
    build_experiment,
    build_flag,
    build_layer,
    build_outbox_message,
)
from variate.testing.clocks import START
from variate.testing.conformance.concurrency import together

_EACH = 4
_ROUNDS = 8


def test_writers_of_different_definitions_leave_one_whole_chain(database: Database) -> None:
    """Twenty threads, four for each kind of write."""
    experiments, flags = SqlExperimentStore(database), SqlFlagStore(database)
    audiences = SqlDefinitionStore(database, AUDIENCES)
    log, outbox = SqlAuditLog(database), SqlOutbox(database)

    def experiment(number: int, round_: int) -> None:
        each = build_experiment(f"e{number}-{round_}")
        experiments.insert(each, audit=[build_audit_entry(), build_audit_entry()], outbox=[build_outbox_message()])
        changed = replace(each, name="Changed", revision=2)
        experiments.replace(changed, expected_revision=1, audit=[build_audit_entry()], outbox=[build_outbox_message()])

    def flag(number: int, round_: int) -> None:
        flags.insert(build_flag(f"f{number}-{round_}"), audit=build_audit_entry())

    def audience(number: int, round_: int) -> None:
        each = build_audience(f"a{number}-{round_}")
        audiences.insert(each, audit=[build_audit_entry()], outbox=[build_outbox_message()])
        audiences.remove(each.id, expected_revision=1, audit=[build_audit_entry()], outbox=[build_outbox_message()])

    def entry(number: int, round_: int) -> None:
        # The same entry and message from four threads, as when several relays deliver one outbox.
        shared = build_audit_entry(f"shared-{round_}")
        log.append([shared], outbox=[build_outbox_message(f"shared-{round_}")])
        outbox.settle([each.id for each in outbox.pending(limit=5)])

    def by_somebody(number: int, round_: int) -> None:
        statement = "INSERT INTO audit_logs (entity_type, entity_id, action, created_at) VALUES ('e', 'e', 'a', :at)"
        by_hand(database, statement, at=START if database.check().startswith("PostgreSQL") else 0)

    kinds: list[Callable[[int, int], None]] = [experiment, flag, audience, entry, by_somebody]

    def write(thread: int) -> None:
        for round_ in range(_ROUNDS):
            kinds[thread % len(kinds)](thread, round_)

    together(_EACH * len(kinds), write)
    log.append([build_audit_entry("last")])
    found = verify(log)
    appended = _EACH * _ROUNDS * (3 + 1 + 2) + _ROUNDS + 1
    assert (found.broken, found.unchained.count) == (None, 0)
    assert found.entries == appended + _EACH * _ROUNDS


def test_writers_that_share_layers_wait_for_each_other_in_one_order(database: Database) -> None:
    experiments, layers = SqlExperimentStore(database), SqlDefinitionStore(database, LAYERS)
    shared: list[Layer] = [build_layer(name) for name in ("one", "two")]
    for layer in shared:
        layers.insert(layer, audit=[build_audit_entry()], outbox=[])

    def claim(number: int) -> None:
        # All but the first are too late, and are refused; the others go on without layers.
        claimed = [replace(layer, revision=2) for layer in (shared if number % 2 else reversed(shared))]
        try:
            experiments.insert(
                build_experiment(f"e{number}"),
                layers=claimed,
                audit=[build_audit_entry()],
                outbox=[build_outbox_message()],
            )
        except ConflictError:
            experiments.insert(build_experiment(f"e{number}"), audit=[build_audit_entry()], outbox=[])

    together(16, claim)
    found = verify(SqlAuditLog(database))
    assert (found.broken, found.entries) == (None, 18)
