"""The options that all of ``variate power`` have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from variate.cli.given import with_options
from variate.cli.output import json_option
from variate.errors import InvalidInputError
from variate.model.experiment import MAX_VARIATIONS
from variate.model.metric import Direction
from variate.model.plan import Spending
from variate.stats.sizing import Asked

F = TypeVar("F", bound=Callable[..., Any])


def _numbers(text: str) -> tuple[float, ...]:
    try:
        return tuple(float(each) for each in text.split(","))
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not numbers with commas between, such as 50,50") from error


_NAMED = {
    "alpha": "--alpha",
    "baseline": "--baseline",
    "baseline.covariance": "--correlation",
    "baseline.denominator_mean": "--denominator-mean",
    "baseline.denominator_variance": "--denominator-deviation",
    "baseline.deviation": "--deviation",
    "baseline.mean": "--baseline",
    "baseline.numerator_mean": "--numerator-mean",
    "baseline.numerator_variance": "--numerator-deviation",
    "baseline.rate": "--baseline",
    "baseline.unit_variance": "--standard-error",
    "baseline.value": "--baseline",
    "cluster_size": "--cluster-size",
    "covariate_correlation": "--covariate-correlation",
    "daily_units": "--daily-units",
    "expected": "--expected",
    "goals": "--goals",
    "icc": "--icc",
    "is_relative": "--relative",
    "looks": "--looks",
    "margin": "--margin",
    "mde": "--mde",
    "power": "--power",
    "shares": "--shares",
    "spending": "--spending",
    "units": "--units",
}

_OPTIONS = (
    click.option("--mde", type=float, help="The smallest difference to tell, on the metric's scale: 0.01 is 1 pp."),
    click.option("--units", type=float, help="How many units there will be, in all variations."),
    click.option("--power", type=float, help="The chance of telling it; 0.8 unless it is asked for."),
    click.option(
        "--relative", "is_relative", is_flag=True, help="--mde, --margin and --expected are shares of the baseline."
    ),
    click.option("--margin", type=float, help="Non-inferiority: how much worse it may be at most."),
    click.option("--expected", type=float, help="With --margin: what the difference is thought to be.  [default: 0]"),
    click.option(
        "--direction",
        type=click.Choice([each.value for each in Direction]),
        default=Direction.INCREASE.value,
        show_default=True,
        help="Which way is better.",
    ),
    click.option("--alpha", type=float, default=0.05, show_default=True, help="The chance of error, in all."),
    click.option(
        "--variations", type=click.IntRange(2, MAX_VARIATIONS), help="How many, with the control.  [default: 2]"
    ),
    click.option("--shares", type=_numbers, metavar="N,N,...", help="Their weights, the control's first: 50,50."),
    click.option(
        "--goals", type=click.IntRange(1, 100), default=1, show_default=True, help="How many goal metrics share alpha."
    ),
    click.option(
        "--looks",
        type=click.IntRange(1, 365),
        default=20,
        show_default=True,
        help="How often it will be looked at; 1 is once, at the end.",
    ),
    click.option(
        "--spending",
        type=click.Choice([each.value for each in Spending]),
        help="How looks share alpha.  [default: obrien_fleming; with --margin, a confidence sequence]",
    ),
    click.option("--always-valid", is_flag=True, help="Judged by a confidence sequence, as an unplanned run is."),
    click.option("--covariate-correlation", type=float, metavar="R", help="CUPED: the covariate's with the metric."),
    click.option("--cluster-size", type=float, help="Where clusters are assigned whole: units in each."),
    click.option("--icc", type=float, help="How alike the units of a cluster are: the intraclass correlation."),
    click.option("--daily-units", type=float, help="How many units come a day, for the number of days."),
    json_option,
)


def power_options(command: F) -> F:
    """Add the options that every kind of metric has."""
    return with_options(_OPTIONS, command)


def asked_of(options: dict[str, Any]) -> Asked:
    """Return the options as what is asked."""
    spending, direction = options.pop("spending"), options.pop("direction")
    return Asked(spending=None if spending is None else Spending(spending), direction=Direction(direction), **options)


@contextmanager
def named_by_option() -> Iterator[None]:
    """Let what is wrong with a value name the option that gave it."""
    try:
        yield
    except InvalidInputError as error:
        raise InvalidInputError(_NAMED.get(error.field, error.field), error.rule) from error
    except OverflowError as error:
        raise InvalidInputError("the options", "are numbers too far apart to reckon with") from error
