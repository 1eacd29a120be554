"""The table of results that ``demo``, ``import-results`` and ``experiments results`` print."""

from __future__ import annotations

import click
from rich.text import Text

from variate.analysis import Outcome, Row, Summary
from variate.cli.output import new_table, print_rich
from variate.cli.text import shown
from variate.rendering.numbers import decimals_for
from variate.rendering.words import reason_words
from variate.stats import NotEstimable


def print_summary(summary: Summary) -> None:
    """Print a table for each event type: users, conversions, rate, mean, difference to the control with its interval.

    The difference is that of the rates, in percentage points, where users have only zeros and ones, else of the means.
    """
    for outcome in summary.outcomes:
        _print_outcome(outcome)
    if not summary.outcomes:
        users = ", ".join(f"{shown(name)} {count:,}" for name, count in summary.users.items())
        click.echo(f"no events of exposed users yet; exposures: {users}; what others did does not count")
    if summary.crossed:
        click.echo(f"users left out because they met more than one variation: {summary.crossed:,}")
    if summary.unknown:
        click.echo(f"exposures left out because they name no variation of this experiment: {summary.unknown:,}")


def _print_outcome(outcome: Outcome) -> None:
    table = new_table()
    table.add_column(shown(outcome.event_type), overflow="fold")
    for heading in ("users", "converted", "rate", "mean", "difference", "95 % interval"):
        table.add_column(heading, justify="right", no_wrap=True)
    means = [row.mean for row in outcome.rows if not isinstance(row.mean, NotEstimable)]
    decimals = decimals_for(max(map(abs, means), default=0))
    for row in outcome.rows:
        table.add_row(
            Text(shown(row.variation)),
            f"{row.users:,}",
            f"{row.converted:,}",
            _rate(row.rate),
            "-" if isinstance(row.mean, NotEstimable) else f"{row.mean:,.{decimals}f}",
            *_difference(row, binary=outcome.binary),
        )
    print_rich(table)
    click.echo()


def _rate(rate: float | NotEstimable) -> str:
    return "-" if isinstance(rate, NotEstimable) else f"{100 * rate:.2f} %"


def _difference(row: Row, *, binary: bool) -> tuple[str, str]:
    found = row.rate_difference if binary else row.mean_difference
    if found is None:
        return "control", ""
    if isinstance(found, NotEstimable):
        return "-", reason_words(found)
    if binary:
        return f"{100 * found.value:+.2f} pp", f"[{100 * found.low:+.2f}, {100 * found.high:+.2f}]"
    decimals = decimals_for(max(abs(found.low), abs(found.high)))
    low, high = (f"{end:+,.{decimals}f}" for end in (found.low, found.high))
    return f"{found.value:+,.{decimals}f}", f"[{low}, {high}]"
