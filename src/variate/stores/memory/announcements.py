"""Announcements in memory."""

from __future__ import annotations

import threading
from collections import deque

from variate.errors import StoreUnavailableError
from variate.model.rules import check_id, check_whole
from variate.stores.limits import check_announcement, check_timeout


class MemoryAnnouncements:
    """``Announcements`` within this process alone.

    At most ``max_waiting`` messages wait for a listener. At one more all of them are let go, and ``next`` says so.
    """

    def __init__(self, *, max_waiting: int = 1_000) -> None:
        self._max_waiting = check_whole("max_waiting", max_waiting, minimum=1, maximum=1_000_000)
        self._lock = threading.Lock()
        self._listening: dict[str, list[MemorySubscription]] = {}

    def announce(self, channel: str, text: str) -> None:
        """Tell whoever listens to ``channel`` now."""
        check_announcement(channel, text)
        with self._lock:
            # A copy, since a listener that is too slow leaves.
            for subscription in self._listening.get(channel, ())[:]:
                subscription.hear(text)

    def listen(self, channel: str) -> MemorySubscription:
        """Begin to listen: what is announced after this returned is heard, in the order it was announced in."""
        check_id("channel", channel)
        with self._lock:
            subscription = MemorySubscription(self, channel, lock=self._lock, max_waiting=self._max_waiting)
            self._listening.setdefault(channel, []).append(subscription)
        return subscription

    def forget(self, subscription: MemorySubscription, channel: str) -> None:
        """Tell this one nothing more. Its caller holds the lock."""
        listening = self._listening.get(channel, [])
        if subscription in listening:
            listening.remove(subscription)
        if not listening:
            self._listening.pop(channel, None)


class MemorySubscription:
    """What one listener of ``MemoryAnnouncements`` hears."""

    def __init__(
        self, announcements: MemoryAnnouncements, channel: str, *, lock: threading.Lock, max_waiting: int
    ) -> None:
        self._announcements = announcements
        self._channel = channel
        self._changed = threading.Condition(lock)
        self._waiting: deque[str] = deque()
        self._max_waiting = max_waiting
        self._closed = False
        self._overrun = False

    def next(self, *, timeout_seconds: float) -> str | None:
        """Return the next message, or None where there is none for that long, or once this is closed.

        Raise ``StoreUnavailableError``, then and ever after, once too many waited.
        """
        longest = min(check_timeout(timeout_seconds), threading.TIMEOUT_MAX)
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed or self._overrun, longest)
            if self._closed:
                return None
            if self._overrun:
                raise StoreUnavailableError(
                    f"more than {self._max_waiting} announcements waited and are gone: listen anew"
                )
            return self._waiting.popleft() if self._waiting else None

    def close(self) -> None:
        """Stop listening, and wake whoever waits in ``next``."""
        with self._changed:
            self._closed = True
            self._leave()

    def hear(self, text: str) -> None:
        """Take what is announced. Its caller holds the lock."""
        if len(self._waiting) < self._max_waiting:
            self._waiting.append(text)
            self._changed.notify()
        else:
            self._overrun = True
            self._leave()

    def _leave(self) -> None:
        self._waiting.clear()
        self._announcements.forget(self, self._channel)
        self._changed.notify_all()
