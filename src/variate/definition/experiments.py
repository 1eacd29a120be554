"""Experiments: create, read, change, move through their life, hand over."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Unpack

from variate.definition.audit import ChangeLog
from variate.definition.change import Change, check_size, differences
from variate.definition.checklist import ChecklistItem, check_launch, launch_checklist
from variate.definition.claims import Claiming, Claims
from variate.definition.concluding import Concluding, check_stands
from variate.definition.flag_references import FlagReferences
from variate.definition.newest import ATTEMPTS, on_newest
from variate.definition.redesign import anew, check_locked, check_started, remembering
from variate.definition.references import References
from variate.definition.standing import standing_before
from variate.definition.variations import check_list, check_variation, read_variations
from variate.errors import ConflictError, InvalidInputError, NotFoundError
from variate.model import AuditEntry, Experiment, ExperimentStatus, Json, Override, Page
from variate.model.conclusion import ConclusionFields, conclusion_record
from variate.model.design import Design
from variate.model.design_record import DesignFields, revised
from variate.model.listing import experiment_filters
from variate.model.override import OVERRIDE_DAYS
from variate.model.record import experiment_record
from variate.model.rules import check_choice, check_id, check_name, check_prose
from variate.stores.ports import AuditLog, ExperimentStore, OverrideStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiments:
    """The experiments. Each change, its audit entry and its outbox messages are one transaction in ``store``.

    After each change ``announce`` is called, to carry it to the serving side at once. ``actor`` names who makes the
    change. Changes raise ``NotFoundError`` for an unknown id and ``InvalidInputError`` for a value that breaks a rule,
    and then nothing is written. With ``expected_revision`` a change raises ``ConflictError`` if the experiment is at
    another; without, it is decided on the newest.

    A change of who is given what (weights, traffic, audience) of a started experiment is in force ``delay`` later: see
    ``redesign``.
    """

    store: ExperimentStore
    overrides: OverrideStore
    log: ChangeLog
    audit: AuditLog
    references: References
    concluding: Concluding
    flags: FlagReferences
    announce: Callable[[], object]
    delay: timedelta

    def create_experiment(
        self,
        name: str,
        *,
        description: str = "",
        variations: Iterable[Mapping[str, Any]],
        owner: str | None = None,
        experiment_id: str | None = None,
        actor: str | None = None,
        **design: Unpack[DesignFields],
    ) -> Experiment:
        """Store and return a new draft; raise ``ConflictError`` if ``experiment_id`` is given and taken.

        ``design`` is any of ``DesignFields``. What it names has to be there, and a layer's range to be free.
        """
        at = self.log.clock()
        experiment = Experiment(
            id=self.log.new_id() if experiment_id is None else experiment_id,
            name=name,
            description=description,
            owner=owner,
            variations=read_variations(variations, at=at, new_id=self.log.new_id),
            design=revised(Design(), design),
            created_at=at,
            updated_at=at,
        )
        check_size(experiment)
        self.references.check_design(experiment.design)
        self.references.check_metrics(experiment.design.metrics)
        data = {"experiment": experiment_record(experiment)}
        entry = self.log.entry("experiment", experiment.id, "created", data, actor=actor, at=at)
        message = self.log.experiment_changed(experiment.id, at=at)
        for attempt in range(1, ATTEMPTS + 1):
            layers, claims = self._claiming.claims(experiment.id, None, experiment.design.layer, actor=actor, at=at)
            try:
                self.store.insert(experiment, audit=[*claims, entry], outbox=[message], layers=layers)
                break
            except ConflictError:
                # Another one claimed a range of the layer; this one may still be free. A taken id stays taken.
                if not layers or attempt == ATTEMPTS or self.store.get(experiment.id) is not None:
                    raise
        self.announce()
        return experiment

    def get_experiment(self, experiment_id: str) -> Experiment | None:
        """Return the experiment with its variations, or None."""
        return self.store.get(check_id("experiment_id", experiment_id))

    def list_experiments(
        self,
        *,
        status: str | None = None,
        owner: str | None = None,
        text: str | None = None,
        mentions: Iterable[str] | None = None,
        limit: int = 100,
        last_key: str | None = None,
    ) -> Page[Experiment]:
        """Return a page of experiments, most recently created first; ``ExperimentFilters`` says what is asked for."""
        filters = experiment_filters(status=status, owner=owner, text=text, mentions=mentions)
        return self.store.list(limit=limit, last_key=last_key, **filters)

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
        **design: Unpack[DesignFields],
    ) -> Experiment:
        """Change what is given. Once archived nothing changes, and once started only what moves no unit.

        ``variations`` is the whole list; what a variation of a standing name does not give stays as it was. Out of
        draft the variations change only in weight, and of the design what ``redesign`` does not lock. A unit that was
        assigned keeps its variation whatever changes.
        """
        given = None if variations is None else list(check_list(variations))

        def change(before: Experiment, at: datetime) -> Change:
            return self.updated(
                before, name=name, description=description, variations=given, design=design, actor=actor, at=at
            )

        return self._write(experiment_id, change, expected_revision=expected_revision)

    def start_new_version(
        self,
        experiment_id: str,
        *,
        variations: Iterable[Mapping[str, Any]] | None = None,
        reason: str = "",
        expected_revision: int | None = None,
        actor: str | None = None,
        **design: Unpack[DesignFields],
    ) -> Experiment:
        """Draw every unit anew, on purpose, for this reason: no assignment of an earlier version counts any more.

        With it everything of the design and the variations may change. The experiment must have started and not ended.
        """
        given = None if variations is None else list(check_list(variations))

        def change(before: Experiment, at: datetime) -> Change:
            return self.new_version(before, variations=given, design=design, reason=reason, actor=actor, at=at)

        return self._write(experiment_id, change, expected_revision=expected_revision)

    def updated(
        self,
        before: Experiment,
        *,
        name: str | None = None,
        description: str | None = None,
        variations: Iterable[Mapping[str, Any]] | None = None,
        design: DesignFields,
        actor: str | None = None,
        at: datetime,
    ) -> Change:
        """Return what ``update_experiment`` writes; raise what it raises."""
        after = self._revised(before, variations, design, at)
        after = replace(
            after,
            name=before.name if name is None else name,
            description=before.description if description is None else description,
        )
        check_locked(before, after)
        return self._changed(before, remembering(before, after, at=at, delay=self.delay), "updated", actor, at)

    def new_version(
        self,
        before: Experiment,
        *,
        variations: Iterable[Mapping[str, Any]] | None = None,
        design: DesignFields,
        reason: str = "",
        actor: str | None = None,
        at: datetime,
    ) -> Change:
        """Return what ``start_new_version`` writes; raise what it raises."""
        check_started(before)
        after = anew(self._revised(before, variations, design, at), reads_ledger=design.get("reads_ledger", False))
        said = {"reason": reason} if check_prose("reason", reason) else {}
        return self._changed(before, after, "new_version", actor, at, **said)

    def launch_checklist(self, experiment_id: str) -> tuple[ChecklistItem, ...]:
        """Return what has to be so before the experiment starts, and what ought to be; raise ``NotFoundError``."""
        experiment = self.store.get(check_id("experiment_id", experiment_id))
        if experiment is None:
            raise NotFoundError("experiment", experiment_id)
        return launch_checklist(experiment, references=self.references, at=self.log.clock())

    def update_experiment_status(
        self,
        experiment_id: str,
        status: str,
        *,
        conclusion: ConclusionFields | None = None,
        expected_revision: int | None = None,
        actor: str | None = None,
    ) -> Experiment:
        """Move the experiment to ``status``; to the one it has, nothing happens.

        Raise ``IllegalTransitionError`` where it cannot follow. The moves: draft to active or archived, active to
        paused or completed, paused to active or completed, completed to archived. It becomes active only where
        nothing on its ``launch_checklist`` blocks that. To ``completed``, ``conclusion`` may say what was decided.
        """
        chosen = check_choice("status", status, ExperimentStatus)
        if conclusion is not None and chosen is not ExperimentStatus.COMPLETED:
            raise InvalidInputError("conclusion", f"goes with completed only, not with {chosen}")

        def change(before: Experiment, at: datetime) -> Change:
            return self._moved(before, chosen, actor, at, conclusion=conclusion)

        return self._write(experiment_id, change, expected_revision=expected_revision)

    def conclude_experiment(
        self,
        experiment_id: str,
        conclusion: ConclusionFields,
        *,
        expected_revision: int | None = None,
        actor: str | None = None,
    ) -> Experiment:
        """Say, or correct, what was decided of a completed experiment; what it says already leaves no trace.

        The audit log keeps what was said before.
        """

        def change(before: Experiment, at: datetime) -> Change:
            return self.concluding.concluded(before, conclusion, actor=actor, at=at)

        return self._write(experiment_id, change, expected_revision=expected_revision)

    def archive_experiment(self, experiment_id: str, *, actor: str | None = None) -> Experiment:
        """Archive a draft or completed experiment: it is kept, and no longer changes."""
        return self.update_experiment_status(experiment_id, ExperimentStatus.ARCHIVED, actor=actor)

    def transfer_experiment_ownership(
        self, experiment_id: str, new_owner: str, *, expected_revision: int | None = None, actor: str | None = None
    ) -> Experiment:
        """Give the experiment to ``new_owner``; the audit log names the previous one."""
        check_name("new_owner", new_owner)

        def change(before: Experiment, at: datetime) -> Change:
            if before.owner == new_owner:
                return Change(before, [], [], [])
            data = {"previous_owner": before.owner, "new_owner": new_owner}
            after = replace(before, owner=new_owner, revision=before.revision + 1, updated_at=at)
            return Change(after, [self._entry(before, "ownership_change", data, actor, at)], [], [])

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

        def change(before: Experiment, at: datetime) -> Change:
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
            standing = standing_before(self.overrides, override, at=at)
            entry = self.log.override_added(override, before=standing, actor=actor)
            return moved._replace(audit=[*moved.audit, entry], outbox=[self.log.override_put(override)])

        return self._write(experiment_id, change, expected_revision=None)

    def _write(
        self,
        experiment_id: str,
        change: Callable[[Experiment, datetime], Change],
        *,
        expected_revision: int | None,
    ) -> Experiment:
        def write(before: Experiment) -> Experiment:
            at = self.log.clock()
            after, audit, outbox, layers = change(before, at)
            if audit and after is before:
                self.audit.append(audit, outbox=outbox)
            elif audit:
                outbox = [self.log.experiment_changed(experiment_id, at=at), *outbox]
                self.store.replace(after, expected_revision=before.revision, audit=audit, outbox=outbox, layers=layers)
            self.announce()  # also of nothing: an earlier call may have died between its commit and its delivery
            return after

        return on_newest(
            "experiment", experiment_id, read=self.store.get, write=write, expected_revision=expected_revision
        )

    def _revised(
        self,
        before: Experiment,
        variations: Iterable[Mapping[str, Any]] | None,
        design: DesignFields,
        at: datetime,
    ) -> Experiment:
        """Return the experiment with these; whether they are allowed is not looked at."""
        if before.status is ExperimentStatus.ARCHIVED:
            raise InvalidInputError("experiment_id", "is of an archived experiment, which no longer changes")
        parts = before.variations
        if variations is not None:
            parts = read_variations(variations, at=at, new_id=self.log.new_id, standing=before.variations)
        return replace(before, variations=parts, design=revised(before.design, design))

    def _changed(
        self, before: Experiment, after: Experiment, action: str, actor: str | None, at: datetime, **said: Json
    ) -> Change:
        """Return the change to ``after``, with what it names looked up and its layer's range claimed."""
        old, new = differences(before, after)
        if not new:
            return Change(before, [], [], [])
        check_size(after)
        if before.design != after.design:
            self.references.check_design(after.design)
            self.references.check_metrics(after.design.metrics, standing=before.design.metrics)
        if {each.name for each in after.variations} - {each.name for each in before.variations}:
            self.flags.check_served(after)
        layers, claims = self._claiming.claims(before.id, before.design.layer, after.design.layer, actor=actor, at=at)
        after = replace(after, revision=before.revision + 1, updated_at=at)
        entry = self._entry(before, action, {"before": old, "after": new, **said}, actor, at)
        return Change(after, [*claims, entry], [], layers)

    def _moved(
        self,
        before: Experiment,
        status: ExperimentStatus,
        actor: str | None,
        at: datetime,
        *,
        conclusion: ConclusionFields | None = None,
    ) -> Change:
        decided = None
        if conclusion is not None:
            decided = self.concluding.read(before, conclusion, actor=actor, at=at)
        if before.status is status:
            check_stands(before, decided)
            return Change(before, [], [], [])
        after = before.moved_to(status, at=at, conclusion=decided)
        layers, claims = Claims([], [])
        if status is ExperimentStatus.ACTIVE:
            check_launch(before, references=self.references, at=at)
        elif status in (ExperimentStatus.COMPLETED, ExperimentStatus.ARCHIVED):
            layers, claims = self._claiming.claims(before.id, before.design.layer, None, actor=actor, at=at)
        data: dict[str, Json] = {"previous_status": before.status, "new_status": status}
        if decided is not None:
            check_size(after)
            data["conclusion"] = conclusion_record(decided)
        return Change(after, [*claims, self._entry(before, "status_change", data, actor, at)], [], layers)

    @property
    def _claiming(self) -> Claiming:
        return Claiming(layers=self.references.layers, log=self.log)

    def _entry(self, experiment: Experiment, action: str, data: Json, actor: str | None, at: datetime) -> AuditEntry:
        return self.log.entry("experiment", experiment.id, action, data, actor=actor, at=at)
