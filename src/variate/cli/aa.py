"""``variate aa``: how often the tests are wrong on a team's own units."""

from __future__ import annotations

import click

from variate.analysis.aa import SelfCheck
from variate.analysis.aa_record import self_check_record
from variate.cli.aa_view import is_wrong_too_often, print_check
from variate.cli.output import advance_on, json_option, print_json, progress
from variate.platform import Platform


@click.command("aa")
@click.argument("experiment_id")
@click.option("--runs", type=click.IntRange(100, 1_000_000), default=1_000, show_default=True, help="How many times.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, help="The chance by which units are drawn."
)
@json_option
def command(experiment_id: str, runs: int, seed: int, *, as_json: bool) -> None:
    """Check each metric of an experiment by sharing its own units out at random, again and again.

    Nothing is between the sides then but chance, so a test at 5 % has to find something one time in twenty. Exits with
    1 where a metric's test is wrong more often than it says.
    """
    with Platform.open() as platform, progress() as bars:
        check: SelfCheck = platform.check_aa(  # type: ignore[attr-defined]  # the platform is to offer it
            experiment_id, runs=runs, seed=seed, advance=advance_on(bars)
        )
    if as_json:
        print_json(self_check_record(check))
    else:
        print_check(check)
    if is_wrong_too_often(check):
        click.get_current_context().exit(1)
