"""What a later look reads, and what it says of what came meanwhile."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.integration.sql.aggregation.asking import (
    BOUGHT,
    BUYS,
    DAY,
    HOUR,
    SPENDS,
    VISIT,
    ask,
    did,
    exposed,
    metric,
    question,
    record,
    values,
)
from variate.stores.aggregates import Completeness, MetricMoments
from variate.stores.sql import Database, SqlEventStore, SQLiteDatabase
from variate.stores.sql.aggregation import SqlAggregator
from variate.stores.sql.aggregation.filling import Filling
from variate.testing.clocks import START


@pytest.fixture
def filled(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many units were filled, each time that any were."""
    counts: list[int] = []
    fill = Filling.fill

    def counting(self: Filling, page: int, columns: dict[int, object]) -> None:
        count = self.connection.execute(text("SELECT count(*) FROM variate_entries")).scalar_one()
        counts.append(count)
        fill(self, page, columns)  # type: ignore[arg-type]  # it is handed on

    monkeypatch.setattr(Filling, "fill", counting)
    return counts


def test_a_second_look_reads_the_units_of_which_something_came_and_no_other(
    database: Database, filled: list[int]
) -> None:
    record(database, *(exposed(f"u{number}") for number in range(20)))
    ask(database, question(BUYS))
    assert filled[0] == 20
    filled.clear()
    ask(database, question(BUYS))
    assert sum(filled) == 0
    record(database, did(unit="u3"), did(unit="u4"), did("visit", unit="u5"), did(unit="nobody"), exposed("new"))
    ask(database, question(BUYS))
    assert filled == [3]
    assert sum(row[1] for row in values(database, question(BUYS))) == 2


def test_another_metric_reads_all_units_and_the_first_ones_rows_stay_right(
    database: Database, filled: list[int]
) -> None:
    record(database, exposed("a"), exposed("b"), did(unit="a"), did("visit", "b"))
    ask(database, question(BUYS))
    filled.clear()
    visits = metric("mean", "visits", measure=VISIT)
    assert values(database, question(visits)) == [(0, 0), (0, 1)]
    assert filled == [2]
    record(database, did(unit="b"), did("visit", "b"))
    assert values(database, question(BUYS)) == [(0, 1), (0, 1)]
    assert values(database, question(visits)) == [(0, 0), (0, 2)]


def test_many_metrics_take_several_pages(database: Database) -> None:
    many = [metric("mean", f"m{number}", measure=replace(VISIT, event_type=f"e{number}")) for number in range(40)]
    record(database, exposed("a"), exposed("b"), *(did(f"e{number}", "a") for number in range(0, 40, 2)))
    answer = ask(database, question(*many))
    record(database, did("e1", "b"))
    answer = ask(database, question(*many))
    for number, each in enumerate(many):
        told = answer.metrics[each.id]
        assert isinstance(told, MetricMoments)
        assert told.moments.mean.tolist() == [[0.5 if number % 2 == 0 or number == 1 else 0]]
    pages = "SELECT count(DISTINCT page) FROM analysis_units"
    assert database.read(lambda connection: connection.execute(text(pages)).scalar_one()) == 3


def test_a_metric_unasked_for_a_month_makes_room(database: Database) -> None:
    record(database, exposed())
    for month in range(4):
        several = [
            metric("mean", f"m{number}", measure=replace(VISIT, event_type=f"{month}{number}")) for number in range(10)
        ]
        ask(database, question(*several, at=START + (month + 1) * timedelta(days=31)))
    pages = "SELECT count(DISTINCT page) FROM analysis_units"
    assert database.read(lambda connection: connection.execute(text(pages)).scalar_one()) == 1


def test_an_event_of_the_future_counts_once_its_time_has_come(database: Database) -> None:
    record(database, exposed(), did(at=5), exposed("b", at=6))
    assert values(database, question(BUYS, at=START + 5 * HOUR)) == [(0, 0)]
    assert values(database, question(BUYS, at=START + 7 * HOUR)) == [(0, 0), (0, 1)]


def test_a_look_at_an_earlier_moment_says_what_was_so_then(database: Database) -> None:
    record(database, exposed(), did(at=5), did(at=1, expires_at=START + 6 * HOUR), exposed("b", at=6))
    assert values(database, question(BUYS, at=START + 7 * HOUR)) == [(0, 0), (0, 1)]
    assert values(database, question(BUYS, at=START + 5 * HOUR)) == [(0, 1)]


def test_an_event_that_expired_or_was_purged_since_does_not_count(database: Database) -> None:
    record(database, exposed(), did(expires_at=START + DAY), did(expires_at=START + 2 * DAY), did(value=5))
    assert values(database, question(SPENDS, at=START + 23 * HOUR)) == [(0, 7)]
    assert values(database, question(SPENDS, at=START + DAY)) == [(0, 6)]
    assert SqlEventStore(database).purge(expired_before=START + 3 * DAY) == 2
    assert values(database, question(SPENDS, at=START + 4 * DAY)) == [(0, 5)]


