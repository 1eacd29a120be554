"""The relay: delivers what one store made durable to the stores that have still to hear of it.

A change is committed once, in the source, with messages of what must follow in its outbox. The relay carries each
message out and then settles it, so after a crash anywhere the next delivery ends what was begun. Every receiver takes
a message twice, late or out of order without harm (it compares revisions or times), so at-least-once is enough.

A message of a changed definition is settled once a snapshot with the change is in force. The first change after a quiet
while is published at once, those that follow closely together: a snapshot holds all definitions, so a publication for
each of a thousand changes would be a thousand times as much work.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence

from variate.errors import StoreUnavailableError, VariateError
from variate.model import OutboxMessage
from variate.publishing.awaiting import Awaiting
from variate.stores.ports import Outbox

Handler = Callable[[OutboxMessage], None]

_BATCH = 100

logger = logging.getLogger("variate.relay")


class Relay:
    """Delivers the messages of ``outboxes``, oldest first, to the handler of their kind.

    ``publishing`` names the kinds after which ``publish`` has to be called; ``deferred`` is told when that is put off.
    """

    def __init__(
        self,
        outboxes: Sequence[Outbox],
        handlers: Mapping[str, Handler],
        *,
        publishing: frozenset[str] = frozenset(),
        publish: Callable[[], bool] = lambda: False,
        deferred: Callable[[], None] = lambda: None,
        retry_seconds: float = 5.0,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._outboxes = outboxes
        self._handlers = handlers
        self._publishing = publishing
        self._deferred = deferred
        self._awaiting = Awaiting(publish, monotonic=monotonic)
        self._retry_seconds = retry_seconds
        self._delivering = threading.RLock()
        self._timer: threading.Timer | None = None
        self._unreached = False
        self._put_off = False
        self._closed = False

    def announce(self) -> None:
        """Deliver what is pending, now that a change is durable: whatever comes of it, the change was made.

        So this raises nothing. While a store is known to be away it does nothing either: whoever makes a change is not
        to wait for that store, and the delivery that was put off carries this change, too.
        """
        if self._put_off:
            return
        try:
            self._deliver(at_once=False)
        except VariateError:
            logger.exception("delivery failed; what is pending stays pending")

    def deliver(self) -> int:
        """Deliver and publish what is pending and return how many messages were settled.

        A message whose store cannot be reached stays pending, and so does what follows it in its outbox; this process
        tries again after ``retry_seconds``. One that a store refuses stays pending too, is logged, and holds up
        nothing, unless a hundred of them stand at the head of an outbox.
        """
        return self._deliver(at_once=True)

    def catch_up(self) -> None:
        """Publish what this process delivered and put off publishing. Raises nothing."""
        with self._delivering:
            if self._awaiting:
                self._publish_awaited(at_once=True)

    def backlog(self) -> int:
        """Return how many messages are pending, counting to a hundred in each outbox."""
        return sum(len(outbox.pending(limit=_BATCH)) for outbox in self._outboxes)

    def close(self) -> None:
        """Publish what was put off, and stop trying again. What is pending stays pending for the next process."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self.catch_up()

    def _deliver(self, *, at_once: bool) -> int:
        with self._delivering:
            self._unreached = False
            settled = sum([self._drain(outbox) for outbox in self._outboxes])
            if self._awaiting:
                settled += self._publish_awaited(at_once=at_once)
            self._put_off = self._unreached
        return settled

    def _drain(self, outbox: Outbox) -> int:
        settled = 0
        try:
            while messages := outbox.pending(limit=_BATCH):
                done: list[str] = []
                try:
                    self._hand_over(outbox, messages, done)
                finally:
                    if done:
                        outbox.settle(done)
                        settled += len(done)
                published = self._publish_awaited(at_once=True) if len(self._awaiting) >= _BATCH else 0
                settled += published
                if not (done or published) or len(messages) < _BATCH:
                    break
        except StoreUnavailableError as error:
            self._unreachable(error)
        return settled

    def _hand_over(self, outbox: Outbox, messages: Sequence[OutboxMessage], done: list[str]) -> None:
        """Carry the messages out and note in ``done`` which are, up to the first whose store is away."""
        for message in messages:
            if message.id in self._awaiting:
                continue
            try:
                self._handlers[message.kind](message)
            except StoreUnavailableError:
                raise
            except (VariateError, KeyError):
                logger.exception("message %s of kind %s was refused", message.id, message.kind)
            else:
                if message.kind in self._publishing:
                    self._awaiting.add(message.id, outbox)
                else:
                    done.append(message.id)

    def _publish_awaited(self, *, at_once: bool) -> int:
        """Publish and settle, or put it off; return how many messages were settled. Raises nothing."""
        wait = 0.0 if at_once else self._awaiting.seconds_to_wait()
        if wait > 0:
            self._deferred()
            self._again_after(wait)
            return 0
        try:
            return self._awaiting.publish()
        except StoreUnavailableError as error:
            self._unreachable(error)
        except VariateError:
            logger.exception("nothing was published; what is pending stays pending")
            self._again_after(self._retry_seconds)
        return 0

    def _unreachable(self, error: StoreUnavailableError) -> None:
        logger.warning("delivery put off for %s s: %s", self._retry_seconds, error)
        self._unreached = True
        self._again_after(self._retry_seconds)

    def _again_after(self, seconds: float) -> None:
        if self._closed or (self._timer is not None and self._timer.is_alive()):
            return
        self._timer = threading.Timer(seconds, self._deliver_later)
        self._timer.daemon = True
        self._timer.start()

    def _deliver_later(self) -> None:
        self._timer = None
        if not self._closed:
            self.deliver()
