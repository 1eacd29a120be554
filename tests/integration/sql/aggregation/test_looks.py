"""However events come, a later look says what a first one would, and both what the words of the port say."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.integration.sql.aggregation.reference import check
from variate.model import EXPOSURE, Event
from variate.model.metric import Aggregation, Measure, Metric
from variate.stores.aggregates import Question
from variate.stores.sql import Database, SqlEventStore
from variate.stores.sql.aggregation import SqlAggregator
from variate.testing.builders import build_event
from variate.testing.clocks import START

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
_BUY = Measure(event_type="buy", aggregation=Aggregation.SUM)
_VISIT = Measure(event_type="visit")
_PAID = Measure(event_type="buy", aggregation=Aggregation.SUM, field="paid in €")


def build(name: str, kind: str, **values: Any) -> Metric:
    """Build a metric that is called by its id."""
    return Metric(id=name, name=name, kind=kind, created_at=START, updated_at=START, **values)  # type: ignore[arg-type]  # as it is read


METRICS = (
    build("bought", "proportion", measure=Measure(event_type="buy")),
    build("came back", "retention", measure=_VISIT, window_start=DAY, window_end=3 * DAY, covariate=2 * DAY),
    build("spent", "mean", measure=_BUY, covariate=3 * DAY, cap_quantile=0.9),
    build("paid", "mean", measure=_PAID, window_end=2 * DAY),
    build("visits", "mean", measure=_VISIT, window_start=HOUR),
    build("a visit", "ratio", measure=_BUY, denominator=_VISIT, covariate=2 * DAY),
    build("all", "funnel", steps=("visit", "add", "buy")),
    build("size", "quantile", measure=Measure(event_type="buy"), quantile=0.75),
    build("size soon", "quantile", measure=Measure(event_type="buy"), quantile=0.5, window_end=2 * DAY),
)
QUESTION = Question(
    experiment_id="e",
    variations=("control", "treatment"),
    start=START,
    until=None,
    at=START,
    metrics=METRICS,
    dimensions=("country", 'the "plan"'),
    overridden=frozenset({"unit-3"}),
)


@pytest.mark.parametrize("seed", range(4))
def test_looks_one_after_the_other_say_what_a_first_look_says(database: Database, seed: int) -> None:
    chance = random.Random(seed)
    store, aggregator = SqlEventStore(database), SqlAggregator(database)
    recorded: list[Event] = []
    question = QUESTION
    for _ in range(8):
        at = question.at + chance.choice([DAY, HOUR, 2 * DAY, timedelta(0), -DAY])
        reweighed = chance.choice([(), (at - HOUR,), (START + HOUR, START + DAY)])
        question = replace(question, at=at, overridden=_overridden(question, chance), reweighed=reweighed)
        batch = [_event(chance, at) for _ in range(chance.choice([0, 1, 5, 60]))]
        store.append(batch, at=at)
        recorded.extend(batch)
        check(aggregator.answer(question), recorded, question)
    aggregator.purge(unused_before=question.at + DAY)
    check(aggregator.answer(question), recorded, question)


def _overridden(question: Question, chance: random.Random) -> frozenset[str]:
    return question.overridden if chance.random() < 0.7 else question.overridden ^ {f"unit-{chance.randrange(6)}"}


def _event(chance: random.Random, at: Any) -> Event:
    kind = chance.choices([EXPOSURE, "buy", "visit", "add", "other"], [5, 4, 4, 2, 1])[0]
    value = chance.choice([chance.uniform(-5, 100), chance.randrange(50), True, False, None, "12", 1e6])
    data: Any = chance.choice([{"value": value, "paid in €": value}, {"value": value}, {"paid in €": 7}, {}, [1]])
    if kind == EXPOSURE:
        named = chance.choices(["control", "treatment", "gone"], [10, 3, 1])[0]
        sizes = {"country": chance.choice(["DE", "US", 'a "b"']), 'the "plan"': chance.choice(["pro", None, 3])}
        data = chance.choice([{"variation": named, "dimensions": sizes}, {"variation": named}])
    # In no order: some late, some of the future, many at the very same moment.
    moment = at - chance.randrange(-24, 5 * 24) * HOUR
    return build_event(
        unit=f"unit-{chance.randrange(40)}",
        event_type=kind,
        data=data,
        at=moment,
        experiment_id="e" if kind == EXPOSURE else chance.choice([None, "e", "other"]),
        expires_at=chance.choice([None, None, None, at + chance.randrange(1, 100) * HOUR]),
    )
