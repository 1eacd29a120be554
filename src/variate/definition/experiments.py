"""Experiments: create, read, change, move through their life, hand over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from variate.definition.audit import ChangeLog
from variate.definition.newest import on_newest
from variate.definition.variations import check_list, read_variations
from variate.errors import InvalidInputError
from variate.model import (
    MAX_DEFINITION_BYTES,
    AuditEntry,
    Document,
    Experiment,
    ExperimentStatus,
    Json,
    OutboxMessage,
    Override,
    Page,
    Variation,
)
from variate.model.record import Record, experiment_record, variation_record
from variate.model.rules import check_choice, check_id, check_name, shown
from variate.stores.ports import AuditLog, ExperimentStore

OVERRIDE_DAYS = 30
"""How long an override stands that comes with a status change, as in the guide."""


class _Change(NamedTuple):
    """A change read, decided and ready to be written: what comes of the experiment, and what is said of it."""

    experiment: Experiment
    audit: list[AuditEntry]
    outbox: list[OutboxMessage]


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiments:
    """The experiments. Each change, its audit entry and its outbox messages are one transaction in ``store``.

    After each change ``announce`` is called, to carry it to the serving side at once. ``actor`` names who makes the
    change. Changes raise ``NotFoundError`` for an unknown id and ``InvalidInputError`` for a value that breaks a rule,
    and then nothing is written. With ``expected_revision`` a change raises ``ConflictError`` if the experiment is at
    another; without, it is decided on the newest.
    """

    store: ExperimentStore
    log: ChangeLog
    audit: AuditLog
    announce: Callable[[], object]

    def create_experiment(
        self,
        name: str,
        *,
        description: str = "",
        variations: Iterable[Mapping[str, Any]],
        owner: str | None = None,
        experiment_id: str | None = None,
        actor: str | None = None,
    ) -> Experiment:
        """Store and return a new draft; raise ``ConflictError`` if ``experiment_id`` is given and taken."""
        at = self.log.clock()
        experiment = Experiment(
            id=self.log.new_id() if experiment_id is None else experiment_id,
            name=name,
            description=description,
            owner=owner,
            variations=read_variations(variations, at=at, new_id=self.log.new_id),
            created_at=at,
            updated_at=at,
        )
        _check_size(experiment)
        data = {"experiment": experiment_record(experiment)}
        entry = self.log.entry("experiment", experiment.id, "created", data, actor=actor, at=at)
        self.store.insert(experiment, audit=[entry], outbox=[self.log.experiment_changed(experiment.id, at=at)])
        self.announce()
        return experiment

    def get_experiment(self, experiment_id: str) -> Experiment | None:
        """Return the experiment with its variations, or None."""
        return self.store.get(check_id("experiment_id", experiment_id))

    def list_experiments(
        self, *, status: str | None = None, owner: str | None = None, limit: int = 100, last_key: str | None = None
    ) -> Page[Experiment]:
        """Return a page of experiments, most recently created first."""
        chosen = None if status is None else check_choice("status", status, ExperimentStatus)
        whose = None if owner is None else check_name("owner", owner)
        return self.store.list(status=chosen, owner=whose, limit=limit, last_key=last_key)

    def list_active_experiments(self, *, limit: int = 100, last_key: str | None = None) -> Page[Experiment]:
        """Return a page of the active experiments, most recently created first."""
        return self.store.list(status=ExperimentStatus.ACTIVE, limit=limit, last_key=last_key)

    def update_experiment(
        self,
        experiment_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        variations: Iterable[Mapping[str, Any]] | None = None,
        expected_revision: int | None = None,
        actor: str | None = None,
    ) -> Experiment:
        """Change what is given. Out of draft the variations change only in weight; once archived nothing changes.

        ``variations`` is the whole list; what a variation of a standing name does not give stays as it was.
        """
        given = None if variations is None else list(check_list(variations))

        def change(before: Experiment, at: datetime) -> _Change:
            if before.status is ExperimentStatus.ARCHIVED:
                raise InvalidInputError("experiment_id", "is of an archived experiment, which no longer changes")
            after = replace(
                before,
                name=before.name if name is None else name,
                description=before.description if description is None else description,
                variations=before.variations if given is None else self._revised(before, given, at),
            )
            old, new = _differences(before, after)
            if not new:
                return _Change(before, [], [])
            _check_size(after)
            after = replace(after, revision=before.revision + 1, updated_at=at)
            return _Change(after, [self._entry(before, "updated", {"before": old, "after": new}, actor, at)], [])

        return self._write(experiment_id, change, expected_revision=expected_revision)

    def update_experiment_status(
        self, experiment_id: str, status: str, *, expected_revision: int | None = None, actor: str | None = None
    ) -> Experiment:
        """Move the experiment to ``status``; to the one it has, nothing happens.

        Raise ``IllegalTransitionError`` where it cannot follow. The moves: draft to active or archived, active to
        paused or completed, paused to active or completed, completed to archived.
        """
        chosen = check_choice("status", status, ExperimentStatus)

        def change(before: Experiment, at: datetime) -> _Change:
            return self._moved(before, chosen, actor, at)

        return self._write(experiment_id, change, expected_revision=expected_revision)

    def archive_experiment(self, experiment_id: str, *, actor: str | None = None) -> Experiment:
        """Archive a draft or completed experiment: it is kept, and no longer changes."""
        return self.update_experiment_status(experiment_id, ExperimentStatus.ARCHIVED, actor=actor)

    def transfer_experiment_ownership(
        self, experiment_id: str, new_owner: str, *, expected_revision: int | None = None, actor: str | None = None
    ) -> Experiment:
        """Give the experiment to ``new_owner``; the audit log names the previous one."""
        check_name("new_owner", new_owner)

        def change(before: Experiment, at: datetime) -> _Change:
            if before.owner == new_owner:
                return _Change(before, [], [])
            data = {"previous_owner": before.owner, "new_owner": new_owner}
            after = replace(before, owner=new_owner, revision=before.revision + 1, updated_at=at)
            return _Change(after, [self._entry(before, "ownership_change", data, actor, at)], [])

        return self._write(experiment_id, change, expected_revision=expected_revision)

    def update_experiment_with_override(
        self,
        experiment_id: str,
        status: str,
        *,
        unit: str | None = None,
        variation: str | None = None,
        actor: str | None = None,
    ) -> Experiment:
        """Move the experiment to ``status`` and force ``variation`` for ``unit`` for 30 days, both or neither.

        Once this returns the change is durable, and the source, the serving copy and the overrides end in the new
        state whatever fails in between: what did not arrive at once is delivered later.
        """
        chosen = check_choice("status", status, ExperimentStatus)
        if (unit is None) != (variation is None):
            missing = "user_id" if unit is None else "variation"
            raise InvalidInputError(missing, "must be given too: an override needs both")

        def change(before: Experiment, at: datetime) -> _Change:
            moved = self._moved(before, chosen, actor, at)
            if unit is None or variation is None:
                return moved
            check_variation(before, variation)
            override = Override(
                unit=unit,
                target_id=before.id,
                value=variation,
                created_at=at,
                expires_at=at + timedelta(days=OVERRIDE_DAYS),
            )
            data = {"user_id": unit, "value": variation}
            entry = self._entry(before, "override_added", data, actor, at)
            return _Change(moved.experiment, [*moved.audit, entry], [self.log.override_put(override)])

        return self._write(experiment_id, change, expected_revision=None)

    def _write(
        self,
        experiment_id: str,
        change: Callable[[Experiment, datetime], _Change],
        *,
        expected_revision: int | None,
    ) -> Experiment:
        def write(before: Experiment) -> Experiment:
            at = self.log.clock()
            after, audit, outbox = change(before, at)
            if audit and after is before:
                self.audit.append(audit, outbox=outbox)
            elif audit:
                outbox = [self.log.experiment_changed(experiment_id, at=at), *outbox]
                self.store.replace(after, expected_revision=before.revision, audit=audit, outbox=outbox)
            self.announce()  # also of nothing: an earlier call may have died between its commit and its delivery
            return after

        return on_newest(
            "experiment", experiment_id, read=self.store.get, write=write, expected_revision=expected_revision
        )

    def _moved(self, before: Experiment, status: ExperimentStatus, actor: str | None, at: datetime) -> _Change:
        if before.status is status:
            return _Change(before, [], [])
        after = before.moved_to(status, at=at)
        data = {"previous_status": before.status, "new_status": status}
        return _Change(after, [self._entry(before, "status_change", data, actor, at)], [])

    def _revised(self, before: Experiment, given: list[Mapping[str, Any]], at: datetime) -> tuple[Variation, ...]:
        revised = read_variations(given, at=at, new_id=self.log.new_id, standing=before.variations)
        if before.status is not ExperimentStatus.DRAFT and _locked_part(revised) != _locked_part(before.variations):
            raise InvalidInputError("variations", f"of an experiment that is {before.status} may change only in weight")
        return revised

    def _entry(self, experiment: Experiment, action: str, data: Json, actor: str | None, at: datetime) -> AuditEntry:
        return self.log.entry("experiment", experiment.id, action, data, actor=actor, at=at)


def check_variation(experiment: Experiment, name: str) -> None:
    """Raise ``InvalidInputError`` unless the experiment has a variation of this name."""
    names = [variation.name for variation in experiment.variations]
    if name not in names:
        raise InvalidInputError("variation", f"must be one of {', '.join(names)}, not {shown(name)}")


def _check_size(experiment: Experiment) -> None:
    Document.of(experiment_record(experiment), field="experiment", max_bytes=MAX_DEFINITION_BYTES)


def _locked_part(variations: Iterable[Variation]) -> list[tuple[str, str, str]]:
    return [(variation.name, variation.description, variation.value.text) for variation in variations]


def _differences(before: Experiment, after: Experiment) -> tuple[Record, Record]:
    """Return what an update changes, before and after, leaving out the times."""
    old, new = _described(before), _described(after)
    changed = [key for key in old if old[key] != new[key]]
    return {key: old[key] for key in changed}, {key: new[key] for key in changed}


def _described(experiment: Experiment) -> Record:
    rows = [variation_record(variation, experiment_id=experiment.id) for variation in experiment.variations]
    kept = ("id", "name", "description", "value", "weight")
    return {
        "name": experiment.name,
        "description": experiment.description,
        "variations": [{key: row[key] for key in kept} for row in rows],
    }
