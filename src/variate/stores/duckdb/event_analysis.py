"""Answering a question about events that are in DuckDB's reach."""

from __future__ import annotations

from collections.abc import Mapping

from variate.model.metric import MetricKind
from variate.stores.aggregates import Answer, Completeness, MetricMoments, MetricQuantiles, Question, UnitValues
from variate.stores.duckdb.cell_moments import cell_moments, unit_values
from variate.stores.duckdb.cell_quantiles import cell_quantiles
from variate.stores.duckdb.entering import enter
from variate.stores.duckdb.event_source import EventSource
from variate.stores.duckdb.happenings import Happenings
from variate.stores.duckdb.session import Session
from variate.stores.duckdb.units_of_time import micros


def answer_events(session: Session, events: EventSource, question: Question, *, are_all: bool) -> Answer:
    """Return the answer; ``are_all`` where the events of every type are there, so that numbers missing are lost."""
    entered = enter(session, events, question)
    happenings = Happenings(question)
    happenings.gather(session, events)
    units, metrics = happenings.units(session)
    counts, moments = cell_moments(session, units, metrics)
    found: dict[str, MetricMoments | MetricQuantiles] = {}
    for metric in question.metrics:
        if metric.kind is MetricKind.QUANTILE:
            found[metric.id] = cell_quantiles(session, happenings.events(session, metric))
        else:
            found[metric.id] = moments[metric.id]
    return Answer(
        units=counts,
        crossed=entered.crossed,
        overridden=entered.overridden,
        unknown=entered.unknown,
        late=None,
        completeness=_completeness(session, events, question) if are_all else None,
        through=events.through,
        metrics=found,
    )


def event_unit_values(session: Session, events: EventSource, question: Question) -> Mapping[str, UnitValues]:
    """Return the rows of every metric that has moments."""
    enter(session, events, question)
    happenings = Happenings(question)
    happenings.gather(session, events)
    units, metrics = happenings.units(session)
    return {metric.metric_id: unit_values(session, units, metric) for metric in metrics}


def _completeness(session: Session, events: EventSource, question: Question) -> Completeness | None:
    received, expected = session.rows(
        "SELECT sum(received), sum(expected) FROM (SELECT count(DISTINCT number) AS received, "
        f"max(number) - min(number) + 1 AS expected FROM {events.relation} WHERE sender IS NOT NULL "
        f"AND number IS NOT NULL AND moment >= {micros(question.start)} AND moment < {micros(question.at)} "
        "GROUP BY sender)",
        what="counting what senders numbered",
    )[0]
    return None if received is None else Completeness(received=int(received), expected=int(expected))
