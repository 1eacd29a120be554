"""Results from moments: ours in one go beside tea-tasting, cell by cell, on the same."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from statistics import median

import numpy as np
from tea_tasting.aggr import Aggregates
from tea_tasting.metrics import Mean, RatioOfMeans

from benchmarks.engines import Engines
from benchmarks.line import Aim, Line
from variate.stats.cuped import cuped_sides
from variate.stats.differences import Differences, difference
from variate.stats.mean_sides import mean_side
from variate.stats.moments import Moments
from variate.stats.ratios import ratio_side
from variate.stats.sides import Side

_CELLS = 20_000
"""A hundred metrics on twenty days in ten segments."""
_PEERS_CELLS = 100
"""So many does tea-tasting in a turn; its time is scaled to all of them."""
_NAMES = ("y", "d", "x")
_WELCH = {"use_t": True, "equal_var": False}
_METRICS = (Mean("y", **_WELCH), Mean("y", covariate="x", **_WELCH), RatioOfMeans("y", "d", **_WELCH))


def lines(engines: Engines, *, turns: int) -> Iterator[Line]:  # noqa: ARG001 - numbers need no engine
    """Yield what 20,000 cells take: in each a difference of means, one with CUPED and one of ratios, with lifts."""
    moments = _moments(_CELLS)
    aggregates = [(_aggregates(moments[cell, 0]), _aggregates(moments[cell, 1])) for cell in range(_PEERS_CELLS)]
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(turns + 1):
        ours.append(_seconds(lambda: _results(moments)))
        theirs.append(_seconds(lambda: _peers_results(aggregates)) * _CELLS / _PEERS_CELLS)
    what = f"statistics: {_CELLS:,} cells: mean, CUPED and ratio with lifts"
    yield Line(what=what, unit="s", ours=median(ours[1:]), aim=Aim(0.1))
    yield Line(
        what=f"{what}, beside tea-tasting",
        unit="s",
        ours=median(ours[1:]),
        bare=median(theirs[1:]),
        ratio=median(one / other for one, other in zip(ours[1:], theirs[1:], strict=True)),
        aim=Aim(1 / 100),
        note=f"theirs measured on {_PEERS_CELLS} cells, times {_CELLS // _PEERS_CELLS}",
    )


def _moments(cells: int) -> Moments:
    draw = np.random.default_rng(1)
    count = draw.integers(1_000, 5_000, size=(cells, 2)).astype(np.float64)
    mixed = np.array([[2.0, 0, 0], [0.5, 1.0, 0], [1.2, 0.2, 1.0]])
    spread = draw.uniform(0.5, 2, size=(cells, 2))
    return Moments(
        count=count,
        mean=np.array([10.0, 3.0, 9.0]) + draw.normal(size=(cells, 2, 3)) / 50,
        products=mixed @ mixed.T * (spread * count)[..., None, None],
        cubes=np.zeros((cells, 2, 3)),
    )


def _results(moments: Moments) -> list[Differences]:
    sides: list[Side] = [mean_side(moments), cuped_sides(moments, covariates=[2]), ratio_side(moments)]
    return [difference(side[:, 1], side[:, 0]) for side in sides]


def _aggregates(cell: Moments) -> Aggregates:
    return Aggregates(
        count_=int(cell.count),
        mean_={name: float(cell.mean[place]) for place, name in enumerate(_NAMES)},
        var_={name: float(cell.variance(place)) for place, name in enumerate(_NAMES)},
        cov_={
            (_NAMES[one], _NAMES[two]): float(cell.covariance(one, two))
            for one, two in itertools.combinations(range(3), 2)
        },
    )


def _peers_results(aggregates: list[tuple[Aggregates, Aggregates]]) -> None:
    for control, treatment in aggregates:
        for metric in _METRICS:
            metric.analyze_aggregates(control, treatment)


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
