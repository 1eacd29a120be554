"""``variate ...``: the commands. Each command's module is imported when it is asked for, so that help is quick."""

from __future__ import annotations

import logging
import sys
from io import TextIOWrapper

import click

from variate._version import __version__
from variate.cli.lazy import LazyGroup


@click.group(
    cls=LazyGroup,
    modules={
        "aa": ("variate.cli.aa", "How often the tests are wrong on your own units."),
        "analyze": ("variate.cli.analyze", "The report of a CSV or Parquet file."),
        "audiences": ("variate.cli.audiences", "Conditions with a name, for experiments and flags to use."),
        "audit": ("variate.cli.audit", "What was changed, by whom, when, and whether that stands."),
        "decide": ("variate.cli.decide", "Decide which variation of an experiment a unit gets."),
        "demo": ("variate.cli.demo", "Run a simulated experiment from end to end."),
        "doctor": ("variate.cli.doctor", "What is configured, reachable and migrated, and what to do about it."),
        "evaluate": ("variate.cli.evaluate", "Evaluate a flag, or every flag, for a unit."),
        "events": ("variate.cli.events", "Record and read events."),
        "experiments": ("variate.cli.experiments", "Create, read and change experiments."),
        "explain": ("variate.cli.explain", "Explain what a unit gets, and why, now or before."),
        "flags": ("variate.cli.flags", "Create, read, change and switch feature flags."),
        "holdouts": ("variate.cli.holdouts", "A share of the users that sees no experiment."),
        "import-results": ("variate.cli.import_results", "Load a finished experiment from a CSV file."),
        "keys": ("variate.cli.keys", "By what programs show who they are."),
        "layers": ("variate.cli.layers", "Experiments of which a user is in one at most."),
        "metrics": ("variate.cli.metrics", "What experiments are judged by."),
        "migrate": ("variate.cli.migrate", "Make or update the tables of the configured stores."),
        "overrides": ("variate.cli.overrides", "Force a variation for a user, for a while."),
        "people": ("variate.cli.people", "Who signs in, and as what."),
        "power": ("variate.cli.power", "How many units an experiment takes, and what it can tell."),
        "purge": ("variate.cli.purge", "Delete what has expired."),
        "relay": ("variate.cli.relay", "Deliver changes that are still pending between stores."),
        "report": ("variate.cli.report", "What an experiment's data say, and whether they can be trusted."),
        "snapshots": ("variate.cli.snapshots", "What decisions are made from, and going back to another."),
    },
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, message="variate %(version)s")
def main() -> None:
    """A/B tests and feature flags on your own data layer.

    The stores are chosen by VARIATE_PROFILE: local (one SQLite file under VARIATE_HOME, the default), postgres or aws.
    Begin with: variate demo
    """
    # A terminal of a narrower encoding shows what it can rather than ending the command.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    # What the clients say once a process, such as which table names they go by, would be said at every command.
    logging.getLogger("variate.clients").setLevel(logging.ERROR)
