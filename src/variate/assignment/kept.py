"""What the ledger holds, as decisions ask for it: what this process has seen once it need not read again."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from variate.decision.context import Kept
from variate.errors import StoreError, StoreUnavailableError
from variate.model import Assignment
from variate.patience import seconds_left, within
from variate.stores.ports import AssignmentStore

logger = logging.getLogger("variate.assignment")

T = TypeVar("T")

Key = tuple[str, int, str]
"""Experiment id, version, unit."""

MOST = 50_000
"""How many are remembered at least; at twice as many the older half is forgotten."""


ANSWER_SECONDS = 10.0
"""How long the ledger may take to answer for one unit, before the decision is made without it: as long as the pool's
callers wait for their turn, since a ledger that is only busy has the answer. A request has less (``patience``)."""
ANSWER_MANY_SECONDS = 30.0
"""How long it may take to answer for thousands together."""

MOST_OF_A_UNIT = 1_000
"""A unit that has more assignments is read one by one."""


class Guard(Protocol):
    """Does a piece of work that needs the ledger; raises ``StoreUnavailableError`` while that is known to be away."""

    def __call__(self, work: Callable[[], T], /) -> T: ...


def unguarded(work: Callable[[], T], /) -> T:
    """Return what ``work`` returns, however often it failed before."""
    return work()


@dataclass(slots=True)
class _Whole:
    """A unit of which all assignments are read at once, the first time that one is needed."""

    unit: str
    is_read: bool = False
    is_whole: bool = False


_whole: ContextVar[_Whole | None] = ContextVar("variate_whole_unit", default=None)


class KeptAssignments:
    """The variations that stand in ``store``. An assignment stands until it expires, so it is remembered until then.

    The store has a second to answer in for a unit, and less where whoever asks has less; ``guard`` keeps a store that
    is away from being asked each time. Safe to share among threads: an entry that gets lost costs a read, never a
    wrong answer.
    """

    def __init__(
        self, store: AssignmentStore, *, clock: Callable[[], datetime], guard: Guard = unguarded, most: int = MOST
    ) -> None:
        self._store = store
        self._clock = clock
        self._guard = guard
        self._most = most
        self._young: dict[Key, Assignment] = {}
        self._old: dict[Key, Assignment] = {}
        self._is_away = False

    def find(self, experiment_id: str, version: int, unit: str) -> str | None:
        """Return the variation that stands, read from the store unless it is remembered, or None."""
        at = self._clock()
        key = (experiment_id, version, unit)
        found = self._known(key, at)
        if found is None:
            whole = _whole.get()
            if whole is not None and whole.unit == unit and self._read_whole(whole, at):
                found = self._known(key, at)
                return None if found is None else found.variation
            found = self._asked(
                lambda: self._store.get(unit=unit, experiment_id=experiment_id, version=version, at=at),
                seconds=ANSWER_SECONDS,
            )
            if found is None:
                return None
            self.remember(found)
        return found.variation

    @contextmanager
    def whole(self, unit: str) -> Iterator[None]:
        """Within the block, read all that the unit has together, where anything of it has to be read.

        Where the store reads them from an index that lags, an assignment of the last second may be missed: whoever
        keeps another one then finds it.
        """
        token = _whole.set(_Whole(unit))
        try:
            yield
        finally:
            _whole.reset(token)

    def ahead(self, experiment_id: str, version: int, units: Sequence[str]) -> Kept:
        """Read the store for these units together, and return what then tells of each what ``find`` does.

        What is remembered is not read. What the store raises, is raised for each of the others.
        """
        at = self._clock()
        answers = {unit: self._known((experiment_id, version, unit), at) for unit in units}
        unread = [unit for unit, found in answers.items() if found is None]
        away: StoreError | None = None
        read: Mapping[str, Assignment] = {}
        try:
            if unread:
                read = self._asked(
                    lambda: self._store.get_many(unread, experiment_id=experiment_id, version=version, at=at),
                    seconds=ANSWER_MANY_SECONDS,
                )
        except StoreError as error:
            away = error
        answers.update(read)
        for found in read.values():
            self.remember(found)

        def tell(_experiment_id: str, _version: int, unit: str) -> str | None:
            if unit not in answers:
                return self.find(experiment_id, version, unit)
            found = answers[unit]
            if found is None and away is not None:
                raise away
            return None if found is None else found.variation

        return tell

    def remembered(self, experiment_id: str, version: int, unit: str) -> str | None:
        """Return the variation where it is remembered and never expires, or None: no clock and no store are asked."""
        key = (experiment_id, version, unit)
        found = self._young.get(key) or self._old.get(key)
        return found.variation if found is not None and found.expires_at is None else None

    def remember(self, assignment: Assignment) -> None:
        """Remember what stands."""
        if len(self._young) >= self._most:
            self._old, self._young = self._young, {}
        self._young[(assignment.experiment_id, assignment.version, assignment.unit)] = assignment

    def forget(self, assignment: Assignment) -> None:
        """Read the unit's assignment anew: this one may not stand."""
        key = (assignment.experiment_id, assignment.version, assignment.unit)
        self._young.pop(key, None)
        self._old.pop(key, None)

    def _read_whole(self, whole: _Whole, at: datetime) -> bool:
        """Read what the unit has unless it was read; return whether that is all."""
        if not whole.is_read:
            page = self._asked(
                lambda: self._store.of_unit(whole.unit, at=at, limit=MOST_OF_A_UNIT), seconds=ANSWER_SECONDS
            )
            for each in page:
                self.remember(each)
            whole.is_read, whole.is_whole = True, page.last_key is None
        return whole.is_whole

    def _asked(self, read: Callable[[], T], *, seconds: float) -> T:
        """Return what ``read`` returns. Decisions go on where it raises, so the log tells, once until it answers."""
        if not seconds_left():
            raise StoreUnavailableError("there is no time left to ask the ledger")
        try:
            with within(seconds):
                answer = self._guard(read)
        except StoreError as error:
            if not self._is_away:
                logger.warning("the ledger cannot be read, decisions go on without it: %s", error)
            self._is_away = True
            raise
        self._is_away = False
        return answer

    def _known(self, key: Key, at: datetime) -> Assignment | None:
        found = self._young.get(key) or self._old.get(key)
        return None if found is None or (found.expires_at is not None and found.expires_at <= at) else found
