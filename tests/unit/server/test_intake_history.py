"""What was taken in lately, over all processes, from counts that only grow, or begin anew."""

from __future__ import annotations

import pytest

from variate.server.operations.intake_history import MINUTES, IntakeCounts, IntakeHistory
from variate.server.operations.numbers import Numbers, numbers_of
from variate.server.operations.tally import Tally


class Seconds:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def told(*, requests: tuple[int, ...] = (), **events: int) -> Numbers:
    """Return the numbers of a process that counted these events, and answered with these statuses."""
    tally = Tally()
    tally.events.update(events)
    for status in requests:
        tally.answered("events", "POST", status, 0.001)
    tally.answered("ofrep_single", "POST", 503, 0.001)
    return numbers_of(tally, before=None, counts={}, gauges={}, stores={})


@pytest.fixture
def clock() -> Seconds:
    return Seconds()


@pytest.fixture
def history(clock: Seconds) -> IntakeHistory:
    return IntakeHistory(clock)


def test_before_anything_is_known_nothing_came(history: IntakeHistory) -> None:
    assert history.accepted_per_second() == 0
    assert history.recent() == IntakeCounts()
    assert history.per_minute() == (IntakeCounts(),) * MINUTES


def test_what_was_counted_before_the_first_sample_is_no_growth(history: IntakeHistory, clock: Seconds) -> None:
    history.add([told(accepted=500)])
    assert (history.recent().accepted, history.accepted_per_second()) == (0, 0)
    clock.now += 5
    history.add([told(accepted=600)])
    assert (history.recent().accepted, history.accepted_per_second()) == (100, 20)


def test_the_rate_of_now_is_of_the_last_ten_seconds(history: IntakeHistory, clock: Seconds) -> None:
    for second in range(60):
        history.add([told(accepted=1_000 * min(second, 30) + 10 * second)])
        clock.now += 1
    assert history.accepted_per_second() == pytest.approx(10, rel=0.15)
    clock.now += 60
    assert history.accepted_per_second() == 0


def test_minutes_are_told_one_by_one_and_the_last_ends_now(history: IntakeHistory, clock: Seconds) -> None:
    history.add([told()])
    clock.now += 30
    history.add([told(accepted=7)])
    clock.now += 60
    history.add([told(accepted=9, duplicate=1)])
    minutes = history.per_minute()
    assert [each.accepted for each in minutes[-2:]] == [7, 2]
    assert [each.duplicate for each in minutes[-2:]] == [0, 1]
    assert sum(each.accepted for each in minutes[:-2]) == 0


def test_all_processes_count_together_and_other_routes_do_not(history: IntakeHistory, clock: Seconds) -> None:
    history.add([told(), told()])
    clock.now += 1
    history.add([told(accepted=6, requests=(202, 503)), told(rejected=2, requests=(202, 429, 413, 202))])
    found = history.recent()
    assert found == IntakeCounts(accepted=6, duplicate=0, rejected=2, requests=6, refused=2)
    assert (found.rejected_share, found.refused_share) == (0.25, 2 / 6)
    assert (IntakeCounts().rejected_share, IntakeCounts().refused_share) == (0, 0)


def test_a_count_that_begins_anew_takes_nothing_away_and_adds_nothing(history: IntakeHistory, clock: Seconds) -> None:
    for accepted in (100, 150, 5, 25):
        history.add([told(accepted=accepted)])
        clock.now += 1
    assert history.recent().accepted == 50 + 20


def test_what_is_older_than_fifteen_minutes_is_gone_and_the_history_does_not_grow(
    history: IntakeHistory, clock: Seconds
) -> None:
    for second in range(3_000):
        history.add([told(accepted=second)])
        clock.now += 1
    assert history.recent().accepted == pytest.approx(MINUTES * 60, abs=1)
    assert len(history._samples) < 1_000
