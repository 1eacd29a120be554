"""Announcements with one fault each."""

from __future__ import annotations

import unicodedata
from fnmatch import fnmatchcase

from tests.unit.testing.reference_announcements import ReferenceAnnouncements, ReferenceSubscription
from tests.unit.testing.rivals import Rivals
from variate.stores.limits import check_announcement


class TellsTwice(ReferenceAnnouncements):
    def announce(self, channel: str, text: str) -> None:
        super().announce(channel, text)
        super().announce(channel, text)


class TellsTheNewestFirst(ReferenceAnnouncements):
    def announce(self, channel: str, text: str) -> None:
        with self.changed:
            self.said.insert(0, (channel, text))


class ListensOnceForAll(ReferenceAnnouncements):
    """What one has heard is gone for the others, and when one closes it ends for all."""

    def __init__(self) -> None:
        super().__init__()
        self.only = super().listen("channel")

    def listen(self, channel: str) -> ReferenceSubscription:
        return self.only


class CutsLongText(ReferenceAnnouncements):
    def announce(self, channel: str, text: str) -> None:
        super().announce(channel, text[:8_000])


class TakesAlikeChannelsForOne(ReferenceAnnouncements):
    def announce(self, channel: str, text: str) -> None:
        super().announce(unicodedata.normalize("NFC", channel), text)

    def listen(self, channel: str) -> ReferenceSubscription:
        return super().listen(unicodedata.normalize("NFC", channel))


class RefusesWhatItHasTold(ReferenceAnnouncements):
    def announce(self, channel: str, text: str) -> None:
        with self.changed:
            self.said.append((channel, text))
        check_announcement(channel, text)


class LosesWhatIsAnnouncedAtOnce(ReferenceAnnouncements):
    def __init__(self) -> None:
        super().__init__()
        self.rivals = Rivals(20)

    def announce(self, channel: str, text: str) -> None:
        before = list(self.said)
        self.rivals.have_looked()
        with self.changed:
            self.said[:] = [*before, (channel, text)]


class KeepsWhatWasSaidBefore(ReferenceAnnouncements):
    class subscription(ReferenceSubscription):  # noqa: N801 - the attribute that it takes the place of
        def __init__(self, announcements: ReferenceAnnouncements, channel: str) -> None:
            super().__init__(announcements, channel)
            self.place = 0


class BeginsWhenFirstAsked(ReferenceAnnouncements):
    class subscription(ReferenceSubscription):  # noqa: N801
        asked = False

        def next(self, *, timeout_seconds: float) -> str | None:
            if not self.asked:
                self.asked, self.place = True, len(self.said)
            return super().next(timeout_seconds=timeout_seconds)


class TakesChannelsForPatterns(ReferenceAnnouncements):
    class subscription(ReferenceSubscription):  # noqa: N801
        def concerns(self, channel: str) -> bool:
            return fnmatchcase(channel, self.channel)


class TakesEmptyForNothing(ReferenceAnnouncements):
    class subscription(ReferenceSubscription):  # noqa: N801
        def next(self, *, timeout_seconds: float) -> str | None:
            return super().next(timeout_seconds=timeout_seconds) or None


class StopsWhenNothingCame(ReferenceAnnouncements):
    class subscription(ReferenceSubscription):  # noqa: N801
        def next(self, *, timeout_seconds: float) -> str | None:
            text = super().next(timeout_seconds=timeout_seconds)
            self.closed = text is None
            return text


class DoesNotWait(ReferenceAnnouncements):
    class subscription(ReferenceSubscription):  # noqa: N801
        def next(self, *, timeout_seconds: float) -> str | None:
            return super().next(timeout_seconds=0 * timeout_seconds)


class ClosesInSilence(ReferenceAnnouncements):
    class subscription(ReferenceSubscription):  # noqa: N801
        def close(self) -> None:
            self.closed = True


class WakesOneOfThem(ReferenceAnnouncements):
    class subscription(ReferenceSubscription):  # noqa: N801
        def close(self) -> None:
            with self.changed:
                self.closed = True
                self.changed.notify()


class SpeaksAfterItsEnd(ReferenceAnnouncements):
    class subscription(ReferenceSubscription):  # noqa: N801
        def close(self) -> None:
            pass


class WaitsAfterItsEnd(ReferenceAnnouncements):
    class subscription(ReferenceSubscription):  # noqa: N801
        def next(self, *, timeout_seconds: float) -> str | None:
            if self.closed:
                with self.changed:
                    self.changed.wait(timeout_seconds)
            return super().next(timeout_seconds=timeout_seconds)


class TellsAllWhoAsk(ReferenceAnnouncements):
    """Of several threads that ask one subscription, more than one gets the same message."""

    class subscription(ReferenceSubscription):  # noqa: N801
        def next(self, *, timeout_seconds: float) -> str | None:
            place = self.place
            text = super().next(timeout_seconds=timeout_seconds)
            self.place = place + 1
            return text
