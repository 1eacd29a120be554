"""A summary: by event type and variation, how many users did it and how much of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from variate.stats import NotEstimable, NotEstimableReason
from variate.stats.means import Difference, Moments, difference, moments


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One variation's users and what they did of one event type.

    ``rate`` is the share of users who did it at all; ``mean`` is the value a user, 0 for one without. The differences
    are to the control, and None for the control itself.
    """

    variation: str
    users: int
    converted: int
    rate: float | NotEstimable
    mean: float | NotEstimable
    rate_difference: Difference | NotEstimable | None
    mean_difference: Difference | NotEstimable | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One event type. It is ``binary`` when no user has a value but 0 and 1, so that the mean is the rate."""

    event_type: str
    binary: bool
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What was recorded for an experiment, by event type and variation, control first.

    ``users`` counts those with an exposure, by variation. Left out and counted: ``crossed`` users were exposed to more
    than one variation; ``unknown`` exposures name none of the experiment's.
    """

    experiment_id: str
    name: str
    users: Mapping[str, int]
    crossed: int
    unknown: int
    outcomes: tuple[Outcome, ...]


def outcome(event_type: str, *, users: Mapping[str, int], values: Mapping[str, list[float]]) -> Outcome:
    """Return the outcome of ``values`` (of the users who did it, by variation); the first of ``users`` is control."""
    rates = {name: _rate(users[name], converted=len(values[name])) for name in users}
    means = {name: moments(values[name], zeros=users[name] - len(values[name])) for name in users}
    control = next(iter(users))
    rows = tuple(
        Row(
            variation=name,
            users=users[name],
            converted=len(values[name]),
            rate=_mean(rates[name]),
            mean=_mean(means[name]),
            rate_difference=None if name == control else _difference(rates[name], control=rates[control]),
            mean_difference=None if name == control else _difference(means[name], control=means[control]),
        )
        for name in users
    )
    return Outcome(event_type=event_type, binary=all(set(each) <= {1.0} for each in values.values()), rows=rows)


def _rate(users: int, *, converted: int) -> Moments | NotEstimable:
    if users == 0:
        return NotEstimable(NotEstimableReason.NO_UNITS)
    rate = converted / users
    return Moments(count=users, mean=rate, variance=rate * (1 - rate) * users / (users - 1) if users > 1 else 0.0)


def _mean(found: Moments | NotEstimable) -> float | NotEstimable:
    return found if isinstance(found, NotEstimable) else found.mean


def _difference(treatment: Moments | NotEstimable, *, control: Moments | NotEstimable) -> Difference | NotEstimable:
    if isinstance(treatment, NotEstimable):
        return treatment
    if isinstance(control, NotEstimable):
        return control
    return difference(treatment, control=control)
