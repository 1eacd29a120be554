"""A change of an experiment: what comes of it, how long that may be, and what the audit log says is different."""

from __future__ import annotations

from typing import NamedTuple

from variate.model import MAX_DEFINITION_BYTES, AuditEntry, Document, Experiment, OutboxMessage
from variate.model.design_record import design_record
from variate.model.layer import Layer
from variate.model.record import Record, experiment_record, variation_record


class Change(NamedTuple):
    """A change read, decided and ready to be written: what comes of the experiment, and what is said of it."""

    experiment: Experiment
    audit: list[AuditEntry]
    outbox: list[OutboxMessage]
    layers: list[Layer]


def check_size(experiment: Experiment) -> None:
    """Raise ``InvalidInputError`` where the experiment is longer than a definition may be."""
    Document.of(experiment_record(experiment), field="experiment", max_bytes=MAX_DEFINITION_BYTES)


def differences(before: Experiment, after: Experiment) -> tuple[Record, Record]:
    """Return what an update changes, before and after, leaving out the times."""
    old, new = _described(before), _described(after)
    changed = [key for key in old | new if old.get(key) != new.get(key)]
    return {key: old.get(key) for key in changed}, {key: new.get(key) for key in changed}


def _described(experiment: Experiment) -> Record:
    rows = [variation_record(variation, experiment_id=experiment.id) for variation in experiment.variations]
    kept = ("id", "name", "description", "value", "weight")
    return {
        "name": experiment.name,
        "description": experiment.description,
        "variations": [{key: row[key] for key in kept} for row in rows],
        "version": experiment.version,
        **design_record(experiment.design),
    }
