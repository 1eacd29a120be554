"""Short words for events, metrics and questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from variate.model import EXPOSURE, Event
from variate.model.metric import Aggregation, Measure, Metric, MetricKind
from variate.stores.aggregates import Answer, Question
from variate.stores.sql import Database, SqlEventStore
from variate.stores.sql.aggregation import SqlAggregator
from variate.testing.builders import build_event
from variate.testing.clocks import START

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BUY = Measure(event_type="buy")
SPENT = Measure(event_type="buy", aggregation=Aggregation.SUM)
VISIT = Measure(event_type="visit")


def metric(kind: str, name: str = "m", **values: Any) -> Metric:
    """Build a metric of this kind."""
    return Metric(id=name, name=name, kind=MetricKind(kind), created_at=START, updated_at=START, **values)


BOUGHT = metric("proportion", measure=BUY)
BUYS = metric("mean", measure=BUY)
SPENDS = metric("mean", measure=SPENT)
QUESTION = Question(
    experiment_id="e",
    variations=("control", "treatment"),
    start=START,
    until=None,
    at=START + 10 * DAY,
    metrics=(BOUGHT,),
)


def question(*metrics: Metric, **changes: Any) -> Question:
    """Build a question of ten days from START on."""
    return replace(QUESTION, metrics=metrics, **changes)


def exposed(unit: str = "u", variation: Any = "control", *, at: float = 0, **values: Any) -> Event:
    """Build an exposure, ``at`` hours after START."""
    data = values.pop("data", {"variation": variation, **values.pop("more", {})})
    given = {"experiment_id": "e", **values}
    return build_event(unit=unit, event_type=EXPOSURE, data=data, at=START + at * HOUR, **given)


def did(event_type: str = "buy", unit: str = "u", *, at: float = 1, **values: Any) -> Event:
    """Build an event, ``at`` hours after START, with ``value`` in its data."""
    data = {"value": values.pop("value")} if "value" in values else values.pop("data", {})
    return build_event(unit=unit, event_type=event_type, data=data, at=START + at * HOUR, **values)


def record(database: Database, *events: Event, at: Any = START) -> None:
    """Have the events stored."""
    SqlEventStore(database).append(list(events), at=at)


def ask(database: Database, asked: Question) -> Answer:
    """Return the answer."""
    return SqlAggregator(database).answer(asked)


def values(database: Database, asked: Question) -> list[tuple[float, ...]]:
    """Return the rows of the question's one metric: variation, then variables; in order."""
    (found,) = SqlAggregator(database).unit_values(asked).values()
    return sorted((int(place), *row) for place, row in zip(found.variation, found.values.tolist(), strict=True))


def value_of(database: Database, of: Metric, events: Sequence[Event], **changes: Any) -> list[float]:
    """Return the metric's variables of the one unit that is in, once these are recorded."""
    record(database, *events)
    ((_, *found),) = values(database, question(of, **changes))
    return found
