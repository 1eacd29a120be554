"""What an experiment's past says of who may be in its analysis: since when, and who was ever forced."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from variate.model import MAX_PAGE, AuditEntry, Experiment, ExperimentStatus, Override, OverrideTarget
from variate.model.audit import OVERRIDE_ADDED
from variate.stores.ports import AuditLog, OverrideStore

_NEW_VERSION, _STATUS_CHANGE = "new_version", "status_change"


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Exposures count from ``start`` on, and never those of the units ``overridden``.

    ``completed`` is when somebody ended the experiment, None where nobody has.
    """

    start: datetime
    completed: datetime | None
    overridden: frozenset[str]


def history_of(experiment: Experiment, *, audit: AuditLog, overrides: OverrideStore, at: datetime) -> History:
    """Return the history of the experiment's version.

    It starts with the entry of the new version; the first, with its launch, or its creation where it was launched by
    hand. Whoever ever had an override of the experiment is out, as its log says or as one is in force: what they did
    before and after is not chance's doing.
    """
    started: datetime | None = None
    completed: datetime | None = None
    forced = {override.unit for override in _in_force(overrides, experiment.id, at)}
    for entry in _entries(audit, experiment.id):  # the most recent first
        data = entry.data if isinstance(entry.data, dict) else {}
        if entry.action == OVERRIDE_ADDED and isinstance(unit := data.get("user_id"), str):
            forced.add(unit)
        if entry.action == _STATUS_CHANGE and data.get("new_status") == ExperimentStatus.COMPLETED:
            completed = completed or entry.created_at
        if experiment.version > 1:
            if entry.action == _NEW_VERSION and started is None:
                started = entry.created_at
        elif entry.action == _STATUS_CHANGE and data.get("new_status") == ExperimentStatus.ACTIVE:
            started = entry.created_at
    return History(
        start=experiment.created_at if started is None else started, completed=completed, overridden=frozenset(forced)
    )


def _entries(audit: AuditLog, experiment_id: str) -> Iterator[AuditEntry]:
    last_key: str | None = None
    while True:
        page = audit.list(entity_type="experiment", entity_id=experiment_id, limit=MAX_PAGE, last_key=last_key)
        yield from page
        if (last_key := page.last_key) is None:
            return


def _in_force(overrides: OverrideStore, experiment_id: str, at: datetime) -> Iterator[Override]:
    last_key: str | None = None
    while True:
        page = overrides.of_target(
            target=OverrideTarget.EXPERIMENT, target_id=experiment_id, at=at, limit=MAX_PAGE, last_key=last_key
        )
        yield from page
        if (last_key := page.last_key) is None:
            return
