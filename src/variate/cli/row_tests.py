"""What ``variate analyze`` adds from the units' own values: the rank test and the bootstrap."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import click
import numpy as np

from variate.analysis.wording import WHY, percent
from variate.cli.output import print_table
from variate.stats.moments import Floats
from variate.stats.not_estimable import NotEstimable, NotEstimableReason
from variate.stats.rows import Bootstrapped, RankTest, bootstrap, rank_test
from variate.stores.aggregates import UnitValues

_SEED = 20_130_225
"""The bootstrap draws the same each time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowTest:
    """What was found of one metric, of a variation and the control."""

    metric: str
    variation: str
    found: RankTest | Bootstrapped | NotEstimable


def rank_tests(values: Mapping[str, UnitValues], *, variations: Sequence[str]) -> Iterator[RowTest]:
    """Yield the rank test of each metric but ratios, whose units have no value, and of each variation but control."""
    for metric, found in values.items():
        if "d" in found.variables:
            continue
        control = found.values[found.variation == 0, 0]
        for place, name in enumerate(variations[1:], start=1):
            treatment = found.values[found.variation == place, 0]
            yield RowTest(metric=metric, variation=name, found=rank_test(treatment, control))


def bootstraps(
    values: Mapping[str, UnitValues], *, variations: Sequence[str], draws: int, alpha: float
) -> Iterator[RowTest]:
    """Yield the bootstrap of the difference, of each metric and each variation but control."""
    for metric, found in values.items():
        is_ratio = "d" in found.variables
        rows = found.values[:, :2] if is_ratio else found.values[:, 0]
        for place, name in enumerate(variations[1:], start=1):
            drawn = bootstrap(
                rows[found.variation == place],
                rows[found.variation == 0],
                statistic=_ratio if is_ratio else _mean,
                generator=np.random.default_rng(_SEED),
                draws=draws,
                alpha=alpha,
            )
            yield RowTest(metric=metric, variation=name, found=_finite(drawn))


def row_tests_record(tests: Sequence[RowTest]) -> list[dict[str, Any]]:
    """Return the tests as JSON can hold them."""
    return [
        {
            "metric": test.metric,
            "variation": test.variation,
            **(
                {"not_estimable": test.found.reason.value}
                if isinstance(test.found, NotEstimable)
                else dataclasses.asdict(test.found)
            ),
        }
        for test in tests
    ]


def print_rank_tests(tests: Sequence[RowTest]) -> None:
    """Print the rank tests as a table."""
    click.echo("\nRank test: the chance that a unit has more than one of the control, ties counted half")
    rows = [
        (test.metric, test.variation, *_rank_words(test.found))
        for test in tests
        if not isinstance(test.found, Bootstrapped)
    ]
    print_table(("metric", "variation", "chance", "p"), rows, folded=("metric", "variation"))


def print_bootstraps(tests: Sequence[RowTest], *, draws: int, alpha: float) -> None:
    """Print the bootstrapped differences as a table."""
    click.echo(f"\nBootstrap: the difference, with a {percent(1 - alpha)} interval of {draws:,} draws")
    rows = [
        (test.metric, test.variation, *_drawn_words(test.found))
        for test in tests
        if not isinstance(test.found, RankTest)
    ]
    print_table(("metric", "variation", "difference", "low", "high"), rows, folded=("metric", "variation"))


def _rank_words(found: RankTest | NotEstimable) -> tuple[str, str]:
    if isinstance(found, NotEstimable):
        return WHY[found.reason], ""
    return f"{found.superiority:.4f}", f"{found.p_value:.3g}"


def _drawn_words(found: Bootstrapped | NotEstimable) -> tuple[str, str, str]:
    if isinstance(found, NotEstimable):
        return WHY[found.reason], "", ""
    return f"{found.value:.6g}", f"{found.low:.6g}", f"{found.high:.6g}"


def _mean(values: Floats) -> float:
    return float(values.mean())


def _ratio(values: Floats) -> float:
    upper, lower = values.sum(axis=0).tolist()
    return upper / lower if lower else math.nan


def _finite(found: Bootstrapped | NotEstimable) -> Bootstrapped | NotEstimable:
    if isinstance(found, NotEstimable) or all(map(math.isfinite, (found.value, found.low, found.high))):
        return found
    return NotEstimable(NotEstimableReason.ZERO_DENOMINATOR)
