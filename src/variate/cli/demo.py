"""``variate demo``: a simulated experiment from end to end, through the same operations that a real one uses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import click

from variate.analysis.report_record import report_record
from variate.cli import demo_dashboard
from variate.cli.demo_customers import CONTROL, PAST, TREATMENT, Customer, customers, events_of
from variate.cli.output import advance_on, batches, json_option, print_json, progress
from variate.cli.own_metrics import Wanted, define
from variate.cli.report_view import print_report
from variate.errors import VariateError
from variate.model import Experiment, ExperimentStatus
from variate.model.decision import Decision
from variate.model.metric import MetricKind
from variate.platform import Platform
from variate.settings import Settings

PURCHASE, REVENUE, SUPPORT = "demo-purchase", "demo-revenue", "demo-support"
_SIMULATED = "of the simulated customers of variate demo"
_METRICS = (
    Wanted(
        id=PURCHASE,
        kind=MetricKind.PROPORTION,
        name="purchase",
        description=f"Who buys, {_SIMULATED}",
        fields={"measure": "purchase"},
    ),
    Wanted(
        id=REVENUE,
        kind=MetricKind.MEAN,
        name="revenue",
        description=f"What they buy for, {_SIMULATED}",
        fields={
            "measure": {"event_type": "purchase", "aggregation": "sum"},
            "covariate_hours": 24 * PAST.days,
        },
    ),
    Wanted(
        id=SUPPORT,
        kind=MetricKind.PROPORTION,
        name="support",
        description=f"Who asks for help, {_SIMULATED}",
        fields={"measure": "support", "direction": "decrease"},
    ),
)
_MARGIN = 0.01
"""How many more of all customers may ask for help."""
_BATCH = 1_000


@click.command("demo")
@click.option("--users", type=click.IntRange(100, 1_000_000), default=20_000, show_default=True, help="How many users.")
@click.option("--seed", type=int, default=1, show_default=True, help="The chance by which customers are made.")
@click.option("--serve", "serves", is_flag=True, help="Then serve the dashboard on it, and say where it is.")
@json_option
def command(users: int, seed: int, *, serves: bool, as_json: bool) -> None:
    """Run a simulated experiment from end to end.

    Defines metrics and makes an experiment of its own, assigns every user, asks for every assignment again after a
    change of weights (each stays as it was), records exposures and purchases, and prints the report. The truth is
    known: the new checkout raises purchases from 10 % to 12 % of users, so revenue by 0.80 a user, and changes nothing
    of how many ask for help.
    """
    # A change of weights is in force VARIATE_CHANGE_DELAY_SECONDS later, once every process has heard of it. Here there
    # is but one, which is to ask again at once.
    settings = replace(Settings.from_environment(), change_delay_seconds=0)
    if serves:
        if as_json:
            raise click.UsageError("give either --serve or --json")
        demo_dashboard.check_local(settings)
    with Platform.open(settings) as platform:
        define(platform, _METRICS, option="metrics")
        experiment = _started(platform, users=users, seed=seed)
        with progress() as bars:
            assigning = bars.add_task("assigning", total=users)
            asking = bars.add_task("asking again", total=users)
            recording = bars.add_task("recording", total=users)
            assigned: list[tuple[Customer, str]] = []
            everybody = customers(users, seed=seed)
            for batch in batches(everybody, size=_BATCH, advance=lambda count: bars.advance(assigning, count)):
                decisions = platform.assign_many(experiment.id, [customer.unit for customer in batch])
                assigned += zip(batch, map(_variation, decisions), strict=True)
            _weigh(platform, experiment, {CONTROL: 1, TREATMENT: 9})
            moved = 0
            for some in batches(assigned, size=_BATCH, advance=lambda count: bars.advance(asking, count)):
                again = platform.assign_many(experiment.id, [customer.unit for customer, _ in some])
                moved += sum(new.variation != old for (_, old), new in zip(some, again, strict=True))
            _weigh(platform, experiment, {CONTROL: 1, TREATMENT: 1})
            for some in batches(assigned, size=_BATCH, advance=lambda count: bars.advance(recording, count)):
                _record(platform, experiment, some)
            platform.update_experiment_status(experiment.id, ExperimentStatus.COMPLETED)
            report = platform.report_experiment(experiment.id, advance=advance_on(bars))
    if moved:
        raise VariateError(f"{moved:,} users changed their variation, which must not happen: please report it")
    if as_json:
        print_json(report_record(report))
        return
    click.echo(f"{users:,} users assigned; asked again after the weights went to 1:9, {moved:,} had moved.\n")
    print_report(report)
    _say_what_next(experiment)
    if serves:
        demo_dashboard.serve(settings, experiment.id)


def _started(platform: Platform, *, users: int, seed: int) -> Experiment:
    experiment = platform.create_experiment(
        "Demo: new checkout",
        description="Simulated. The truth: purchases rise from 10 % to 12 % of users, revenue by 0.80 a user.",
        variations=[{"name": CONTROL}, {"name": TREATMENT}],
        owner="demo",
        hypothesis="A shorter checkout sells more, and no more customers ask for help.",
        metrics=[
            PURCHASE,
            {"metric": REVENUE, "role": "secondary"},
            {"metric": SUPPORT, "role": "guardrail", "margin": _MARGIN},
        ],
        plan={"units": users, "looks": 1},
        salt=f"variate-demo-{seed}",  # so that a seed always gives the same report
    )
    return platform.update_experiment_status(experiment.id, ExperimentStatus.ACTIVE)


def _variation(decision: Decision) -> str:
    if decision.variation is None:
        raise VariateError(f"a user has no variation ({decision.reason}), though all are in: please report it")
    return decision.variation


def _weigh(platform: Platform, experiment: Experiment, weights: dict[str, float]) -> None:
    variations = [{"name": name, "weight": weight} for name, weight in weights.items()]
    platform.update_experiment(experiment.id, variations=variations)


def _record(platform: Platform, experiment: Experiment, some: Sequence[tuple[Customer, str]]) -> None:
    events = [event for customer, variation in some for event in events_of(customer, experiment, variation)]
    for verdict in platform.batch_create_events(events):
        if verdict.error is not None:
            raise verdict.error


def _say_what_next(experiment: Experiment) -> None:
    click.echo("\nThe truth: purchase +2.00 pp, revenue +0.80, support +0.00 pp.")
    click.echo("19 of 20 such intervals hold it.\n")
    click.echo("Next:")
    for line in (
        f"variate report {experiment.id} --html report.html",
        f"variate report {experiment.id} --dimension country",
        f"variate aa {experiment.id}",
        "variate metrics list",
        "variate power proportion --baseline 0.10 --mde 0.01 --daily-units 2000",
        "variate analyze FILE.csv --unit COL --variation COL --metric COL",
        "variate import-results FILE.csv --unit COL --variation COL --event NAME=COL",
    ):
        click.echo(f"  {line}")
