"""Announcements in memory: one who does not keep up is told so, and harms nobody."""

from __future__ import annotations

from contextlib import closing

import pytest

from variate.errors import InvalidInputError, StoreUnavailableError
from variate.stores.memory import MemoryAnnouncements
from variate.testing.conformance.announcements import Waiting, hear


def test_as_many_as_may_wait_are_heard() -> None:
    announcements = MemoryAnnouncements(max_waiting=3)
    with closing(announcements.listen("channel")) as subscription:
        for _ in range(2):
            for text in ("a", "b", "c"):
                announcements.announce("channel", text)
            assert hear(subscription, 3) == ["a", "b", "c"]


def test_at_one_more_it_is_said_ever_after_that_some_were_missed_and_the_others_miss_nothing() -> None:
    announcements = MemoryAnnouncements(max_waiting=3)
    with closing(announcements.listen("channel")) as slow, closing(announcements.listen("channel")) as quick:
        for text in ("a", "b", "c", "d", "e"):
            announcements.announce("channel", text)
            assert hear(quick) == [text]
        for _ in range(3):
            with pytest.raises(StoreUnavailableError, match="more than 3 announcements waited and are gone"):
                slow.next(timeout_seconds=60)
        slow.close()
        assert slow.next(timeout_seconds=60) is None
    with closing(announcements.listen("channel")) as anew:
        announcements.announce("channel", "f")
        assert hear(anew) == ["f"]


def test_one_that_nobody_asks_and_nobody_closed_is_let_go_when_it_is_full() -> None:
    announcements = MemoryAnnouncements(max_waiting=1)
    for _ in range(3):
        announcements.listen("channel")
    for _ in range(2):
        announcements.announce("channel", "text")
    assert announcements._listening == {}


def test_a_channel_whose_last_listener_closed_leaves_nothing() -> None:
    announcements = MemoryAnnouncements()
    first, second = announcements.listen("channel"), announcements.listen("channel")
    first.close()
    first.close()
    assert announcements._listening == {"channel": [second]}
    second.close()
    assert announcements._listening == {}


def test_who_waits_may_wait_longer_than_a_lock_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("threading.TIMEOUT_MAX", 100.0)
    announcements = MemoryAnnouncements()
    with closing(announcements.listen("channel")) as subscription:
        told = Waiting(lambda: subscription.next(timeout_seconds=1_000_000_000))
        announcements.announce("channel", "text")
        assert told.result() == "text"


@pytest.mark.parametrize("max_waiting", [0, 1.5, True, None])
def test_room_for_nothing_is_refused(max_waiting: int) -> None:
    with pytest.raises(InvalidInputError, match="max_waiting"):
        MemoryAnnouncements(max_waiting=max_waiting)
