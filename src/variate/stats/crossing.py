"""The chance that a statistic looked at several times crosses its critical values, exactly.

The statistic of look k is z_k = S_k / sqrt(t_k), where S has independent normal increments of variance t_k - t_(k-1).
The density of S_k where nothing has been crossed yet follows from that of S_(k-1) by one integral (Armitage, McPherson
& Rowe 1969), here by Simpson's rule on 1,501 points. Boundaries are symmetric, so the density is even, and half of the
points carry all of it. Under a drift the density is the same times exp(drift s - drift^2 t / 2), so one recursion
serves every drift.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.optimize import brentq

from variate.errors import InvalidInputError
from variate.stats.moments import Floats
from variate.stats.standard_normal import above, density, quantile

MAX_CRITICAL = 12.0
"""The greatest critical value: beyond it the chance is under 4e-33, and a sooner look need not be told from none."""
MIN_STEP = 1e-5
"""The least information between two looks, of the planned one: with less between them they are the same look."""
_INTERVALS = 750
_MAX_INTERVALS = 6_000
_POINTS_AT_A_TIME = 50
_LOOKS_AT_A_TIME = 100
"""The density after a look is computed from that before it: so many deep, of what Python allows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossings:
    """The chance of crossing first at each look: the upper critical values, and the lower ones. Shape (looks,)."""

    upper: Floats
    lower: Floats

    @property
    def total(self) -> Floats:
        """The chance of having crossed either by each look."""
        return np.cumsum(self.upper + self.lower)


@dataclass(frozen=True, slots=True)
class _Uncrossed:
    """The density of the score where nothing has been crossed up to a look at ``time``, at the points from 0 up.

    ``mass`` has Simpson's weights in it. Before the first look all of it is at 0.
    """

    time: float
    points: Floats
    mass: Floats


_START = _Uncrossed(0.0, np.zeros(1), np.full(1, 0.5))


def crossings(times: Sequence[float], *, critical: Sequence[float], drift: float = 0.0) -> Crossings:
    """Return the chances where look k has information ``times[k]`` and critical values plus and minus ``critical[k]``.

    Of the statistic at information 1, ``drift`` is the mean. The times rise, by more than ``MIN_STEP``; a critical
    value above ``MAX_CRITICAL`` counts as that.

    Raises ``InvalidInputError`` for times that do not rise, and for critical values that are not above 0.
    """
    looks = checked_looks(times, critical)
    upper, lower = np.empty(len(looks)), np.empty(len(looks))
    for place, (time, bound) in enumerate(looks):
        before = _uncrossed(looks[:place], next_time=time)
        upper[place], lower[place] = _crossing(before, time=time, critical=bound, drift=drift)
    return Crossings(upper=upper, lower=lower)


def crossed_with(times: Sequence[float], *, before: Sequence[float], critical: Floats) -> Floats:
    """Return the chance of crossing at any look without drift, for each of the critical values of the last one.

    ``before`` has those of the looks before it. What was crossed there is computed once for all of them.

    Raises ``InvalidInputError`` as ``crossings``.
    """
    earlier = _crossed_by(tuple(times[:-1]), tuple(before))
    looks, time = checked_looks(times, [*before, MAX_CRITICAL]), times[-1]
    uncrossed = _uncrossed(looks[:-1], next_time=time)
    bounds = np.minimum(critical, MAX_CRITICAL).tolist()
    here = [sum(_crossing(uncrossed, time=time, critical=bound, drift=0.0)) for bound in bounds]
    return earlier + np.asarray(here, dtype=np.float64)


@lru_cache(maxsize=64)
def _crossed_by(times: tuple[float, ...], critical: tuple[float, ...]) -> float:
    return float(crossings(times, critical=critical).total[-1]) if times else 0.0


def critical_for(chance: float, *, time: float, past: Sequence[tuple[float, float]]) -> float:
    """Return the critical value first crossed, either way and without drift, with this chance at ``time``.

    ``past`` has the information and the critical value of each look before it. At most ``MAX_CRITICAL``.
    """
    looks = tuple((when, min(value, MAX_CRITICAL)) for when, value in past)
    for place in range(_LOOKS_AT_A_TIME, len(looks), _LOOKS_AT_A_TIME):
        _uncrossed(looks[:place], next_time=looks[place][0])
    before = _uncrossed(looks, next_time=time)

    def excess(critical: float) -> float:
        upper, lower = _crossing(before, time=time, critical=critical, drift=0.0)
        return upper + lower - chance

    if excess(MAX_CRITICAL) >= 0:
        return MAX_CRITICAL
    if excess(0.0) <= 0:  # more is to be spent than is left
        return 0.0
    return float(brentq(excess, 0.0, MAX_CRITICAL, xtol=1e-12, rtol=1e-14))


