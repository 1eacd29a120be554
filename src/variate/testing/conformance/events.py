"""The suite of ``EventStore``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from variate.model import Document, Event, Json, Page, VerdictStatus
from variate.stores.events import EventStore
from variate.testing.builders import build_event
from variate.testing.clocks import START
from variate.testing.conformance.concurrency import together
from variate.testing.conformance.newest_events import FindsTheNewest
from variate.testing.conformance.paging import Fetch, check_newest_first, check_refusals, walk
from variate.testing.conformance.samples import (
    ALIKE,
    TEXTS,
    document_of,
    every_instant,
    every_json,
    every_text,
    plain,
)

SECOND = timedelta(seconds=1)
MICROSECOND = timedelta(microseconds=1)
ACCEPTED, DUPLICATE = VerdictStatus.ACCEPTED, VerdictStatus.DUPLICATE


class EventStoreConformance(FindsTheNewest):
    """Subclass it and provide the fixture ``store``, empty."""

    @pytest.fixture
    def store(self) -> EventStore:
        raise NotImplementedError("provide a fixture `store`: an empty EventStore")

    def test_what_was_appended_is_there(self, store: EventStore) -> None:
        event = build_event(data={"price": 9.5}, experiment_id="e", expires_at=START + timedelta(days=90))
        assert list(store.append([event], at=START)) == [ACCEPTED]
        assert plain(_of_unit(store)) == plain([event])
        assert plain(_window(store)) == plain([event])

    def test_where_nothing_was_appended_there_is_nothing(self, store: EventStore) -> None:
        assert _of_unit(store) == []
        assert _window(store) == []

    def test_an_id_is_accepted_once_and_the_first_event_stands(self, store: EventStore) -> None:
        first = build_event("key", data={"n": 1})
        other = build_event("key", unit="bob", event_type="visit", data={"n": 2}, at=START + SECOND)
        assert list(store.append([first], at=START)) == [ACCEPTED]
        assert list(store.append([other], at=START)) == [DUPLICATE]
        assert list(store.append([first], at=START + timedelta(days=365))) == [DUPLICATE]
        assert plain(_of_unit(store)) == plain([first])
        assert _of_unit(store, "bob") == []
        assert plain(_window(store)) == plain([first])

    def test_a_batch_gives_each_event_its_own_verdict_in_order(self, store: EventStore) -> None:
        events = [build_event(f"event-{number}") for number in range(130)]
        store.append(events[::3], at=START)
        verdicts = store.append(events[::-1], at=START)
        assert list(verdicts) == [DUPLICATE if number % 3 == 0 else ACCEPTED for number in reversed(range(130))]
        assert sorted(each.id for each in _window(store)) == sorted(each.id for each in events)

    def test_the_same_id_twice_in_a_batch_is_accepted_the_first_time(self, store: EventStore) -> None:
        first, other = build_event("key", data=1), build_event()
        batch = [first, other, replace(first, document=Document("2")), first]
        assert list(store.append(batch, at=START)) == [ACCEPTED, ACCEPTED, DUPLICATE, DUPLICATE]
        assert sorted((each.id, each.data) for each in _of_unit(store)) == sorted([(other.id, {}), ("key", 1)])

    def test_an_empty_batch_has_no_verdicts(self, store: EventStore) -> None:
        assert list(store.append([], at=START)) == []

    def test_a_batch_sent_again_is_all_duplicates(self, store: EventStore) -> None:
        batch = [build_event() for _ in range(30)]
        store.append(batch, at=START)
        assert list(store.append(batch, at=START)) == [DUPLICATE] * 30
        assert len(_window(store)) == 30

    def test_of_fifty_appends_of_one_id_exactly_one_is_accepted(self, store: EventStore) -> None:
        mine = [build_event("key", data={"caller": number}) for number in range(50)]
        verdicts = together(50, lambda number: store.append([mine[number]], at=START)[0])
        assert verdicts.count(ACCEPTED) == 1
        assert verdicts.count(DUPLICATE) == 49
        assert plain(_of_unit(store)) == plain([mine[verdicts.index(ACCEPTED)]])

    def test_batches_that_overlap_in_opposite_orders_accept_each_id_once(self, store: EventStore) -> None:
        ids = [f"event-{number}" for number in range(60)]

        def append(number: int) -> Sequence[VerdictStatus]:
            order = ids if number % 2 else ids[::-1]
            return store.append([build_event(each) for each in order], at=START)

        answers = together(8, append)
        assert [verdict for answer in answers for verdict in answer].count(ACCEPTED) == len(ids)
        assert sorted(each.id for each in _window(store)) == sorted(ids)

    def test_it_is_gone_at_the_moment_it_expires_and_not_before(self, store: EventStore) -> None:
        ends = START + SECOND + MICROSECOND
        event = build_event(expires_at=ends)
        store.append([event], at=START)
        for at, found in ((ends - MICROSECOND, [event]), (ends, []), (ends + SECOND, [])):
            assert plain(_of_unit(store, at=at)) == plain(found)
            assert plain(_window(store, at=at)) == plain(found)

    def test_the_id_of_an_expired_event_is_free_again(self, store: EventStore) -> None:
        ends = START + SECOND
        old = build_event("key", data="old", expires_at=ends, unit="ada")
        new = build_event("key", data="new", at=ends, unit="bob")
        store.append([old], at=START)
        assert list(store.append([new], at=ends - MICROSECOND)) == [DUPLICATE]
        assert list(store.append([new, new], at=ends)) == [ACCEPTED, DUPLICATE]
        assert _of_unit(store, "ada", at=START) == []
        assert plain(_window(store, at=ends)) == plain([new])

    def test_of_fifty_appends_over_an_expired_event_exactly_one_is_accepted(self, store: EventStore) -> None:
        ends = START + SECOND
        store.append([build_event("key", expires_at=ends)], at=START)
        mine = [build_event("key", data={"caller": number}) for number in range(50)]
        verdicts = together(50, lambda number: store.append([mine[number]], at=ends)[0])
        assert verdicts.count(ACCEPTED) == 1
        assert plain(_of_unit(store, at=ends)) == plain([mine[verdicts.index(ACCEPTED)]])

    @every_text
    def test_text_comes_back_as_it_was_given(self, store: EventStore, text: str) -> None:
        event = build_event(text, unit=text, event_type=text, experiment_id=text, data={text: text})
        assert list(store.append([event, event], at=START)) == [ACCEPTED, DUPLICATE]
        assert plain(_of_unit(store, text, event_type=text)) == plain([event])
        assert plain(_window(store, experiment_id=text, event_type=text)) == plain([event])

    def test_ids_and_units_that_look_alike_are_different(self, store: EventStore) -> None:
        events = [build_event(each, unit=each) for each in ALIKE]
        assert list(store.append(events, at=START)) == [ACCEPTED] * len(ALIKE)
        assert [[found.id for found in _of_unit(store, each)] for each in ALIKE] == [[each] for each in ALIKE]

    @every_json
    def test_data_comes_back_as_equal_json(self, store: EventStore, value: Json) -> None:
        event = replace(build_event(), document=Document.of(value, field="data"))
        store.append([event], at=START)
        assert plain(_of_unit(store)) == plain([event])
        assert plain(_window(store)) == plain([event])

    def test_the_greatest_event_there_can_be_is_held(self, store: EventStore) -> None:
        text = TEXTS["1 KB of emoji"]
        event = build_event(text, unit=text, event_type=text, experiment_id=text, expires_at=START + SECOND)
        event = replace(event, document=document_of())
        store.append([event], at=START)
        store.append([replace(event, id=f"{number}") for number in range(3)], at=START)
        assert plain(_of_unit(store, text)[-1].document) == plain(event.document)
        assert len(_window(store)) == 4

    @every_instant
    def test_times_come_back_to_the_microsecond(self, store: EventStore, instant: datetime) -> None:
        event = build_event(at=instant)
        store.append([event], at=START)
        assert plain(_of_unit(store, start=instant, end=instant)) == plain([event])
        if instant.year < 9999:
            assert plain(_window(store, start=instant, end=instant + MICROSECOND)) == plain([event])

    def test_an_experiment_and_an_end_that_are_not_there_stay_so(self, store: EventStore) -> None:
        store.append([build_event()], at=START)
        found = _of_unit(store)[0]
        assert (found.experiment_id, found.expires_at) == (None, None)

    def test_a_numbered_event_keeps_its_sender_and_its_number(self, store: EventStore) -> None:
        text = TEXTS["1 KB of emoji"]
        first, last = build_event("first", sender="web-1", number=1), build_event("last", sender=text, number=2**53)
        store.append([first], at=START)
        store.append([last, build_event("neither")], at=START)
        assert plain(sorted(_window(store), key=_id)[:2]) == plain([first, last])
        assert [(each.sender, each.number) for each in _of_unit(store)][2] == (None, None)

    def test_of_unit_has_the_most_recent_first_and_then_goes_by_id(self, store: EventStore) -> None:
        events = _twenty_five()
        store.append(events, at=START)
        store.append([build_event(unit="bob")], at=START)
        for limit in (1, 7, 25, 1_000):
            found = walk(_fetch_of_unit(store), limit=limit)
            check_newest_first(found, at=lambda each: each.at, by=lambda each: each.id)
            assert sorted(found, key=_id) == events

    def test_of_unit_includes_both_ends_of_its_time(self, store: EventStore) -> None:
        moments = [START + number * MICROSECOND for number in range(5)]
        store.append([build_event(f"{number}", at=moment) for number, moment in enumerate(moments)], at=START)
        assert [each.id for each in _of_unit(store, start=moments[1], end=moments[3])] == ["3", "2", "1"]
        assert [each.id for each in _of_unit(store, start=moments[3])] == ["4", "3"]
        assert [each.id for each in _of_unit(store, end=moments[1])] == ["1", "0"]
        assert _of_unit(store, start=moments[3], end=moments[2]) == []

    def test_of_unit_fills_its_pages_from_what_passes_the_filter(self, store: EventStore) -> None:
        events = [
            build_event(
                f"{number:02}",
                event_type="rare" if number % 4 == 0 else "common",
                at=START + number * SECOND,
                expires_at=START + SECOND if number % 8 == 0 else None,
            )
            for number in range(60)
        ]
        store.append(events, at=START)
        found = walk(_fetch_of_unit(store, event_type="rare", at=START + SECOND), limit=3)
        assert [int(each.id) for each in found] == [52, 44, 36, 28, 20, 12, 4]

    def test_a_window_has_each_event_of_every_unit_once(self, store: EventStore) -> None:
        events = [
            build_event(
                f"{number:03}",
                unit=f"unit-{number % 11}",
                at=START + number * timedelta(hours=7, minutes=13),
                experiment_id="e" if number % 2 else None,
                event_type="visit" if number % 3 else "purchase",
            )
            for number in range(90)
        ]
        store.append(events, at=START)
        for limit in (1, 7, 1_000):
            assert sorted(walk(_fetch_window(store), limit=limit, full_pages=False), key=_id) == events
        for experiment, kind in (("e", None), (None, "visit"), ("e", "purchase")):
            expected = [
                each for each in events if experiment in (None, each.experiment_id) and kind in (None, each.event_type)
            ]
            fetch = _fetch_window(store, experiment_id=experiment, event_type=kind)
            assert sorted(walk(fetch, full_pages=False), key=_id) == expected

    def test_a_window_includes_its_start_and_not_its_end(self, store: EventStore) -> None:
        midnight = START.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        moments = [midnight + number * MICROSECOND for number in (-2, -1, 0, 1, 2)]
        store.append([build_event(f"{number}", at=moment) for number, moment in enumerate(moments)], at=START)
        assert sorted(each.id for each in _window(store, start=moments[1], end=moments[3])) == ["1", "2"]
        assert sorted(each.id for each in _window(store, start=moments[2], end=moments[4])) == ["2", "3"]
        assert _window(store, start=moments[2], end=moments[2]) == []

    def test_what_is_appended_between_pages_neither_hides_nor_repeats_an_old_one(self, store: EventStore) -> None:
        events = _twenty_five()
        store.append(events, at=START)
        for fetch in (_fetch_of_unit(store), _fetch_window(store)):
            page = fetch(7, None)
            found = [*page]
            new = [build_event(at=START + timedelta(minutes=minutes)) for minutes in (-60, 0, 2, 2, 60)]
            store.append(new, at=START)
            while page.last_key is not None:
                page = fetch(7, page.last_key)
                found += page
            assert sorted((each for each in found if each.id.startswith("old")), key=_id) == events

    def test_a_last_key_of_anything_else_is_refused(self, store: EventStore) -> None:
        store.append(_twenty_five(), at=START)
        store.append([build_event(unit="bob") for _ in range(3)], at=START)
        of_unit, window = _fetch_of_unit(store), _fetch_window(store)
        of_unit_keys = [
            _fetch_of_unit(store, "bob")(1, None).last_key,
            _fetch_of_unit(store, event_type="purchase")(1, None).last_key,
            _fetch_of_unit(store, start=START)(1, None).last_key,
        ]
        window_keys = [
            _fetch_window(store, event_type="purchase")(1, None).last_key,
            _fetch_window(store, start=START)(1, None).last_key,
        ]
        check_refusals(of_unit, foreign=[*of_unit_keys, window(1, None).last_key])
        check_refusals(window, foreign=[*window_keys, of_unit(1, None).last_key])

    def test_purge_deletes_what_expired_before_or_leaves_it_to_the_engine(self, store: EventStore) -> None:
        ends = START + SECOND
        expired = [build_event(f"expired-{number}", expires_at=ends - MICROSECOND) for number in range(3)]
        alive = [build_event("a", expires_at=ends), build_event("b", expires_at=ends + SECOND), build_event("c")]
        store.append([*expired, *alive], at=START)
        count = store.purge(expired_before=ends)
        assert count in (0, 3)
        left = sorted(each.id for each in _of_unit(store, at=START))
        assert left == (["a", "b", "c"] if count else ["a", "b", "c", "expired-0", "expired-1", "expired-2"])
        assert store.purge(expired_before=ends) == 0


def _fetch_of_unit(
    store: EventStore,
    unit: str = "unit",
    *,
    event_type: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    at: datetime = START,
) -> Fetch[Event]:
    def fetch(limit: int, last_key: str | None) -> Page[Event]:
        return store.of_unit(unit, event_type=event_type, start=start, end=end, at=at, limit=limit, last_key=last_key)

    return fetch


def _fetch_window(
    store: EventStore,
    *,
    start: datetime = START - timedelta(days=2),
    end: datetime = START + timedelta(days=40),
    experiment_id: str | None = None,
    event_type: str | None = None,
    at: datetime = START,
) -> Fetch[Event]:
    def fetch(limit: int, last_key: str | None) -> Page[Event]:
        return store.window(
            start=start,
            end=end,
            experiment_id=experiment_id,
            event_type=event_type,
            at=at,
            limit=limit,
            last_key=last_key,
        )

    return fetch


def _of_unit(
    store: EventStore,
    unit: str = "unit",
    *,
    event_type: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    at: datetime = START,
) -> list[Event]:
    return walk(_fetch_of_unit(store, unit, event_type=event_type, start=start, end=end, at=at), limit=100)


def _window(
    store: EventStore,
    *,
    start: datetime = START - timedelta(days=2),
    end: datetime = START + timedelta(days=40),
    experiment_id: str | None = None,
    event_type: str | None = None,
    at: datetime = START,
) -> list[Event]:
    fetch = _fetch_window(store, start=start, end=end, experiment_id=experiment_id, event_type=event_type, at=at)
    return walk(fetch, limit=100, full_pages=False)


def _twenty_five() -> list[Event]:
    """Events of one unit in order of id, five in each of five minutes."""
    return [build_event(f"old-{number:02}", at=START + timedelta(minutes=number % 5)) for number in range(25)]


def _id(event: Event) -> str:
    return event.id
