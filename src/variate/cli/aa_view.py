"""An A/A check in the terminal."""

from __future__ import annotations

import click
from rich.text import Text

from variate.analysis.aa import MetricCheck, SelfCheck
from variate.analysis.aa_advice import Agreement, ErrorRate
from variate.cli.output import new_table, print_rich, say
from variate.cli.text import shown
from variate.rendering.numbers import count_words, share_words
from variate.rendering.words import NOTHING, reason_words
from variate.stats.not_estimable import NotEstimable

_AGREEMENTS = {
    Agreement.AGREES: ("as it says", "green"),
    Agreement.TOO_OFTEN: ("too often", "red"),
    Agreement.TOO_RARELY: ("too rarely", "yellow"),
}


def print_check(check: SelfCheck) -> None:
    """Print how often each metric's tests were wrong, and what to do where that is not as often as they say."""
    say(
        f"All units were shared out anew {count_words(check.runs)} times, so that nothing is there to be found. A test "
        f"at alpha {check.alpha:g} should find something {share_words(check.alpha)} of the time, and its interval hold "
        "0 for the rest."
    )
    click.echo()
    table = new_table()
    table.add_column("metric", overflow="fold")
    table.add_column("test", no_wrap=True)
    for heading in ("units", "wrong", f"{100 * check.confidence:g} % interval", "coverage"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("is wrong", no_wrap=True)
    for metric in check.metrics:
        for name, rate in _tests(metric):
            words, style = _verdict(rate)
            table.add_row(
                Text(shown(metric.metric_id)), name, count_words(metric.units), *_cells(rate), Text(words, style=style)
            )
    print_rich(table)
    for metric in check.metrics:
        if metric.advice:
            click.echo()
            say(f"{metric.metric_id}: {metric.advice}")
    if not check.metrics:
        say("no metric can be checked: the experiment has none whose units have a value each")


def is_wrong_too_often(check: SelfCheck) -> bool:
    """Return whether the test of some metric is wrong more often than it says."""
    rates = [rate for metric in check.metrics for _, rate in _tests(metric)]
    return any(isinstance(rate, ErrorRate) and rate.agreement is Agreement.TOO_OFTEN for rate in rates)


def _tests(metric: MetricCheck) -> list[tuple[str, ErrorRate | NotEstimable]]:
    found = [("plain", metric.plain), ("CUPED", metric.adjusted)]
    return [(name, rate) for name, rate in found if rate is not None]


def _cells(rate: ErrorRate | NotEstimable) -> tuple[str, str, str]:
    if isinstance(rate, NotEstimable):
        return NOTHING, NOTHING, NOTHING
    interval = f"[{100 * rate.low:.2f}, {100 * rate.high:.2f}]"
    return share_words(rate.rate), interval, share_words(rate.coverage)


def _verdict(rate: ErrorRate | NotEstimable) -> tuple[str, str]:
    return (reason_words(rate), "yellow") if isinstance(rate, NotEstimable) else _AGREEMENTS[rate.agreement]
