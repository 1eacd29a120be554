"""The part of the suite of ``EventStore`` that asks for the newest events."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from variate.stores.events import EventStore, NewestEvents
from variate.testing.builders import build_event
from variate.testing.clocks import START


class FindsTheNewest:
    """``EventStoreConformance`` has these tests."""

    def test_the_newest_come_most_recent_first_then_by_id(self, store: EventStore) -> None:
        moments = [START + timedelta(seconds=number // 3) for number in range(60)]
        given = [build_event(f"id-{number * 7 % 60:02}", at=moment) for number, moment in enumerate(moments)]
        store.append(given, at=START)
        in_order = sorted(given, key=lambda event: event.id)
        in_order.sort(key=lambda event: event.at, reverse=True)
        for limit in (1, 7, 60):
            found = _newest(store, limit=limit)
            assert (list(found.events), found.is_cut) == (in_order[:limit], False)
        least, most = START + timedelta(seconds=3), START + timedelta(seconds=9)
        within = _newest(store, start=least, end=most)
        assert list(within.events) == [each for each in in_order if least <= each.at < most]
        assert _newest(store, start=most, end=most) == NewestEvents(events=())

    def test_the_newest_are_of_what_is_asked_for_and_stand(self, store: EventStore) -> None:
        second = timedelta(seconds=1)
        store.append(
            [
                build_event("a", event_type="order", experiment_id="x", at=START),
                build_event("b", event_type="order", experiment_id="y", at=START + second),
                build_event("c", event_type="visit", experiment_id="y", at=START + 2 * second),
                build_event("d", event_type="order", at=START + 3 * second, expires_at=START + 9 * second),
            ],
            at=START,
        )

        def ids(**asked: str) -> str:
            return "".join(each.id for each in _newest(store, at=START + 9 * second, **asked).events)

        assert ids() == "cba"
        assert ids(event_type="order") == "ba"
        assert ids(experiment_id="y") == "cb"
        assert ids(experiment_id="y", event_type="order") == "b"
        assert ids(event_type="nothing") == ""

    def test_a_rare_type_is_found_among_many_and_not_beyond_the_bound(self, store: EventStore) -> None:
        many = [build_event(f"id-{number:03}", at=START + timedelta(seconds=number)) for number in range(320)]
        rare = build_event("rare", event_type="rare", at=START)
        store.append([*many, rare], at=START)
        found = _newest(store, event_type="rare", among=5_000)
        assert (found.events, found.is_cut) == ((rare,), False)
        cut = _newest(store, event_type="rare", among=32)
        assert (cut.events, cut.is_cut) == ((), True)
        full = _newest(store, limit=2, among=320)
        assert ([each.id for each in full.events], full.is_cut) == (["id-319", "id-318"], False)


def _newest(store: EventStore, **asked: Any) -> NewestEvents:
    end = START + timedelta(hours=1)
    return store.newest(**{"start": START, "end": end, "at": START, "limit": 100, "among": 5_000, **asked})
