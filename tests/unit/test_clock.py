"""Time and ids."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from uuid import UUID

from variate.clock import IncreasingClock, new_event_id, new_id

_NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_no_two_readings_are_equal_though_the_clock_stands_still() -> None:
    clock = IncreasingClock(lambda: _NOON)
    readings = [clock() for _ in range(3)]
    assert readings == [_NOON, _NOON + timedelta(microseconds=1), _NOON + timedelta(microseconds=2)]


def test_a_clock_that_steps_back_does_not_take_the_readings_along() -> None:
    times = iter([_NOON, _NOON - timedelta(hours=1), _NOON + timedelta(seconds=1)])
    clock = IncreasingClock(lambda: next(times))
    assert [clock(), clock(), clock()] == [_NOON, _NOON + timedelta(microseconds=1), _NOON + timedelta(seconds=1)]


def test_threads_never_read_the_same_moment() -> None:
    clock = IncreasingClock(lambda: _NOON)
    readings: list[datetime] = []

    def read() -> None:
        readings.extend([clock() for _ in range(1_000)])

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(readings)) == 8_000


def test_an_id_is_a_random_uuid() -> None:
    assert UUID(new_id()).version == 4


def test_an_event_id_is_a_uuid_that_sorts_by_time() -> None:
    before = datetime.now(UTC)
    made = UUID(new_event_id())
    assert made.version == 7
    assert made.variant == "specified in RFC 4122"
    milliseconds = made.int >> 80
    assert abs(milliseconds - before.timestamp() * 1000) < 60_000


def test_event_ids_differ() -> None:
    assert len({new_event_id() for _ in range(10_000)}) == 10_000
