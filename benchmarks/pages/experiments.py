"""The experiments, with the audiences and metrics they are made of, and their reports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from benchmarks.pages.large_report import large_report
from benchmarks.pages.naming import (
    AREAS,
    LARGE,
    THINGS,
    Sizes,
    audience_id,
    experiment_id,
    named,
    owner,
    two_countries,
)
from variate.analysis.report import Report
from variate.model import Experiment, ExperimentStatus
from variate.model.audience import Audience
from variate.model.conclusion import Conclusion, ConclusionDecision
from variate.model.condition import read_condition
from variate.model.design import Design, ExperimentMetric, MetricRole
from variate.model.metric import Metric
from variate.model.plan import Plan
from variate.testing.builders import build_audience, build_experiment, build_metric

_OTHERS = (MetricRole.SECONDARY, MetricRole.GUARDRAIL)
_OVER = (ExperimentStatus.COMPLETED, ExperimentStatus.ARCHIVED)


def audiences(sizes: Sizes) -> Iterator[Audience]:
    """Yield the audiences."""
    for number in range(sizes.audiences):
        of_countries = {"attribute": "country", "operator": "in", "value": two_countries(number)}
        grown_up = {"attribute": "age", "operator": "greater_than", "value": 18 + number % 30}
        yield build_audience(
            audience_id(number),
            name=f"{named(number).capitalize()} users {number}",
            description="Of two countries and grown up.",
            condition={"all": [of_countries, grown_up]},
            created_at=sizes.ago(hours=3 * number + 1),
        )


def metrics(sizes: Sizes) -> list[Metric]:
    """Return the catalog: shares, means with CUPED and ratios."""
    kinds = ("proportion", "mean", "proportion", "mean", "ratio")
    fields: dict[str, dict[str, Any]] = {
        "proportion": {"measure": "purchase"},
        "mean": {"measure": {"event_type": "purchase", "aggregation": "sum"}, "covariate_hours": 24 * 14},
        "ratio": {"measure": "purchase", "denominator": "visit"},
    }
    return [
        build_metric(
            f"metric-{number}",
            kind=kinds[number % 5],
            name=f"{named(3 * number).capitalize()} {kinds[number % 5]}",
            description="What it takes to know it.",
            created_at=sizes.ago(days=200 + number),
            **fields[kinds[number % 5]],
        )
        for number in range(sizes.metrics)
    ]


def experiments(sizes: Sizes) -> Iterator[Experiment]:
    """Yield the experiments, the large one first."""
    yield _large(sizes)
    for number in range(1, sizes.experiments):
        created = sizes.ago(hours=12 * number)
        status = _status(number, sizes)
        yield build_experiment(
            experiment_id(number),
            name=f"{named(number).capitalize()} {number}",
            description=f"Tried by the team of {AREAS[number % 10]}.",
            status=status,
            owner=owner(number),
            design=Design(
                hypothesis=f"A clearer {THINGS[number % 10]} sells more.",
                audience=read_condition("audience", {"audience": audience_id(number % sizes.audiences)}),
                ends_at=created + timedelta(days=800) if number % 4 else None,
                metrics=_judged_by(number, 4, sizes),
                plan=Plan(units=50_000),
            ),
            conclusion=None
            if status not in _OVER
            else Conclusion(
                decision=ConclusionDecision.SHIP,
                variation="treatment",
                note="It sells more, and nothing is worse.",
                decided_at=created + timedelta(hours=5),
                decided_by=owner(number),
            ),
            created_at=created,
            updated_at=created + timedelta(hours=5),
        )


def reports(sizes: Sizes) -> Iterator[Report]:
    """Yield the report of the large experiment, and one of every other active one: those are of the same numbers."""
    catalog = metrics(sizes)
    yield large_report(
        _large(sizes),
        catalog,
        report_id=f"report-{LARGE}",
        units=sizes.units,
        days=sizes.days,
        at=sizes.ago(minutes=20),
    )
    active = [each for each in experiments(sizes) if each.status is ExperimentStatus.ACTIVE and each.id != LARGE]
    first = large_report(active[0], catalog, report_id="report", units=5_000, days=10, at=sizes.ago(minutes=30))
    for number, each in enumerate(active):
        at = sizes.ago(minutes=30 + number)
        yield replace(first, id=f"report-{each.id}", experiment_id=each.id, name=each.name, at=at)


def _large(sizes: Sizes) -> Experiment:
    names = ["control", *(f"variation-{number}" for number in range(1, sizes.variations))]
    return build_experiment(
        LARGE,
        name="Checkout redesign",
        description="All teams' ideas for the checkout at once.",
        status=ExperimentStatus.ACTIVE,
        owner=owner(0),
        variations=dict.fromkeys(names, 1.0),
        design=Design(
            hypothesis="One of the new checkouts sells more.",
            metrics=_judged_by(0, sizes.metrics, sizes),
            plan=Plan(units=sizes.units + sizes.units // 5),
        ),
        created_at=sizes.ago(days=sizes.days),
        updated_at=sizes.ago(days=sizes.days - 1),
    )


def _judged_by(number: int, count: int, sizes: Sizes) -> tuple[ExperimentMetric, ...]:
    """Return so many metrics: half of them goals, and of the others each second one a guardrail."""
    roles = [MetricRole.GOAL if place < count / 2 else _OTHERS[place % 2] for place in range(count)]
    return tuple(
        ExperimentMetric(
            metric=f"metric-{(number + place) % sizes.metrics}",
            role=role,
            margin=0.02 if role is MetricRole.GUARDRAIL else None,
        )
        for place, role in enumerate(roles)
    )


def _status(number: int, sizes: Sizes) -> ExperimentStatus:
    """Return active for the first ones, and for the others each status in turn."""
    if number < sizes.active:
        return ExperimentStatus.ACTIVE
    others = [each for each in ExperimentStatus if each is not ExperimentStatus.ACTIVE]
    return others[number % len(others)]
