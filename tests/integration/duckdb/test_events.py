"""Exported and streamed events: whatever they are, the answer is what the words of the port say."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from tests.integration.sql.aggregation.reference import check
from variate.errors import InvalidInputError
from variate.model import EXPOSURE, Event
from variate.model.metric import Aggregation, Measure, Metric, MetricKind
from variate.stores.aggregates import Completeness, MetricMoments, Question
from variate.stores.duckdb.event_file import EventFile
from variate.stores.duckdb.event_source import event_batch
from variate.stores.duckdb.event_stream import EventStream
from variate.stores.sql import SqlEventStore
from variate.stores.sql.sqlite import SQLiteDatabase
from variate.testing.builders import build_event
from variate.testing.clocks import START

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BUY = Measure(event_type="buy", aggregation=Aggregation.SUM)
VISIT = Measure(event_type="visit")
AWKWARD = Measure(event_type="buy", aggregation=Aggregation.SUM, field="a/b~c 'd' \"€\"")


def build(name: str, kind: MetricKind, **values: Any) -> Metric:
    """Build a metric that is called by its id."""
    return Metric(id=name, name=name, kind=kind, created_at=START, updated_at=START, **values)


METRICS = (
    build("bought", MetricKind.PROPORTION, measure=Measure(event_type="buy"), covariate=DAY),
    build("back", MetricKind.RETENTION, measure=VISIT, window_start=DAY, window_end=3 * DAY, covariate=2 * DAY),
    build("spent", MetricKind.MEAN, measure=BUY, covariate=3 * DAY, cap_quantile=0.9),
    build("paid", MetricKind.MEAN, measure=AWKWARD, window_end=2 * DAY),
    build("visits", MetricKind.MEAN, measure=VISIT, window_start=HOUR),
    build("a visit", MetricKind.RATIO, measure=BUY, denominator=VISIT, covariate=2 * DAY),
    build("all", MetricKind.FUNNEL, steps=("visit", "add", "buy")),
    build("all soon", MetricKind.FUNNEL, steps=("visit", "buy"), window_end=DAY),
    build("size", MetricKind.QUANTILE, measure=Measure(event_type="buy"), quantile=0.75),
    build(
        "size soon",
        MetricKind.QUANTILE,
        measure=Measure(event_type="buy", field=AWKWARD.field),
        quantile=0.5,
        window_end=2 * DAY,
    ),
)
QUESTION = Question(
    experiment_id="e",
    variations=("control", "it's 'green'"),
    start=START,
    until=None,
    at=START + 6 * DAY,
    metrics=METRICS,
    dimensions=("country", 'the "plan"'),
    overridden=frozenset({"nobody", *(f"unit-{number}" for number in range(5))}),
)


@pytest.mark.parametrize("seed", range(6))
def test_exported_events_say_what_the_port_promises(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    events = _in_order([_event(chance) for _ in range(chance.choice([1, 40, 300, 900]))])
    question = replace(
        QUESTION,
        until=chance.choice([None, START + 3 * DAY]),
        at=START + chance.choice([2, 6, 20]) * DAY,
        reweighed=chance.choice([(), (START + DAY,), (START + 7 * HOUR, START + 2 * DAY)]),
    )
    table = pa.Table.from_batches([event_batch(events)])
    path = tmp_path / "events.parquet"
    parquet.write_table(table, path)
    check(EventFile(path).answer(question), events, question)
    check(
        EventFile(table.select(range(6))).answer(question),
        [replace(each, expires_at=None) for each in events],
        question,
    )


@pytest.mark.parametrize("seed", range(2))
def test_a_store_is_streamed_to_the_same(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    events = _in_order([_event(chance) for _ in range(400)])
    store = SqlEventStore(migrated(tmp_path))
    store.append(events, at=START)
    told: list[tuple[str, int, int]] = []
    answer = EventStream(store).answer(QUESTION, advance=lambda *each: told.append(each))
    check(answer, events, QUESTION)
    assert answer.completeness is None
    reading = [(done, of) for what, done, of in told if what == "reading events"]
    assert reading[0][0] == 0
    assert reading[-1] == (80, 80)
    assert sorted(reading) == reading


def test_the_rows_behind_the_moments_have_the_same_moments() -> None:
    events = [_event(random.Random(seed)) for seed in range(500)]
    file = EventFile(pa.Table.from_batches([event_batch(events)]))
    answer, rows = file.answer(QUESTION), file.unit_values(QUESTION)
    assert rows.keys() == {metric.id for metric in METRICS if metric.kind is not MetricKind.QUANTILE}
    for name, found in rows.items():
        told = answer.metrics[name]
        assert isinstance(told, MetricMoments)
        assert found.variables == told.variables
        overall = np.array([dimension == "" for dimension in told.cells.dimension])
        for variation in (0, 1):
            whole = told.moments[overall & (told.cells.variation == variation)].merged()
            values = found.values[found.variation == variation]
            np.testing.assert_allclose(whole.mean, values.mean(axis=0), rtol=1e-9)


def test_numbers_that_are_missing_are_counted_by_sender() -> None:
    events = [
        build_event(unit=f"u{place}", at=START + HOUR, sender=sender, number=number)
        for place, (sender, number) in enumerate([("a", 3), ("a", 6), ("a", 3), ("b", 1), ("b", 2)])
    ]
    events.append(build_event(unit="late", at=QUESTION.at, sender="b", number=100))
    answer = EventFile(pa.Table.from_batches([event_batch(events)])).answer(QUESTION)
    assert answer.completeness == Completeness(received=4, expected=6)


def test_an_export_without_events_has_no_units() -> None:
    answer = EventFile(pa.Table.from_batches([event_batch([])])).answer(QUESTION)
    assert answer.units.count.tolist() == []
    assert (answer.crossed, answer.overridden, answer.unknown, answer.completeness) == (0, 0, 0, None)


@pytest.mark.parametrize(
    ("column", "values", "said"),
    [
        ("at", None, "table: has no column 'at'; its header has id, user_id, event_type, data, experiment_id"),
        ("at", pa.array([None], pa.timestamp("us")), "table column 'at': has 1 of 1 events without a moment"),
        ("at", pa.array(["soon"]), "table column 'at': has 1 of 1 events without a moment"),
        ("at", pa.array([1.5]), "table column 'at': must hold moments, not double"),
        ("user_id", pa.array([None], pa.string()), "table column 'user_id': has 1 of 1 events without text"),
        ("data", pa.array([[1]]), "table column 'data': must hold text, not bigint[]"),
    ],
)
def test_an_export_that_is_wrong_says_where(column: str, values: Any, said: str) -> None:
    table = pa.Table.from_batches([event_batch([build_event()])])
    table = table.drop_columns([column])
    if values is not None:
        table = table.append_column(column, values)
    with pytest.raises(InvalidInputError) as found:
        EventFile(table).answer(QUESTION)
    assert str(found.value).startswith(said)


def test_data_that_is_no_json_counts_as_one() -> None:
    events = [
        build_event(unit="u", event_type=EXPOSURE, data={"variation": "control"}, at=START, experiment_id="e"),
        build_event(unit="u", event_type="buy", data={"value": 7}, at=START),
    ]
    table = pa.Table.from_batches([event_batch(events)])
    broken = table.set_column(3, "data", pa.array([table["data"][0].as_py(), "{"]))
    told = EventFile(broken).answer(QUESTION).metrics["spent"]
    assert isinstance(told, MetricMoments)
    assert told.moments.mean[0, 0] == 1


def migrated(folder: Path) -> SQLiteDatabase:
    """Return a database with its tables."""
    database = SQLiteDatabase(folder / "events.db")
    database.migrate()
    return database


def _in_order(events: Sequence[Event]) -> list[Event]:
    """Of exposures dated alike the reference takes the first, we the one whose id comes first."""
    return sorted(events, key=lambda event: (event.at, event.id))


def _event(chance: random.Random) -> Event:
    kind = chance.choices([EXPOSURE, "buy", "visit", "add", "other"], [5, 4, 4, 2, 1])[0]
    value = chance.choice([chance.uniform(-5, 100), chance.randrange(50), True, False, None, "12", 1e4])
    data: Any = chance.choice([{"value": value, AWKWARD.field: value}, {"value": value}, {AWKWARD.field: 7}, {}, [1]])
    if kind == EXPOSURE:
        named = chance.choices(["control", "it's 'green'", "gone", 3], [10, 3, 1, 1])[0]
        sizes = {"country": chance.choice(["DE", "US", 'a "b"', ""]), 'the "plan"': chance.choice(["pro", None, 3])}
        data = chance.choice([{"variation": named, "dimensions": sizes}, {"variation": named}])
    # In no order, many at the very same moment.
    at: datetime = START + chance.randrange(-3 * 24, 7 * 24) * HOUR
    return build_event(
        id=f"{chance.getrandbits(64):x}",
        unit=f"unit-{chance.randrange(60)}",
        event_type=kind,
        data=data,
        at=at,
        experiment_id="e" if kind == EXPOSURE else chance.choice([None, "e", "other"]),
        expires_at=chance.choice([None, None, None, at + chance.randrange(1, 200) * HOUR]),
    )
