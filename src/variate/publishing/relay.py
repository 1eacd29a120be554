"""The relay: delivers what one store made durable to the stores that have still to hear of it.

A change is committed once, in the source, with messages of what must follow in its outbox. The relay carries each
message out and then settles it, so after a crash anywhere the next delivery ends what was begun. Every receiver takes
a message twice, late or out of order without harm (it compares revisions or times), so at-least-once is enough.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence

from variate.errors import StoreUnavailableError, VariateError
from variate.model import OutboxMessage
from variate.stores.ports import Outbox

Handler = Callable[[OutboxMessage], None]

_BATCH = 100

logger = logging.getLogger("variate.relay")


class Relay:
    """Delivers the messages of ``outboxes``, oldest first, to the handler of their kind."""

    def __init__(
        self, outboxes: Sequence[Outbox], handlers: Mapping[str, Handler], *, retry_seconds: float = 5.0
    ) -> None:
        self._outboxes = outboxes
        self._handlers = handlers
        self._retry_seconds = retry_seconds
        self._delivering = threading.Lock()
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
            self.deliver()
        except VariateError:
            logger.exception("delivery failed; what is pending stays pending")

    def deliver(self) -> int:
        """Deliver what is pending and return how many messages were settled.

        A message whose store cannot be reached stays pending, and so does what follows it in its outbox; this process
        tries again after ``retry_seconds``. One that a store refuses stays pending too, is logged, and holds up
        nothing, unless a hundred of them stand at the head of an outbox.
        """
        with self._delivering:
            self._unreached = False
            counts = [self._drain(outbox) for outbox in self._outboxes]
            self._put_off = self._unreached
        return sum(counts)

    def backlog(self) -> int:
        """Return how many messages are pending, counting to a hundred in each outbox."""
        return sum(len(outbox.pending(limit=_BATCH)) for outbox in self._outboxes)

    def close(self) -> None:
        """Stop trying again. What is pending stays pending for the next process."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()

    def _drain(self, outbox: Outbox) -> int:
        settled = 0
        try:
            while messages := outbox.pending(limit=_BATCH):
                done: list[str] = []
                try:
                    self._hand_over(messages, done)
                finally:
                    if done:
                        outbox.settle(done)
                        settled += len(done)
                if not done or len(messages) < _BATCH:
                    break
        except StoreUnavailableError as error:
            logger.warning("delivery put off for %s s: %s", self._retry_seconds, error)
            self._unreached = True
            self._try_again()
        return settled

    def _hand_over(self, messages: Sequence[OutboxMessage], done: list[str]) -> None:
        """Carry the messages out and note in ``done`` which are, up to the first whose store is away."""
        for message in messages:
            try:
                self._handlers[message.kind](message)
            except StoreUnavailableError:
                raise
            except (VariateError, KeyError):
                logger.exception("message %s of kind %s was refused", message.id, message.kind)
            else:
                done.append(message.id)

    def _try_again(self) -> None:
        if self._closed or (self._timer is not None and self._timer.is_alive()):
            return
        self._timer = threading.Timer(self._retry_seconds, self._deliver_later)
        self._timer.daemon = True
        self._timer.start()

    def _deliver_later(self) -> None:
        self._timer = None
        if not self._closed:
            self.deliver()
