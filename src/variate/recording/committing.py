"""Group commit: events of many senders are written together, and each sender is answered when its own are durable.

A commit waits for the disk or the network, whatever it holds; so what comes in meanwhile goes into the next one.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field
from typing import Any

from variate.errors import InvalidInputError, StoreUnavailableError
from variate.model import Event, Verdict
from variate.patience import within
from variate.recording.batch import Batch, Outcome, Reader
from variate.stores.events import EventStore

logger = logging.getLogger("variate.intake")

GROUP = 2_000
"""Most events in one call of the store, but for a sender's own that are more: beyond it a call gains nothing more."""
RETRY_SECONDS = 1.0
"""How soon after a failure one sender's events are let through, to see whether the store is back."""
WRITE_SECONDS = 30.0
"""How long a call of the store may take at all: a writer is not to hang for as long as a server does."""
STALLED_SECONDS = 3.0
"""How long a call of the store may take before further senders are asked to come back."""
_REFUSED_IN_A_ROW = 3
"""So many senders' events refused one after another are no fault of theirs: the others are told to come back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntakeStatus:
    """``waiting`` events are taken and not answered, of at most ``limit``; ``away`` says that the store failed last."""

    waiting: int
    limit: int
    away: bool


@dataclass(slots=True, eq=False)
class _Sender:
    batch: Batch
    answer: Future[list[Verdict]] = field(default_factory=Future)

    def settle(self, outcomes: Iterable[Outcome]) -> None:
        self._give(lambda: self.answer.set_result(self.batch.verdicts(outcomes)))

    def fail(self, error: Exception) -> None:
        self._give(lambda: self.answer.set_exception(error))

    def _give(self, give: Callable[[], None]) -> None:
        try:
            give()
        except InvalidStateError:
            logger.debug("events were written after their sender was told that they may not be")


class GroupCommit:
    """Writes what ``submit`` is given to ``store``, in at most ``writers`` calls at once, from threads of its own.

    At most ``waiting`` events are taken that are not answered yet. While the store is away, senders are told at once;
    every second one sender's events are tried, and the first that are stored end it. Safe to share among threads.
    """

    def __init__(
        self,
        *,
        reader: Reader,
        store: EventStore,
        writers: int,
        waiting: int,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reader = reader
        self._store = store
        self._writers = writers
        self._limit = waiting
        self._now = now
        self._changed = threading.Condition()
        self._queue: deque[_Sender] = deque()
        self._waiting = 0
        self._writing: dict[int, tuple[float, Sequence[_Sender]]] = {}
        self._threads: list[threading.Thread] = []
        self._retry_at: float | None = None
        self._probing = False
        self._closed = False

    def submit(self, events: Iterable[Mapping[str, Any]]) -> Future[list[Verdict]]:
        """Take the events, dicts as ``batch_create_events`` takes them; return a future of their verdicts, in order.

        It is done when those that are accepted, or duplicates, are durable. It raises ``StoreUnavailableError`` where
        they may not be, and so does this where they cannot be taken now: then send the same events again, and those
        that were given an ``id`` are not counted twice. Waits for no store.
        """
        if isinstance(events, (str, bytes, Mapping)) or not isinstance(events, Iterable):
            raise InvalidInputError("events", "must be a list of dicts")
        sender = _Sender(self._reader.read(events))
        sender.answer.set_running_or_notify_cancel()  # so that nobody can cancel what is being written
        if not sender.batch.events:
            sender.settle(())
            return sender.answer
        with self._changed:
            self._admit(len(sender.batch.events))
            self._queue.append(sender)
            self._waiting += len(sender.batch.events)
            if len(self._threads) < self._writers and len(self._writing) == len(self._threads):
                self._start_writer()
            self._changed.notify()
        return sender.answer

    def status(self) -> IntakeStatus:
        """Return how much waits, and whether the store is away."""
        return IntakeStatus(waiting=self._waiting, limit=self._limit, away=self._retry_at is not None)

    def close(self, *, timeout_seconds: float) -> None:
        """Take no more, write what waits, and answer everybody: after the timeout, that it may not be stored.

        Safe to repeat.
        """
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        end = time.monotonic() + timeout_seconds
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        with self._changed:
            unanswered = [*self._queue, *(each for _, group in self._writing.values() for each in group)]
            self._queue.clear()
        for sender in unanswered:
            sender.fail(StoreUnavailableError("the process ends before the events were stored: send them again"))

    def _admit(self, count: int) -> None:
        """Raise ``StoreUnavailableError`` unless so many events are taken now."""
        if self._closed:
            raise StoreUnavailableError("the process ends and takes no more events: send them again")
        if self._waiting and self._waiting + count > self._limit:
            raise StoreUnavailableError(f"{self._waiting} events wait to be stored: send these again later")
        if self._retry_at is not None:
            if self._probing or self._now() < self._retry_at:
                raise StoreUnavailableError("the store of events did not answer lately and is not asked for now")
            self._probing = True
        elif len(self._writing) == self._writers and self._now() - self._oldest_call() > STALLED_SECONDS:
            raise StoreUnavailableError("the store of events does not answer: send them again later")

    def _oldest_call(self) -> float:
        """Return when the call that has gone on for longest began."""
        return min(began for began, _ in self._writing.values())

    def _start_writer(self) -> None:
        number = len(self._threads)
        thread = threading.Thread(
            target=self._write_groups, args=(number,), name=f"variate-intake-{number}", daemon=True
        )
        self._threads.append(thread)
        thread.start()

    def _write_groups(self, number: int) -> None:
        while group := self._next_group(number):
            try:
                self._write(group)
            except Exception as error:  # a thread that ended would leave its senders, and those to come, waiting
                logger.exception("what became of events cannot be told")
                for sender in group:
                    sender.fail(error)
            finally:
                with self._changed:
                    del self._writing[number]
                    self._waiting -= sum(len(sender.batch.events) for sender in group)

    def _next_group(self, number: int) -> Sequence[_Sender]:
        """Return the senders whose events are written next, once there are any; none when this is closed."""
        with self._changed:
            while not self._queue:
                if self._closed:
                    return ()
                self._changed.wait()
            group = [self._queue.popleft()]
            size = len(group[0].batch.events)
            while self._queue and size + len(self._queue[0].batch.events) <= GROUP:
                group.append(self._queue.popleft())
                size += len(group[-1].batch.events)
            self._writing[number] = (self._now(), group)
            return group

    def _write(self, group: Sequence[_Sender]) -> None:
        """Write the group's events and answer its senders; raises nothing."""
        events = [event for sender in group for event in sender.batch.events]
        try:
            outcomes = self._outcomes(events)
        except StoreUnavailableError as error:
            self._give_up(group, error)
        except Exception as error:  # noqa: BLE001 - whatever it is, its senders wait to be told, and others follow
            self._answered()
            if len(group) == 1:
                group[0].fail(error)
            else:
                self._write_apart(group)
        else:
            self._answered()
            start = 0
            for sender in group:
                end = start + len(sender.batch.events)
                sender.settle(outcomes[start:end])
                start = end

    def _write_apart(self, group: Sequence[_Sender]) -> None:
        """Write each sender's events by themselves, so that what is wrong with one's is told to that one alone."""
        refused = 0
        for place, sender in enumerate(group):
            try:
                sender.settle(self._outcomes(sender.batch.events))
                refused = 0
            except StoreUnavailableError as error:
                self._give_up(group[place:], error)
                return
            except Exception as error:  # noqa: BLE001 - whatever it is, this sender is told, and others follow
                sender.fail(error)
                refused += 1
                if refused == _REFUSED_IN_A_ROW:
                    self._give_up(group[place + 1 :], StoreUnavailableError(f"the store refuses events: {error}"))
                    return

    def _outcomes(self, events: Sequence[Event]) -> Sequence[Outcome]:
        """Return what becomes of each event; one that the store cannot hold, as when it is too long sealed, is told."""
        try:
            with within(WRITE_SECONDS):
                return self._store.append(events, at=self._reader.clock())
        except InvalidInputError as error:
            if len(events) == 1:
                return [error]
        middle = len(events) // 2
        return [*self._outcomes(events[:middle]), *self._outcomes(events[middle:])]

    def _answered(self) -> None:
        if self._retry_at is None:
            return
        with self._changed:
            self._retry_at = None
            self._probing = False
        logger.warning("the store of events answers again")

    def _give_up(self, group: Iterable[_Sender], error: StoreUnavailableError) -> None:
        """Tell these senders and all that wait that the store is away: none of them is to wait for it in turn."""
        with self._changed:
            is_news = self._retry_at is None
            self._retry_at = self._now() + RETRY_SECONDS
            self._probing = False
            queued = list(self._queue)
            self._queue.clear()
            self._waiting -= sum(len(sender.batch.events) for sender in queued)
        if is_news:
            logger.warning("events cannot be stored, their senders are told so: %s", error)
        for sender in (*group, *queued):
            sender.fail(error)
