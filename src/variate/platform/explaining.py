"""Explaining a decision: the ladder of the snapshot in force, or of the one that was in force at a moment."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from variate.decision import Explanation, Ladder
from variate.decision.asked import checked_attributes
from variate.errors import NotFoundError, StoreError, VariateError
from variate.model import MAX_PAGE, Json, OverrideTarget, check_instant, format_instant
from variate.model.audit import OVERRIDE_ADDED
from variate.model.rules import check_id
from variate.model.snapshot import Publication, Snapshot
from variate.publishing.serving import Serving
from variate.stores.ports import AssignmentStore, AuditLog, SnapshotStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What was decided and why: the ladder, the publication it was walked in, and for which moment."""

    explanation: Explanation
    publication: Publication
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Explaining:
    """Walks the ladder slowly, rung by rung; nothing of that is kept. ``flush`` writes what was assigned before."""

    serving: Serving
    snapshots: SnapshotStore
    assignments: AssignmentStore
    audit: AuditLog
    environment: str
    flush: Callable[[], None]
    clock: Callable[[], datetime]

    def explain(
        self, unit: str, experiment_id: str, attributes: Mapping[str, Any] | None = None, *, at: datetime | None = None
    ) -> Explained:
        """Return every rung that the experiment's decision for the unit climbed.

        With ``at``, as it was decided at that moment: by the snapshot in force then, and without an assignment that was
        made later. Raise ``NotFoundError`` where nothing was published by then.
        """
        return self._explain(
            unit, attributes, at, lambda ladder: ladder.experiment(check_id("experiment_id", experiment_id))
        )

    def explain_flag(
        self, unit: str, flag_id: str, attributes: Mapping[str, Any] | None = None, *, at: datetime | None = None
    ) -> Explained:
        """Return every rung that the flag's decision for the unit climbed; with ``at``, at that moment."""
        return self._explain(unit, attributes, at, lambda ladder: ladder.flag(check_id("flag_id", flag_id)))

    def _explain(
        self,
        unit: str,
        attributes: Mapping[str, Any] | None,
        at: datetime | None,
        walk: Callable[[Ladder], Explanation],
    ) -> Explained:
        given = None if at is None else check_instant("at", at)
        _ = self.serving.engine.snapshot  # what this process changed is to be in force, and something has to be
        moment = self.clock() if given is None else given  # not before: it would be a moment before that publication
        publication = self._in_force(moment)
        snapshot = self.snapshots.get(publication.digest)
        if snapshot is None:
            raise StoreError(f"the snapshot of publication {publication.sequence} was purged")

        def kept_by_then(experiment_id: str, version: int, name: str) -> str | None:
            with suppress(StoreError):  # a store that is away is away for the look as well, which the ladder tells
                self.flush()  # decisions know what this process has just assigned
            found = self.assignments.get(unit=name, experiment_id=experiment_id, version=version, at=moment)
            return None if found is None or found.assigned_at > moment else found.variation

        name = check_id("user_id", unit)
        ladder = Ladder(
            _content_of(snapshot),
            unit=name,
            attributes=checked_attributes(attributes),
            now=moment.timestamp(),
            kept=kept_by_then,
            forced_by=lambda *forced: self._forced_by(name, *forced, before=publication.at),
        )
        return Explained(explanation=walk(ladder), publication=publication, at=moment)

    def _forced_by(self, unit: str, target: OverrideTarget, target_id: str, variation: str, *, before: datetime) -> str:
        """Return who forced the variation last and why, where that is among the latest changes in the audit log."""
        try:
            entries = self.audit.list(entity_type=target.value, entity_id=target_id, limit=MAX_PAGE)
        except VariateError as error:
            return f"; by whom cannot be read: {error}"
        for entry in entries:
            if entry.action != OVERRIDE_ADDED or entry.created_at > before:
                continue
            match entry.data:
                case {"user_id": name, "value": value, **rest} if (name, value) == (unit, variation):
                    reason = f": {rest['reason']}" if rest.get("reason") else ""
                    return f", by {entry.actor!r} on {format_instant(entry.created_at)}{reason}"
        return ""

    def _in_force(self, moment: datetime) -> Publication:
        """Return the publication in force at the moment: sequences have no gap, so it is found by halving."""
        latest = self.snapshots.latest(self.environment)
        low, high = 0, 0 if latest is None else latest.sequence
        found = None
        if latest is not None and latest.at <= moment:
            return latest
        while low < high:
            middle = (low + high + 1) // 2
            (candidate,) = self.snapshots.publications(self.environment, before=middle + 1, limit=1)
            if candidate.at <= moment:
                low, found = middle, candidate
            else:
                high = middle - 1
        if found is None:
            raise NotFoundError("publication", f"in force at {format_instant(moment)}")
        return found


@lru_cache(maxsize=1)
def _content_of(snapshot: Snapshot) -> Json:
    """Return the content, which ladders only read. Who explains once does so again: decoding a large one takes long."""
    return snapshot.content
