"""What a form of an experiment offers to choose from: metrics, layers with what is free in them, holdouts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from variate.errors import InvalidInputError
from variate.model.holdout import Holdout
from variate.model.layer import Layer
from variate.model.metric import Metric
from variate.model.percentage import BUCKETS_PER_PERCENT
from variate.platform import Platform
from variate.server.dashboard.form import Form

MOST = 200
"""Most of a kind that are offered. Another metric can be typed by its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """``layers`` are pairs of id and words."""

    metrics: Sequence[Metric]
    layers: Sequence[tuple[str, str]]
    holdouts: Sequence[Holdout]


def choices(platform: Platform) -> Choices:
    """Return what there is to choose from."""
    return Choices(
        metrics=platform.list_metrics(limit=MOST).items,
        layers=[(layer.id, _layer_words(layer)) for layer in platform.list_layers(limit=MOST)],
        holdouts=platform.list_holdouts(limit=MOST).items,
    )


def check_metrics(platform: Platform, form: Form) -> None:
    """Raise ``InvalidInputError`` where a metric that was typed is not defined, each said beside its row."""
    for row in form.rows("metrics"):
        with form.noting():
            _check_metric(platform, form, f"metrics[{row}]")
    form.check()


def _check_metric(platform: Platform, form: Form, row: str) -> None:
    typed = form.text(f"{row}.metric")
    if not typed:
        return
    if platform.get_metric(typed) is None:
        raise InvalidInputError(
            f"{row}.metric",
            f"must be the id of a metric, and {typed!r} is none: choose one, or define it under Metrics",
        )


def _layer_words(layer: Layer) -> str:
    free = [f"{_percent(start)} to {_percent(end)}" for start, end in free_ranges(layer)]
    return f"{layer.name} ({'free: ' + ', '.join(free) + ' %' if free else 'nothing is free'})"


def free_ranges(layer: Layer) -> Iterator[tuple[int, int]]:
    """Yield the buckets that no experiment has claimed, as the first and the first after them."""
    at = 0
    for start, end in sorted(each.buckets for each in layer.ranges.values()):
        if at < start:
            yield at, start
        at = end
    if at < 100 * BUCKETS_PER_PERCENT:
        yield at, 100 * BUCKETS_PER_PERCENT


def _percent(buckets: int) -> str:
    return f"{buckets / BUCKETS_PER_PERCENT:g}"
