"""The port by which an analysis asks for sums: what units did, as moments by variation, dimension and day.

A unit enters by its first exposure to one of the experiment's variations. Not in: who was exposed to two of them
(crossed, counted), who was ever overridden in the experiment (counted), and exposures that name no variation (counted).
A unit's events count from its exposure on, each at its own time; those recorded with another experiment do not count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
import numpy.typing as npt

from variate.model.metric import Metric
from variate.stats.moments import Floats, Moments

Numbers = npt.NDArray[np.int64]

OVERALL = ""
"""The dimension of the cells that hold every unit."""

Advance = Callable[[str, int, int], None]
"""Told how far a long work is: what is being done, how many steps are done, and of how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked of the events.

    ``variations`` are names, control first. Exposures count from ``start`` on; to before ``until``, where it is given,
    and events of metrics without a window's end too. Nothing dated at or after ``at`` counts. A unit's value of each of
    ``dimensions`` is what its first exposure says. ``reweighed`` are the moments, in their order, from which on units
    were shared out by other weights: they divide the time into periods.
    """

    experiment_id: str
    variations: tuple[str, ...]
    start: datetime
    until: datetime | None
    at: datetime
    metrics: tuple[Metric, ...]
    dimensions: tuple[str, ...] = ()
    overridden: frozenset[str] = frozenset()
    reweighed: tuple[datetime, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """The groups that units are counted in: arrays of one length, in no promised order.

    ``variation`` is a place in the question's variations; ``dimension`` is ``OVERALL`` or a dimension's name and
    ``value`` its value there, None for units that have none; ``day`` is the day of the first exposure in UTC, in days
    from 1970 (-1 where a source has no days). ``period`` is how many of the question's ``reweighed`` had come by the
    first exposure (0 of quantiles, which do not add up over periods). A unit is in one cell of each dimension and in
    one of ``OVERALL``.
    """

    variation: Numbers
    dimension: tuple[str, ...]
    value: tuple[str | None, ...]
    day: Numbers
    period: Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitCounts:
    """How many units entered, by cell."""

    cells: Cells
    count: Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricMoments:
    """The moments of a metric's variables by cell; shape (cells,).

    ``variables`` names them: ``y`` (its value, or a ratio's upper side), ``d`` (a ratio's lower side), ``x1`` ... (the
    covariates), ``missing1`` ... (1 for units without that covariate, whose ``x`` is then a constant), ``raw`` (y as it
    was before it was cut to ``cap``, where the metric has a cap). ``y`` comes first. ``waiting`` units are not in yet,
    since their window is not over; ``unmeasured`` units have no value (only in files).
    """

    metric_id: str
    variables: tuple[str, ...]
    cells: Cells
    moments: Moments
    cap: float | None = None
    waiting: int = 0
    unmeasured: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricQuantiles:
    """A quantile of the events' values by cell (whose ``day`` is -1: quantiles do not add up over days).

    ``standard_error`` allows for the clusters (Deng, Knoblich & Lu 2018) and is NaN where it cannot be told.
    """

    metric_id: str
    cells: Cells
    units: Numbers
    events: Numbers
    quantile: Floats
    standard_error: Floats
    waiting: int = 0
    unmeasured: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness:
    """Of the events that numbered senders numbered, in the question's time, how many were received."""

    received: int
    expected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the events say.

    ``late`` events have come since the look before this one but are dated before it; None where there was none, or the
    source does not know. ``through`` names what has been read, so that an answer can be told from a later one.
    ``completeness`` is None where no sender numbers its events.
    """

    units: UnitCounts
    crossed: int
    overridden: int
    unknown: int
    late: int | None
    completeness: Completeness | None
    through: str
    metrics: Mapping[str, MetricMoments | MetricQuantiles]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitValues:
    """The rows behind one metric's moments: a unit's variation and its variables, in one order."""

    metric_id: str
    variables: tuple[str, ...]
    variation: Numbers
    values: Floats


class Aggregator(Protocol):
    """Sums up recorded exposures and events, in the store that holds them.

    A second question about the same experiment reads what has come since the first, where the store keeps what it read.
    Safe to call from several threads and processes. Raises as the stores do.
    """

    def answer(self, question: Question, *, advance: Advance | None = None) -> Answer:
        """Return the moments of every metric of the question."""

    def unit_values(self, question: Question, *, advance: Advance | None = None) -> Mapping[str, UnitValues]:
        """Return the rows of every metric that has moments: for rank tests, the bootstrap and A/A checks only."""
