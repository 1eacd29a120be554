"""Periods: the stretches of time between changes of an experiment's weights.

A unit is of the period of its first exposure, and is tested against the weights that were in force then.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise

import numpy as np

from variate.model import Experiment
from variate.stores.aggregates import Answer, Cells, Numbers

Shares = tuple[float, ...]


def shares_of(weights: Sequence[float]) -> Shares:
    """Return what each weight makes of all weights."""
    greatest = max(weights)  # so that the sum of great weights stays a float
    total = sum(weight / greatest for weight in weights)
    return tuple(weight / greatest / total for weight in weights)


@dataclass(frozen=True, slots=True)
class Weighing:
    """The ``weights`` of each period, in the order of the variations; ``reweighed``: when each but the first began."""

    reweighed: tuple[datetime, ...]
    weights: tuple[tuple[float, ...], ...]


def weighing_of(experiment: Experiment, *, at: datetime) -> Weighing:
    """Return how units were shared out until ``at``; a change that is not in force by then is none yet.

    Nor is one of the traffic or the audience alone: units were shared out alike.
    """
    past = experiment.design.past
    weights = [*(each.weights for each in past), tuple(each.weight for each in experiment.variations)]
    changes = [
        (each.until, new)
        for each, (old, new) in zip(past, pairwise(weights), strict=True)
        if shares_of(old) != shares_of(new) and each.until < at
    ]
    return Weighing(tuple(until for until, _ in changes), (weights[0], *(new for _, new in changes)))


def placed(answer: Answer, *, shares: Sequence[Shares]) -> Answer:
    """Return the answer with each unit in a period in which its variation took units.

    In one in which it took none, a unit was assigned before, or its exposure bears the time of another clock. Of such
    the nearest period is meant, and of two the one before.
    """
    if len(shares) == 1:
        return answer
    takes = np.asarray(shares) > 0
    periods = np.arange(len(shares))
    places = np.tile(periods[:, None], takes.shape[1])
    for period, variation in np.argwhere(~takes):
        taking = periods[takes[:, variation]]
        if len(taking):
            places[period, variation] = min(taking, key=lambda each: (abs(each - period), each))
    return replace(
        answer,
        units=replace(answer.units, cells=_moved(answer.units.cells, places)),
        metrics={name: replace(each, cells=_moved(each.cells, places)) for name, each in answer.metrics.items()},
    )


def _moved(cells: Cells, places: Numbers) -> Cells:
    return replace(cells, period=places[cells.period, cells.variation])
