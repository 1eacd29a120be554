"""The keeper: writes assignments in batches, off the caller's path or while several callers wait together."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from itertools import chain
from typing import NamedTuple

from variate.errors import StoreError, StoreUnavailableError, VariateError
from variate.model import Assignment
from variate.stores.ports import AssignmentStore

BATCH = 1_000
FLUSH_SECONDS = 0.2
"""How long an assignment waits at most for others to be written with."""

MOST_PENDING = 100_000
"""How many wait while the store is away; beyond that the oldest are let go and counted."""

_LONGEST_PAUSE = 5.0
_MOST_DOUBLINGS = 20

logger = logging.getLogger("variate.assignment")


class _Wish(NamedTuple):
    number: int
    """They are counted as they are given, and kept in this order."""
    assignment: Assignment
    answer: Future[Assignment] | None


class Keeper:
    """Keeps assignments in ``store`` from one thread of its own, which starts with the first.

    ``kept`` is told of each assignment given and the one that stands. While the store is away, what nobody waits for is
    tried again. ``close`` writes what is pending.
    """

    def __init__(
        self,
        store: AssignmentStore,
        kept: Callable[[Assignment, Assignment], None],
        *,
        flush_seconds: float = FLUSH_SECONDS,
        most_pending: int = MOST_PENDING,
    ) -> None:
        self._store = store
        self._kept = kept
        self._flush_seconds = flush_seconds
        self._most_pending = most_pending
        self._changed = threading.Condition()
        self._pending: deque[_Wish] = deque()
        self._under_way: list[_Wish] = []
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

    def later(self, assignment: Assignment) -> None:
        """Keep it some time soon. It is durable once ``flush`` or ``close`` returns, at the latest."""
        with self._changed:
            if len(self._pending) >= self._most_pending:
                self._let_oldest_go()
            self._add(assignment)

    def now(self, assignment: Assignment) -> Assignment:
        """Keep it, together with what others keep at the moment, and return the one that stands. Durable then."""
        answer: Future[Assignment] = Future()
        with self._changed:
            self._add(assignment, answer)
            self._urgent = self._given
        return answer.result()

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
        oldest = next(chain(self._under_way, self._pending), None)
        return self._given + 1 if oldest is None else oldest.number

    @property
    def _is_urgent(self) -> bool:
        return bool(self._pending) and self._pending[0].number <= self._urgent

    def _add(self, assignment: Assignment, answer: Future[Assignment] | None = None) -> None:
        self._given += 1
        self._pending.append(_Wish(self._given, assignment, answer))
        self._have_writer()
        if answer is not None or len(self._pending) == BATCH or len(self._pending) == 1:
            self._changed.notify_all()

    def _have_writer(self) -> None:
        if self._writer is None or not self._writer.is_alive():
            self._closed = False
            self._writer = threading.Thread(target=self._write, name="variate-ledger", daemon=True)
            self._writer.start()

    def _write(self) -> None:
        while batch := self._next():
            try:
                error = self._keep(batch)
            except BaseException as unforeseen:  # whoever waits must not wait for ever
                with self._changed:
                    self.let_go += sum(wish.answer is None for wish in batch)
                    self._failed(batch, unforeseen)
                    self._writer = None
                raise
            with self._changed:
                self._under_way = []
                if error is None:
                    self._failures = 0
                elif self._closed:
                    self._let_all_go(error)
                self._changed.notify_all()

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
            batch = [self._pending.popleft() for _ in range(min(BATCH, len(self._pending)))]
            self._under_way = batch
            if not batch:
                self._writer = None
            return batch

    def _keep(self, batch: list[_Wish]) -> VariateError | None:
        """Keep the batch; return the error where that failed, with what nobody waits for pending again."""
        # In the order of units, which an index takes fastest; it also spares two writers a deadlock.
        in_order = sorted(batch, key=lambda wish: wish.assignment.unit)
        try:
            standing = self._store.keep([wish.assignment for wish in in_order])
        except VariateError as error:
            transient = isinstance(error, StoreUnavailableError)
            logger.log(logging.WARNING if transient else logging.ERROR, "assignments were not kept: %s", error)
            with self._changed:
                if transient:
                    self._pending.extendleft(reversed([wish for wish in batch if wish.answer is None]))
                else:
                    self.let_go += sum(wish.answer is None for wish in batch)
                self._failed(batch, error)
            return error
        for wish, stands in zip(in_order, standing, strict=True):
            self._kept(wish.assignment, stands)
            if wish.answer is not None:
                wish.answer.set_result(stands)
        return None

    def _failed(self, batch: list[_Wish], error: BaseException) -> None:
        """Tell everybody who waits, also those whose turn did not come: while the store is away it would not."""
        self._under_way = []
        self._urgent = 0
        self._errors += 1
        self._failures += 1
        self._answer([*batch, *(wish for wish in self._pending if wish.answer is not None)], error)
        self._pending = deque(wish for wish in self._pending if wish.answer is None)
        self._changed.notify_all()

    def _answer(self, batch: list[_Wish], error: BaseException) -> None:
        for wish in batch:
            if wish.answer is not None and not wish.answer.done():
                wish.answer.set_exception(error)

    def _let_oldest_go(self) -> None:
        place = next((place for place, wish in enumerate(self._pending) if wish.answer is None), None)
        if place is None:
            return  # somebody waits for each of them
        del self._pending[place]
        if self.let_go == 0:
            logger.error("the ledger is away for too long: the oldest assignments are let go, and counted")
        self.let_go += 1

    def _let_all_go(self, error: VariateError) -> None:
        logger.error("%s assignments were let go: %s", len(self._pending), error)
        self.let_go += sum(wish.answer is None for wish in self._pending)
        self._answer(list(self._pending), error)
        self._pending.clear()
