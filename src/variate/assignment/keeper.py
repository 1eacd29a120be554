"""The keeper: writes assignments in batches, off the caller's path or while several callers wait together."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import NamedTuple

from variate.errors import StoreUnavailableError, VariateError
from variate.model import Assignment
from variate.stores.ports import AssignmentStore

BATCH = 1_000
FLUSH_SECONDS = 0.2
"""How long an assignment waits at most for others to be written with."""

MOST_PENDING = 100_000
"""How many wait while the store is away; beyond that the oldest are let go and counted."""

_LONGEST_PAUSE = 5.0

logger = logging.getLogger("variate.assignment")


class _Wish(NamedTuple):
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
        self._awaited = 0
        self._under_way = 0
        self._failures = 0
        self._closed = False
        self._writer: threading.Thread | None = None
        self.let_go = 0
        """How many assignments were not kept because the store was away for too long."""

    def later(self, assignment: Assignment) -> None:
        """Keep it some time soon. It is durable once ``flush`` or ``close`` returns, at the latest."""
        with self._changed:
            if len(self._pending) >= self._most_pending:
                self._let_oldest_go()
            self._add(_Wish(assignment, None))

    def now(self, assignment: Assignment) -> Assignment:
        """Keep it, together with what others keep at the moment, and return the one that stands. Durable then."""
        answer: Future[Assignment] = Future()
        with self._changed:
            self._awaited += 1
            self._add(_Wish(assignment, answer))
        return answer.result()

    def flush(self) -> None:
        """Return once everything given before is kept; raise ``StoreUnavailableError`` where the store is away."""
        with self._changed:
            self._awaited += 1
            self._changed.notify_all()
            try:
                failures = self._failures
                self._changed.wait_for(lambda: self._is_idle or self._failures > failures)
                if not self._is_idle:
                    raise StoreUnavailableError(f"{len(self._pending):,} assignments are not kept yet: try again later")
            finally:
                self._awaited -= 1

    def close(self) -> None:
        """Write what is pending and stop. What cannot be written now is let go, counted and logged."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            writer = self._writer
        if writer is not None:
            writer.join()

    @property
    def _is_idle(self) -> bool:
        return not self._pending and not self._under_way

    def _add(self, wish: _Wish) -> None:
        self._pending.append(wish)
        if self._writer is None or not self._writer.is_alive():
            self._closed = False
            self._writer = threading.Thread(target=self._write, name="variate-ledger", daemon=True)
            self._writer.start()
        if wish.answer is not None or len(self._pending) == BATCH or len(self._pending) == 1:
            self._changed.notify_all()

    def _write(self) -> None:
        while batch := self._next():
            try:
                error = self._keep(batch)
            except BaseException as unforeseen:  # whoever waits must not wait for ever
                self._answer(batch, unforeseen)
                raise
            with self._changed:
                self._under_way = 0
                self._failures = 0 if error is None else self._failures + 1
                if error is not None and self._closed:
                    self._let_all_go(error)
                self._changed.notify_all()

    def _next(self) -> list[_Wish]:
        """Wait for a batch that is due, and take it; an empty one ends the thread."""
        with self._changed:
            self._changed.wait_for(lambda: self._pending or self._closed)
            pause = self._flush_seconds
            if self._failures:
                pause = min(_LONGEST_PAUSE, self._flush_seconds * 2**self._failures)
            self._changed.wait_for(
                lambda: self._awaited or self._closed or (len(self._pending) >= BATCH and not self._failures), pause
            )
            batch = [self._pending.popleft() for _ in range(min(BATCH, len(self._pending)))]
            self._awaited -= sum(wish.answer is not None for wish in batch)
            self._under_way = len(batch)
            return batch

    def _keep(self, batch: list[_Wish]) -> VariateError | None:
        """Keep the batch; return the error where that failed, with what nobody waits for pending again."""
        # In the order of units, which an index takes fastest; it also spares two writers a deadlock.
        batch.sort(key=lambda wish: wish.assignment.unit)
        try:
            standing = self._store.keep([wish.assignment for wish in batch])
        except VariateError as error:
            transient = isinstance(error, StoreUnavailableError)
            logger.log(logging.WARNING if transient else logging.ERROR, "assignments were not kept: %s", error)
            with self._changed:
                if transient:
                    self._pending.extendleft(reversed([wish for wish in batch if wish.answer is None]))
                else:
                    self.let_go += sum(wish.answer is None for wish in batch)
            self._answer(batch, error)
            return error
        for wish, stands in zip(batch, standing, strict=True):
            self._kept(wish.assignment, stands)
            if wish.answer is not None:
                wish.answer.set_result(stands)
        return None

    def _answer(self, batch: list[_Wish], error: BaseException) -> None:
        for wish in batch:
            if wish.answer is not None and not wish.answer.done():
                wish.answer.set_exception(error)

    def _let_oldest_go(self) -> None:
        oldest = self._pending.popleft()
        if oldest.answer is None:
            self.let_go += 1
        else:
            self._pending.append(oldest)

    def _let_all_go(self, error: VariateError) -> None:
        logger.error("%s assignments were let go: %s", len(self._pending), error)
        self.let_go += sum(wish.answer is None for wish in self._pending)
        for wish in self._pending:
            if wish.answer is not None:
                wish.answer.set_exception(error)
        self._pending.clear()