def test_what_comes_after_the_last_events_were_purged_is_not_missed(database: Database) -> None:
    # SQLite gives the numbers of rows that are gone from the end anew.
    record(database, exposed(), did(expires_at=START + 2 * HOUR), did(expires_at=START + 2 * HOUR))
    assert values(database, question(BUYS, at=START + HOUR)) == [(0, 0)]
    assert SqlEventStore(database).purge(expired_before=START + 3 * HOUR) == 2
    record(database, did(at=0.5), did(at=0.5))
    assert values(database, question(BUYS, at=START + HOUR)) == [(0, 2)]


def test_an_event_that_takes_the_place_of_an_expired_one_is_not_missed(database: Database) -> None:
    record(database, exposed(), did(id="same", expires_at=START + 2 * HOUR), did())
    assert values(database, question(BUYS, at=START + 3 * HOUR)) == [(0, 1)]
    record(database, did(id="same", at=0.5), at=START + 4 * HOUR)
    assert values(database, question(BUYS, at=START + 3 * HOUR)) == [(0, 2)]


def test_another_start_or_other_variations_are_another_analysis(database: Database) -> None:
    record(database, exposed("a"), exposed("b", "treatment", at=5), did(unit="b", at=6))
    asked = question(BOUGHT)
    assert values(database, asked) == [(0, 0), (1, 1)]
    assert values(database, replace(asked, start=START + HOUR)) == [(1, 1)]
    assert values(database, replace(asked, variations=("treatment", "control"))) == [(0, 1), (1, 0)]
    assert values(database, asked) == [(0, 0), (1, 1)]


def test_no_more_than_two_analyses_of_an_experiment_are_kept(database: Database) -> None:
    record(database, exposed())
    for hours in range(5):
        ask(database, question(BOUGHT, start=START - hours * HOUR))
    assert _kept(database) == (2, 2)


def test_analyses_of_which_nobody_asked_for_long_are_purged_and_made_anew(database: Database) -> None:
    aggregator = SqlAggregator(database)
    record(database, exposed(), did())
    first = values(database, question(BOUGHT, overridden=frozenset({"z"})))
    assert aggregator.purge(unused_before=START + 10 * DAY) == 0
    assert aggregator.purge(unused_before=START + 11 * DAY) == 1
    assert _kept(database) == (0, 0)
    assert values(database, question(BOUGHT)) == first


def test_what_came_late_is_counted(database: Database) -> None:
    asked = question(BUYS, at=START + DAY)
    record(database, exposed(), did())
    first = ask(database, asked)
    assert first.late is None
    again = ask(database, asked)
    assert (again.late, again.through) == (0, first.through)
    record(
        database,
        did(at=23),
        exposed("b", at=2),
        did(at=24),
        did(at=25),
        did(at=-1),
        did("other", at=5),
        exposed("b", at=3, experiment_id="other"),
        did(at=5, experiment_id="other"),
    )
    assert values(database, question(BUYS)) == [(0, 0), (0, 4)]
    later = ask(database, question(BUYS))
    assert (later.late, later.through != first.through) == (2, True)
    assert ask(database, question(BUYS)).late == 0


def test_completeness_is_what_came_of_what_senders_numbered(database: Database) -> None:
    asked = question(BUYS)
    record(database, exposed(), did())
    assert ask(database, asked).completeness is None
    sent = [("a", 5, 1), ("a", 6, 2), ("a", 9, 3), ("b", 1, 1), ("a", 99, -1), ("a", 100, 240)]
    record(database, *(did("any", at=at, sender=sender, number=number) for sender, number, at in sent))
    record(database, did("any", sender="a", number=6), exposed("z", sender="b", number=3))
    assert ask(database, asked).completeness == Completeness(received=5, expected=8)


def test_a_long_work_tells_how_far_it_is(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    aggregator = SqlAggregator(database)
    if isinstance(database, SQLiteDatabase):
        monkeypatch.setattr("variate.stores.sql.aggregation.on_sqlite.OnSQLite.units_a_step", 3)
    record(database, *(exposed(f"u{number}") for number in range(10)), did(unit="u7"))
    told: list[tuple[str, int, int]] = []
    answer = aggregator.answer(
        question(BUYS, metric("proportion", "p", measure=VISIT)), advance=lambda *at: told.append(at)
    )
    assert answer.units.count.sum() == 10
    assert all(0 < done <= total for _, done, total in told)
    assert told[-1][1:] == (2, 2)


def test_a_step_is_bounded_on_sqlite_and_all_is_read_in_the_end(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("units_a_step", "events_a_step"):
        monkeypatch.setattr(f"variate.stores.sql.aggregation.on_sqlite.OnSQLite.{name}", 3)
    record(database, *(exposed(f"u{number}") for number in range(10)))
    assert len(values(database, question(BUYS))) == 10
    record(database, *(did(unit=f"u{number}") for number in range(10)), *(exposed(f"v{number}") for number in range(9)))
    assert sorted(values(database, question(BUYS, at=START + 9 * DAY))) == [(0, 0)] * 9 + [(0, 1)] * 10


def _kept(database: Database) -> tuple[int, int]:
    """How many analyses are kept, and the units of how many."""
    counts = "SELECT (SELECT count(*) FROM analyses), (SELECT count(DISTINCT analysis) FROM analysis_units)"
    return database.read(lambda connection: tuple(connection.execute(text(counts)).one()))
