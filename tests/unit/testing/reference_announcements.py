"""Announcements that are obviously right."""

from __future__ import annotations

from threading import Condition

from variate.model.rules import check_id
from variate.stores.limits import check_announcement, check_timeout


class ReferenceSubscription:
    """It looks for itself in the list of all that was ever announced."""

    def __init__(self, announcements: ReferenceAnnouncements, channel: str) -> None:
        self.changed = announcements.changed
        self.said = announcements.said
        self.channel = check_id("channel", channel)
        self.place = len(self.said)
        self.closed = False

    def next(self, *, timeout_seconds: float) -> str | None:
        with self.changed:
            self.changed.wait_for(lambda: self.closed or self.found(), check_timeout(timeout_seconds))
            if self.closed or not self.found():
                return None
            self.place += 1
            return self.said[self.place - 1][1]

    def close(self) -> None:
        with self.changed:
            self.closed = True
            self.changed.notify_all()

    def found(self) -> bool:
        """Go on to the next message that is for this one, and return whether there is one."""
        while self.place < len(self.said) and not self.concerns(self.said[self.place][0]):
            self.place += 1
        return self.place < len(self.said)

    def concerns(self, channel: str) -> bool:
        return channel == self.channel


class ReferenceAnnouncements:
    subscription: type[ReferenceSubscription] = ReferenceSubscription

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []
        self.changed = Condition()

    def announce(self, channel: str, text: str) -> None:
        check_announcement(channel, text)
        with self.changed:
            self.said.append((channel, text))
            self.changed.notify_all()

    def listen(self, channel: str) -> ReferenceSubscription:
        return self.subscription(self, channel)
