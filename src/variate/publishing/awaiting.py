"""Messages that were carried out and wait for a snapshot that tells of them."""

from __future__ import annotations

from collections.abc import Callable

from variate.stores.ports import Outbox

SHORTEST_PAUSE = 0.1
"""How many seconds apart publications are at least, where they are quick."""

_SHARE = 5
"""Publishing takes at most one in so many parts of a busy process's time."""


class Awaiting:
    """What is to be settled after the next publication, and when that is due. Guarded by the relay's lock.

    ``publish`` returns whether there was anything to do: where nothing is served, the next one need not wait.
    """

    def __init__(self, publish: Callable[[], bool], *, monotonic: Callable[[], float]) -> None:
        self._publish = publish
        self._monotonic = monotonic
        self._outboxes: dict[str, Outbox] = {}
        self._due = monotonic()

    def __len__(self) -> int:
        return len(self._outboxes)

    def __contains__(self, message_id: object) -> bool:
        return message_id in self._outboxes

    def add(self, message_id: str, outbox: Outbox) -> None:
        """Have this message settled after the next publication."""
        self._outboxes[message_id] = outbox

    def seconds_to_wait(self) -> float:
        """Return how long to wait until the next publication: 0 where it is due."""
        return max(0.0, self._due - self._monotonic())

    def publish(self) -> int:
        """Publish, settle what waited for it, and return how many that were. What fails leaves all waiting."""
        start = self._monotonic()
        was_due = self._publish()
        end = self._monotonic()
        self._due = end + (max(SHORTEST_PAUSE, _SHARE * (end - start)) if was_due else 0.0)
        told, self._outboxes = self._outboxes, {}
        for outbox in set(told.values()):
            outbox.settle([message_id for message_id, holder in told.items() if holder is outbox])
        return len(told)
