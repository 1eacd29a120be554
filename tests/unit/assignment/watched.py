"""A ledger's store that is watched: how often it is written to, when, and what it refuses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from threading import Condition

from tests.unit.testing.reference_records import ReferenceAssignmentStore
from variate.model import Assignment, Page

PATIENCE = 20.0
"""Seconds after which something that is awaited did not come; far above what any test takes."""


class WatchedAssignments(ReferenceAssignmentStore):
    """Assignments in memory. ``error`` is raised while it is set; ``before`` runs in front of each writing,
    ``before_reading`` of each reading.
    """

    def __init__(self) -> None:
        super().__init__()
        self.changed = Condition()
        self.batches: list[list[Assignment]] = []
        self.reads = 0
        self.error: BaseException | None = None
        self.before: Callable[[], object] = lambda: None
        self.before_reading: Callable[[], object] = lambda: None

    def keep(self, assignments: Sequence[Assignment]) -> Sequence[Assignment]:
        self.before()
        with self.changed:
            self.batches.append(list(assignments))
            self.changed.notify_all()
        if self.error is not None:
            raise self.error
        return super().keep(assignments)

    def get(self, *, unit: str, experiment_id: str, version: int = 1, at: datetime) -> Assignment | None:
        self.reads += 1
        self.before_reading()
        if self.error is not None:
            raise self.error
        return super().get(unit=unit, experiment_id=experiment_id, version=version, at=at)

    def get_many(
        self, units: Sequence[str], *, experiment_id: str, version: int = 1, at: datetime
    ) -> Mapping[str, Assignment]:
        self.reads += 1
        self.before_reading()
        if self.error is not None:
            raise self.error
        return super().get_many(units, experiment_id=experiment_id, version=version, at=at)

    def of_unit(self, unit: str, *, at: datetime, limit: int, last_key: str | None = None) -> Page[Assignment]:
        self.reads += 1
        self.before_reading()
        if self.error is not None:
            raise self.error
        return super().of_unit(unit, at=at, limit=limit, last_key=last_key)

    def await_batches(self, number: int) -> None:
        """Return once it was written to so many times from the beginning."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.batches) >= number, PATIENCE), len(self.batches)

    def units(self) -> list[str]:
        """Return every unit that is kept, in order."""
        return sorted(each.unit for each in self.kept.values())
