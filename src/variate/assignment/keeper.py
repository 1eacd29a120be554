"""The keeper: writes assignments in batches, off the caller's path or while several callers wait together."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from concurrent.futures import Future, wait
from dataclasses import dataclass
from itertools import chain

from variate.errors import StoreError, StoreUnavailableError, VariateError
from variate.model import Assignment
from variate.patience import within
from variate.stores.ports import AssignmentStore

BATCH = 1_000
FLUSH_SECONDS = 0.2
"""How long an assignment waits at most for others to be written with."""

MOST_PENDING = 100_000
"""How many wait while the store is away; beyond that the oldest are let go and counted."""

WRITE_SECONDS = 10.0
"""How long the store may take to keep a batch, before it counts as away."""

_LONGEST_PAUSE = 5.0
_MOST_DOUBLINGS = 20

logger = logging.getLogger("variate.assignment")


Key = tuple[str, int, str]
"""Experiment id, version, unit: what one assignment stands for."""


@dataclass(slots=True, eq=False)
class _Wish:
    number: int
    """They are counted as they come, and stay in this order."""
    assignment: Assignment
    lasts: bool = False
    """Whether it is tried again while the store is away: one that somebody only waits for is not."""
    answer: Future[Assignment] | None = None
    waiting: int = 0
    """How many wait for the answer."""

    @property
    def key(self) -> Key:
        return self.assignment.experiment_id, self.assignment.version, self.assignment.unit


class Keeper:
    """Keeps assignments in ``store`` from one thread of its own, which starts with the first.

    ``kept`` is told of each assignment given and the one that stands, ``lost`` of each that is let go. While the store
    is away, what nobody waits for is tried again. However often one is given before it is written, it is written once.
    ``close`` writes what is pending.
    """

    def __init__(
        self,
        store: AssignmentStore,
        kept: Callable[[Assignment, Assignment], None],
        lost: Callable[[Assignment], None],
        *,
        flush_seconds: float = FLUSH_SECONDS,
        most_pending: int = MOST_PENDING,
    ) -> None:
        self._store = store
        self._kept = kept
        self._lost = lost
        self._flush_seconds = flush_seconds
        self._most_pending = most_pending
        self._changed = threading.Condition()
        self._pending: OrderedDict[Key, _Wish] = OrderedDict()
        self._under_way: dict[Key, _Wish] = {}
        self._given = 0
        """How many wishes there were, which is the number of the last."""
        self._urgent = 0
        """Somebody waits for the wishes up to this number: they are tried at once, until a try fails."""
        self._errors = 0
        self._failures = 0
        """How many tries failed since one did not."""
        self._closed = False
        self._writer: threading.Thread | None = None
        self.let_go = 0
        """How many assignments were not kept because the store was away for too long, or refused them."""

    @property
    def pending(self) -> int:
        """How many assignments wait to be written, or are being written."""
        with self._changed:
            return len(self._pending) + len(self._under_way)

    def later(self, assignment: Assignment) -> Assignment:
        """Keep it some time soon. It is durable once ``flush`` or ``close`` returns, at the latest.

        Return the one that is to be kept: where one was given for the unit before, and is not written yet, that one.
        """
        with self._changed:
            wish = self._wish(assignment)
            wish.lasts = True
            if len(self._pending) > self._most_pending:
                self._let_oldest_go()
        return wish.assignment

    def now(self, *assignments: Assignment, seconds: float | None = None) -> list[Assignment]:
        """Keep them, together with what others keep at the moment, and return those that stand, in order. Durable then.

        Raise ``StoreUnavailableError`` where it is not known within so many seconds what stands.
        """
        asked: list[tuple[_Wish, Future[Assignment]]] = []
        with self._changed:
            for each in assignments:
                wish = self._wish(each)
                answer = wish.answer = wish.answer or Future()
                wish.waiting += 1
                self._urgent = max(self._urgent, wish.number)
                asked.append((wish, answer))
            self._changed.notify_all()
        try:
            wait([answer for _, answer in asked], timeout=seconds)
            return [answer.result(0) for _, answer in asked]
        except TimeoutError as error:
            raise StoreUnavailableError("the ledger takes too long to keep an assignment: try again later") from error
        finally:
            with self._changed:
                for wish, answer in asked:
                    wish.waiting -= 1
                    if not wish.waiting and wish.answer is answer:
                        wish.answer = None  # so that it may be let go, as any other that nobody waits for

    def flush(self) -> None:
        """Return once everything given before is kept, whatever others go on giving.

        Raise ``StoreUnavailableError`` where the store is away, and ``StoreError`` where it refuses what is to be kept.
        """
        with self._changed:
            errors, let_go, last = self._errors, self.let_go, self._given
            if self._pending:
                self._urgent = last
                self._have_writer()
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._oldest > last or self._errors > errors)
            if self._oldest <= last:
                raise StoreUnavailableError(f"{self.pending:,} assignments are not kept yet: try again later")
            if self.let_go > let_go:
                raise StoreError(f"{self.let_go - let_go:,} assignments could not be kept")

    def close(self) -> None:
        """Write what is pending and stop. What cannot be written now is let go, counted and logged."""
        with self._changed:
            if self._pending:
                self._have_writer()
            self._closed = True
            self._changed.notify_all()
            writer = self._writer
        if writer is not None:
            writer.join()

    @property
    def _oldest(self) -> int:
        """The number of the oldest wish that is not kept yet; above every number where there is none."""
        oldest = next(chain(self._under_way.values(), self._pending.values()), None)
        return self._given + 1 if oldest is None else oldest.number

    @property
    def _is_urgent(self) -> bool:
        first = next(iter(self._pending.values()), None)
        return first is not None and first.number <= self._urgent

    def _wish(self, assignment: Assignment) -> _Wish:
        """Return what is pending or under way for this unit, else a new wish, which is pending then."""
        wish = _Wish(self._given + 1, assignment)
        key = wish.key
        there = self._under_way.get(key) or self._pending.setdefault(key, wish)
        if there is wish:
            self._given += 1
            if len(self._pending) in (1, BATCH):
                self._changed.notify_all()
        self._have_writer()
        return there

    def _have_writer(self) -> None:
        if self._writer is None or not self._writer.is_alive():
            self._closed = False
            self._writer = threading.Thread(target=self._write, name="variate-ledger", daemon=True)
            self._writer.start()

    def _write(self) -> None:
        while batch := self._next():
            try:
                self._keep(batch)
            except VariateError as error:
                transient = isinstance(error, StoreUnavailableError)
                if not transient:
                    logger.log(logging.ERROR, "assignments were not kept: %s", error)
                elif not self._failures:
                    logger.warning("assignments cannot be kept for now, and wait: %s", error)
                with self._changed:
                    self._failed(error, again=transient)
                    if self._closed:
                        self._let_all_go(error)
            except BaseException as unforeseen:  # whoever waits must not wait for ever
                with self._changed:
                    self._failed(unforeseen, again=False)
                    self._writer = None
                raise

    def _next(self) -> list[_Wish]:
        """Wait for a batch that is due, and take it; an empty one ends the thread."""
        with self._changed:
            self._changed.wait_for(lambda: self._pending or self._closed)
            pause = self._flush_seconds
            if self._failures:
                pause = min(_LONGEST_PAUSE, self._flush_seconds * 2 ** min(self._failures, _MOST_DOUBLINGS))
            self._changed.wait_for(
                lambda: self._is_urgent or self._closed or (len(self._pending) >= BATCH and not self._failures), pause
            )
            batch = [self._pending.popitem(last=False)[1] for _ in range(min(BATCH, len(self._pending)))]
            self._under_way = {wish.key: wish for wish in batch}
            if not batch:
                self._writer = None
            return batch

    def _keep(self, batch: list[_Wish]) -> None:
        # In the order of units, which an index takes fastest; it also spares two writers a deadlock.
        batch.sort(key=lambda wish: wish.assignment.unit)
        with within(WRITE_SECONDS):
            standing = self._store.keep([wish.assignment for wish in batch])
        for wish, stands in zip(batch, standing, strict=True):
            self._kept(wish.assignment, stands)
        with self._changed:
            self._under_way = {}
            self._failures = 0
            for wish, stands in zip(batch, standing, strict=True):
                if wish.answer is not None:
                    wish.answer.set_result(stands)
            self._changed.notify_all()

    def _failed(self, error: BaseException, *, again: bool) -> None:
        """Have what was under way pending again, or let it go, and tell everybody who waits for anything.

        Also those whose turn did not come: while the store is away it would not.
        """
        batch, self._under_way = self._under_way, {}
        self._urgent = 0
        self._errors += 1
        self._failures += 1
        self._answer(chain(batch.values(), self._pending.values()), error)
        for key in [key for key, wish in self._pending.items() if not wish.lasts]:
            del self._pending[key]
        if again:
            for key, wish in reversed(batch.items()):
                if wish.lasts:
                    self._pending[key] = wish
                    self._pending.move_to_end(key, last=False)
        else:
            self._let_go(batch.values())
        self._changed.notify_all()

    def _answer(self, wishes: Iterable[_Wish], error: BaseException) -> None:
        for wish in wishes:
            if wish.answer is not None:
                wish.answer.set_exception(error)
                wish.answer = None

    def _let_go(self, wishes: Iterable[_Wish]) -> None:
        for wish in wishes:
            if wish.lasts:
                self.let_go += 1
                self._lost(wish.assignment)

    def _let_oldest_go(self) -> None:
        oldest = next((wish for wish in self._pending.values() if wish.answer is None), None)
        if oldest is None:
            return  # somebody waits for each of them
        del self._pending[oldest.key]
        if self.let_go == 0:
            logger.error("the ledger is away for too long: the oldest assignments are let go, and counted")
        self._let_go([oldest])

    def _let_all_go(self, error: VariateError) -> None:
        logger.error("%s assignments were let go: %s", len(self._pending), error)
        self._let_go(self._pending.values())
        self._pending.clear()
