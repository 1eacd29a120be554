"""``variate power``: how many units an experiment takes, what it can tell, and how surely."""

from __future__ import annotations

from typing import Any

import click

from variate.cli.power_options import asked_of, named_by_option, power_options
from variate.cli.power_view import print_answer, print_answer_json
from variate.rendering.numbers import Quantity
from variate.stats.baselines import Baseline, MeanBaseline, ProportionBaseline, QuantileBaseline, RatioBaseline
from variate.stats.sizing import answered


@click.group("power")
def command() -> None:
    """How many units an experiment takes, what it can tell, and how surely.

    Give two of --units, --mde and --power, and the third follows; --power alone is 0.8 unless it is asked for.
    """


@command.command()
@click.option("--baseline", type=float, required=True, help="The share of units that convert now: 0.1 is 10 %.")
@power_options
def proportion(baseline: float, **options: Any) -> None:
    """For a share of units: proportions, retention, funnels.

    For example: variate power proportion --baseline 0.10 --mde 0.01 --daily-units 5000
    """
    with named_by_option():
        found = ProportionBaseline(rate=baseline)
    _answer(found, options, of=Quantity.SHARE)


@command.command()
@click.option("--baseline", type=float, required=True, help="The mean of the units' values now.")
@click.option("--deviation", type=float, required=True, help="Their standard deviation.")
@power_options
def mean(baseline: float, deviation: float, **options: Any) -> None:
    """For the mean of a count or a sum a unit.

    For example: variate power mean --baseline 14 --deviation 40 --mde 0.05 --relative
    """
    with named_by_option():
        found = MeanBaseline(mean=baseline, deviation=deviation)
    _answer(found, options, of=Quantity.AMOUNT)


@command.command()
@click.option("--numerator-mean", type=float, required=True, help="The upper side's mean a unit.")
@click.option("--denominator-mean", type=float, required=True, help="The lower side's.")
@click.option(
    "--numerator-deviation", type=click.FloatRange(min=0), required=True, help="The upper side's standard deviation."
)
@click.option("--denominator-deviation", type=click.FloatRange(min=0), required=True, help="The lower side's.")
@click.option("--correlation", type=click.FloatRange(-1, 1), required=True, help="Of both sides, over the units.")
@power_options
def ratio(
    numerator_mean: float,
    denominator_mean: float,
    numerator_deviation: float,
    denominator_deviation: float,
    correlation: float,
    **options: Any,
) -> None:
    """For a ratio of two sums, such as the revenue an order."""
    with named_by_option():
        found = RatioBaseline(
            numerator_mean=numerator_mean,
            denominator_mean=denominator_mean,
            numerator_variance=numerator_deviation**2,
            denominator_variance=denominator_deviation**2,
            covariance=correlation * numerator_deviation * denominator_deviation,
        )
    _answer(found, options, of=Quantity.AMOUNT)


@command.command()
@click.option("--baseline", type=float, required=True, help="The quantile now.")
@click.option("--standard-error", type=float, required=True, help="Its standard error in some data.")
@click.option("--from-units", type=click.IntRange(min=2), required=True, help="How many units that data has.")
@power_options
def quantile(baseline: float, standard_error: float, from_units: int, **options: Any) -> None:
    """For a quantile of the events' values, such as the 95th percentile of a latency.

    A report on past data has the quantile's standard error; it grows smaller with the root of the units.
    """
    with named_by_option():
        found = QuantileBaseline(value=baseline, unit_variance=standard_error**2 * from_units)
    _answer(found, options, of=Quantity.AMOUNT)


def _answer(baseline: Baseline, options: dict[str, Any], *, of: Quantity) -> None:
    as_json = options.pop("as_json")
    with named_by_option():
        answer = answered(baseline, asked=asked_of(options))
    if as_json:
        print_answer_json(answer)
    else:
        print_answer(answer, of=of)
