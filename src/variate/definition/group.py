"""What audiences, layers, holdouts and metrics have alike: one transaction a change, and who uses them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar

from variate.definition.audit import ChangeLog
from variate.definition.newest import on_newest
from variate.errors import ConflictError, InvalidInputError, NotFoundError
from variate.model import Experiment, ExperimentStatus, Json, OutboxMessage, Page
from variate.model.audience import Audience
from variate.model.holdout import Holdout
from variate.model.layer import Layer
from variate.model.metric import Metric
from variate.model.page import every
from variate.model.rules import check_id
from variate.stores.ports import DefinitionStore, ExperimentStore

D = TypeVar("D", Audience, Holdout, Layer, Metric)

STARTED = (ExperimentStatus.ACTIVE, ExperimentStatus.PAUSED)
NOT_ENDED = (ExperimentStatus.DRAFT, *STARTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(Generic[D]):
    """The definitions of one kind. Each change is one transaction with its audit entry and its message.

    What a change is checked against may change beside it, so it is checked again once it is stored, and withdrawn where
    it is not allowed any more. Changes raise as those of ``Experiments`` do.
    """

    kind: str
    store: DefinitionStore[D]
    record: Callable[[D], Json]
    log: ChangeLog
    announce: Callable[[], object]
    is_served: bool = True
    """Whether decisions are made by these definitions: then a change leaves a message, and is published."""

    def get(self, definition_id: str) -> D | None:
        """Return the definition, or None."""
        return self.store.get(check_id(f"{self.kind}_id", definition_id))

    def list(self, *, limit: int = 100, last_key: str | None = None) -> Page[D]:
        """Return a page of the definitions, in order of id."""
        return self.store.list(limit=limit, last_key=last_key)

    def create(self, definition: D, *, actor: str | None) -> D:
        """Store and return a new definition; raise ``ConflictError`` if its id is taken."""
        self._insert(definition, "created", actor)
        self.announce()
        return definition

    def change(
        self, definition_id: str, change: Callable[[D], D], *, expected_revision: int | None, actor: str | None
    ) -> D:
        """Store and return what ``change`` makes of the newest; where that is the same, nothing happens."""

        def write(before: D) -> D:
            after = change(before)
            if after != before:
                after = self._replace(before, after, "updated", actor)
                self._look_again(
                    lambda: change(before), withdraw=lambda: self._replace(after, before, "withdrawn", actor)
                )
            self.announce()
            return after

        return self._on_newest(definition_id, write, expected_revision)

    def remove(
        self,
        definition_id: str,
        check: Callable[[D], None],
        *,
        expected_revision: int | None,
        actor: str | None,
    ) -> D:
        """Remove and return the definition, unless ``check`` raises."""

        def write(before: D) -> D:
            check(before)
            at = self.log.clock()
            data = {self.kind: self.record(before)}
            entry = self.log.entry(self.kind, before.id, "removed", data, actor=actor, at=at)
            outbox = self._messages(before.id, at)
            self.store.remove(before.id, expected_revision=before.revision, audit=[entry], outbox=outbox)
            self._look_again(
                lambda: check(before), withdraw=lambda: self._insert(self._next(before, before), "withdrawn", actor)
            )
            self.announce()
            return before

        return self._on_newest(definition_id, write, expected_revision)

    def _look_again(self, check: Callable[[], object], *, withdraw: Callable[[], object]) -> None:
        """Check once more, now that the change is stored: another writer may have come between the check and it.

        Then withdraw the change, and raise what the check raises.
        """
        try:
            try:
                check()
            except InvalidInputError:
                with suppress(ConflictError, NotFoundError):  # then somebody else has changed it again
                    withdraw()
                raise
        except BaseException:
            self.announce()  # whatever happened to the second look, the change is stored
            raise

    def _insert(self, definition: D, action: str, actor: str | None) -> None:
        at = definition.updated_at
        data = {self.kind: self.record(definition)}
        entry = self.log.entry(self.kind, definition.id, action, data, actor=actor, at=at)
        self.store.insert(definition, audit=[entry], outbox=self._messages(definition.id, at))

    def _replace(self, before: D, wanted: D, action: str, actor: str | None) -> D:
        after = self._next(before, wanted)
        at = after.updated_at
        data = {"before": self.record(before), "after": self.record(after)}
        entry = self.log.entry(self.kind, before.id, action, data, actor=actor, at=at)
        outbox = self._messages(before.id, at)
        self.store.replace(after, expected_revision=before.revision, audit=[entry], outbox=outbox)
        return after

    def _messages(self, definition_id: str, at: datetime) -> Sequence[OutboxMessage]:
        return [self.log.definition_changed(definition_id, at=at)] if self.is_served else []

    def _next(self, before: D, wanted: D) -> D:
        """Return what is wanted as the revision after ``before``."""
        return replace(wanted, revision=before.revision + 1, updated_at=self.log.clock())

    def _on_newest(self, definition_id: str, write: Callable[[D], D], expected_revision: int | None) -> D:
        return on_newest(
            self.kind, definition_id, read=self.store.get, write=write, expected_revision=expected_revision
        )


def check_unused(
    experiments: ExperimentStore,
    field: str,
    *,
    mentions: Iterable[str],
    uses: Callable[[Experiment], bool],
    statuses: tuple[ExperimentStatus, ...],
) -> None:
    """Raise ``InvalidInputError`` for ``field`` where an experiment in one of these statuses uses the definition.

    One that uses it names one of the ids that ``mentions`` has. Of an experiment that may do so and cannot be read
    nobody knows, so its error is raised.
    """
    ids = tuple(sorted(mentions))
    for status in statuses:
        for experiment in every(experiments.list, status=status, mentions=ids):
            if uses(experiment):
                raise InvalidInputError(
                    field, f"cannot change: experiment {experiment.id!r}, which is {experiment.status}, uses it"
                )
