"""``variate explain``: why a unit got what it got, now or at a moment before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import click

from variate.cli.decision_view import attributes_option, experiment_option, flag_option, unit_option
from variate.cli.moment import moment
from variate.cli.output import json_option, print_fields, print_json, print_table
from variate.cli.words import moment_words
from variate.decision import Rung
from variate.functions.records import explained_record
from variate.platform import Platform
from variate.platform.explaining import Explained
from variate.rendering.decision_words import decision_fields


@click.command("explain")
@unit_option
@experiment_option
@flag_option
@attributes_option
@click.option(
    "--at", type=moment, metavar="TIME", help="As it was then: 10m, 2h, 7d ago or 2026-01-31T09:30:00Z; now, if not."
)
@json_option
def command(
    unit: str,
    experiment_id: str | None,
    flag_id: str | None,
    attributes: dict[str, Any] | None,
    at: datetime | None,
    *,
    as_json: bool,
) -> None:
    """Explain what a unit gets of an experiment or a flag.

    Every rung that was climbed and what was found there, and the snapshot it was decided by; indented, those of the
    experiment or the flag that a rung asked for. The attributes are what you say they are, or were: they are not kept.

    For example: variate explain --unit u-1 --experiment ID --attributes '{"country": "DE"}' --at 2h
    """
    with Platform.open() as platform:
        if experiment_id is not None and flag_id is None:
            explained = platform.explain(unit, experiment_id, attributes, at=at)
        elif flag_id is not None and experiment_id is None:
            explained = platform.explain_flag(unit, flag_id, attributes, at=at)
        else:
            raise click.UsageError("give either --experiment ID or --flag ID")
    if as_json:
        print_json(explained_record(explained))
    else:
        _print(explained)


def _print(explained: Explained) -> None:
    rows = list(_rows(explained.explanation.rungs))
    print_table(("", "rung", "found", "salt", "bucket"), rows, folded=("rung", "found", "salt"))
    publication = explained.publication
    click.echo()
    print_fields(
        {
            **decision_fields(explained.explanation.decision),
            "as of": moment_words(explained.at),
            "snapshot": (
                f"{publication.sequence} of {publication.environment} ({publication.digest[:12]}), "
                f"published {moment_words(publication.at)}"
            ),
        }
    )


def _rows(rungs: Iterable[Rung], *, indent: str = "") -> Iterator[tuple[str, ...]]:
    """Yield a row a rung, and under it those of the definition it asked for; only its own last one is marked."""
    for rung in rungs:
        marker = ">" if rung.decided and not indent else ""
        place = "" if rung.bucket is None else str(rung.bucket)
        yield marker, indent + rung.name, rung.said, rung.salt or "", place
        yield from _rows(rung.rungs, indent=f"{indent}  ")