def checked_looks(times: Sequence[float], critical: Sequence[float]) -> tuple[tuple[float, float], ...]:
    """Return each look's information and critical value, or raise ``InvalidInputError``."""
    if not times or len(times) != len(critical):
        raise InvalidInputError("looks", "must be at least one, each with its information and critical value")
    last = 0.0
    for time in times:
        if not last + (MIN_STEP if last else 0.0) < time < np.inf:
            raise InvalidInputError("looks", "must have finite information above 0 that rises from look to look")
        last = time
    if not all(value > 0 for value in critical):
        raise InvalidInputError("critical", "must be above 0")
    return tuple((float(time), min(float(value), MAX_CRITICAL)) for time, value in zip(times, critical, strict=True))


def drift_for(power: float, *, times: Sequence[float], critical: Sequence[float]) -> float:
    """Return the drift under which the upper critical values are crossed first with the chance ``power``."""

    def excess(drift: float) -> float:
        return float(crossings(times, critical=critical, drift=drift).upper.sum()) - power

    # At the last look alone the chance is less than at all of them together, but for who crossed below before.
    most = (critical[-1] + quantile(power)) / float(np.sqrt(times[-1])) * 1.5 + 1
    return float(brentq(excess, 0.0, most, xtol=1e-10))


def _crossing(before: _Uncrossed, *, time: float, critical: float, drift: float) -> tuple[float, float]:
    """Return the chance of crossing first at ``time``: upwards, and downwards."""
    step = time - before.time
    deviation = np.sqrt(step)
    bound = critical * np.sqrt(time)
    near, far = (bound - before.points) / deviation, (bound + before.points) / deviation
    if drift == 0:
        chance = float(before.mass @ (above(near) + above(far)))
        return chance, chance
    shift = drift * deviation
    rise = np.exp(drift * before.points - 0.5 * drift**2 * before.time)
    fall = np.exp(-drift * before.points - 0.5 * drift**2 * before.time)
    upper = before.mass @ (rise * above(near - shift) + fall * above(far - shift))
    lower = before.mass @ (rise * above(far + shift) + fall * above(near + shift))
    return float(upper), float(lower)


def _uncrossed(looks: tuple[tuple[float, float], ...], *, next_time: float) -> _Uncrossed:
    """Return the density after the looks, on points as close as the step to ``next_time`` needs."""
    if not looks:
        return _START
    time, critical = looks[-1]
    # Simpson's weights alternate, so a bump has to be wider than two points; three leave an error below 1e-8.
    needed = critical * np.sqrt(time) / np.sqrt(next_time - time) * 3
    intervals = _INTERVALS
    while intervals < min(needed, _MAX_INTERVALS):
        intervals *= 2
    return _density(looks, intervals)


@lru_cache(maxsize=2_048)
def _density(looks: tuple[tuple[float, float], ...], intervals: int) -> _Uncrossed:
    time, critical = looks[-1]
    before = _uncrossed(looks[:-1], next_time=time)
    deviation = np.sqrt(time - before.time)
    points = np.linspace(0.0, critical * np.sqrt(time), intervals + 1)
    mass = _arrived(points / deviation, before.points / deviation, before.mass)
    mass *= _simpson(intervals, points[1]) / deviation
    for array in (points, mass):
        array.setflags(write=False)
    return _Uncrossed(time, points, mass)


def _arrived(points: Floats, origins: Floats, mass: Floats) -> Floats:
    """Return what comes to each point from the origins and from those opposite, by steps of deviation 1.

    A few points at a time, so that the kernel stays near the processor, and only from where anything can come.
    """
    arrived = np.zeros(len(points))
    for start in range(0, len(points), _POINTS_AT_A_TIME):
        some = points[start : start + _POINTS_AT_A_TIME]
        first, last = np.searchsorted(origins, [some[0] - MAX_CRITICAL, some[-1] + MAX_CRITICAL])
        opposite = np.searchsorted(origins, MAX_CRITICAL - some[0])
        here = arrived[start : start + _POINTS_AT_A_TIME]
        here += density(some[:, None] - origins[first:last]) @ mass[first:last]
        here += density(some[:, None] + origins[:opposite]) @ mass[:opposite]
    return arrived


def _simpson(intervals: int, step: float) -> Floats:
    weights = np.full(intervals + 1, 2.0)
    weights[1::2] = 4.0
    weights[[0, -1]] = 1.0
    return weights * (step / 3)
