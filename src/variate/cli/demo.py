"""``variate demo``: a simulated experiment from end to end, through the same operations that a real one uses."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import click

from variate.analysis import summary_record
from variate.cli.output import batches, json_option, print_json, progress
from variate.cli.results_table import print_summary
from variate.errors import VariateError
from variate.model import EXPOSURE, Experiment, ExperimentStatus
from variate.model.decision import Decision
from variate.platform import Platform
from variate.settings import Settings

CONTROL, TREATMENT = "control", "new-checkout"
RATES = {CONTROL: 0.10, TREATMENT: 0.12}
ORDER_VALUE = 40.0
_BATCH = 1_000


class _Customer(NamedTuple):
    """A simulated customer. Who buys at all is drawn once, so that the treatment only adds buyers."""

    unit: str
    eagerness: float
    order: float

    def buys(self, variation: str) -> bool:
        return self.eagerness < RATES[variation]


@click.command("demo")
@click.option("--users", type=click.IntRange(100, 1_000_000), default=20_000, show_default=True, help="How many users.")
@click.option("--seed", type=int, default=1, show_default=True, help="The chance by which customers are made.")
@json_option
def command(users: int, seed: int, *, as_json: bool) -> None:
    """Run a simulated experiment from end to end.

    Makes an experiment of its own, assigns every user, asks for every assignment again after a change of weights (each
    stays as it was), records exposures, purchases and revenue, and prints what they say. The truth is known: the new
    checkout raises purchases from 10 % to 12 % of users, so revenue by 0.80 a user.
    """
    # A change of weights is in force VARIATE_CHANGE_DELAY_SECONDS later, once every process has heard of it. Here there
    # is but one, which is to ask again at once.
    settings = replace(Settings.from_environment(), change_delay_seconds=0)
    with Platform.open(settings) as platform:
        experiment = _started(platform)
        customers = _customers(users, seed=seed)
        with progress() as bars:
            assigning = bars.add_task("assigning", total=users)
            asking = bars.add_task("asking again", total=users)
            recording = bars.add_task("recording", total=users)
            assigned: list[Decision] = []
            for batch in batches(customers, size=_BATCH, advance=lambda count: bars.advance(assigning, count)):
                assigned += platform.assign_many(experiment.id, [customer.unit for customer in batch])
            _weigh(platform, experiment, {CONTROL: 1, TREATMENT: 9})
            moved = 0
            pairs = list(zip(customers, assigned, strict=True))
            for some in batches(pairs, size=_BATCH, advance=lambda count: bars.advance(asking, count)):
                again = platform.assign_many(experiment.id, [customer.unit for customer, _ in some])
                moved += sum(new.variation != old.variation for (_, old), new in zip(some, again, strict=True))
            _weigh(platform, experiment, {CONTROL: 1, TREATMENT: 1})
            for some in batches(pairs, size=_BATCH, advance=lambda count: bars.advance(recording, count)):
                _record(platform, experiment, some)
        platform.update_experiment_status(experiment.id, ExperimentStatus.COMPLETED)
        summary = platform.summarise_experiment(experiment.id, event_types=("purchase", "revenue"))
    if moved:
        raise VariateError(f"{moved:,} users changed their variation, which must not happen: please report it")
    if as_json:
        print_json(summary_record(summary))
        return
    click.echo(f"{experiment.name}  {experiment.id}")
    click.echo(f"{users:,} users assigned; asked again after the weights went to 1:9, {moved:,} had moved.\n")
    print_summary(summary)
    _say_what_next(experiment)


def _started(platform: Platform) -> Experiment:
    experiment = platform.create_experiment(
        "Demo: new checkout",
        description="Simulated. The truth: purchases rise from 10 % to 12 % of users, revenue by 0.80 a user.",
        variations=[{"name": CONTROL}, {"name": TREATMENT}],
        owner="demo",
    )
    return platform.update_experiment_status(experiment.id, ExperimentStatus.ACTIVE)


def _weigh(platform: Platform, experiment: Experiment, weights: dict[str, float]) -> None:
    variations = [{"name": name, "weight": weight} for name, weight in weights.items()]
    platform.update_experiment(experiment.id, variations=variations)


def _customers(count: int, *, seed: int) -> list[_Customer]:
    chance = random.Random(seed)  # noqa: S311 - a simulation, to be repeatable
    return [
        _Customer(f"user-{number}", chance.random(), round(chance.expovariate(1 / ORDER_VALUE), 2))
        for number in range(1, count + 1)
    ]


def _record(platform: Platform, experiment: Experiment, some: Sequence[tuple[_Customer, Decision]]) -> None:
    events = [event for customer, decision in some for event in _events(experiment, customer, decision)]
    for verdict in platform.batch_create_events(events):
        if verdict.error is not None:
            raise verdict.error


def _events(experiment: Experiment, customer: _Customer, decision: Decision) -> Iterator[dict[str, Any]]:
    variation = decision.variation
    if variation is None:
        raise VariateError(f"{customer.unit} has no variation ({decision.reason}), though all are in: please report it")
    happened: list[tuple[str, dict[str, Any]]] = [(EXPOSURE, {"variation": variation})]
    if customer.buys(variation):
        happened += [("purchase", {"value": 1}), ("revenue", {"value": customer.order})]
    for event_type, data in happened:
        yield {
            "id": f"{experiment.id}/{customer.unit}/{event_type}",
            "user_id": customer.unit,
            "event_type": event_type,
            "data": data,
            "experiment_id": experiment.id,
        }


def _say_what_next(experiment: Experiment) -> None:
    click.echo("The truth is +2.00 pp and +0.80; 19 of 20 such intervals hold it.\n")
    click.echo("Next:")
    for line in (
        f"variate experiments show {experiment.id}",
        f"variate audit --entity {experiment.id}",
        "variate events list user-1",
        "variate doctor",
        "variate import-results FILE.csv --unit COL --variation COL --event NAME=COL",
    ):
        click.echo(f"  {line}")
