"""``variate events``: what units did and met."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial

import click

from variate.cli.events_export import export
from variate.cli.json_value import json_value
from variate.cli.moment import moment
from variate.cli.output import json_option, limit_option, print_json, print_table, taken
from variate.model import MAX_PAGE, Event, Json, format_instant
from variate.model.record import event_record
from variate.platform import Platform


@click.group("events")
def command() -> None:
    """Record and read events."""


command.add_command(export)


@command.command("list")
@click.argument("user_id")
@click.option("--type", "event_type", help="Only events of this type.")
@click.option(
    "--since", type=moment, metavar="TIME", help="Only from then on: 10m, 2h, 7d ago or 2026-01-31T09:30:00Z."
)
@click.option("--until", type=moment, metavar="TIME", help="Only up to then.")
@limit_option
@json_option
def list_(
    user_id: str,
    event_type: str | None,
    since: datetime | None,
    until: datetime | None,
    limit: int,
    *,
    as_json: bool,
) -> None:
    """List a user's events, the most recent first."""
    with Platform.open() as platform:
        fetch = partial(platform.get_user_events, user_id, event_type=event_type, start=since, end=until)
        found = taken(fetch, limit=limit)
    _print(found, as_json=as_json)


@command.command()
@click.option("--since", type=moment, metavar="TIME", default="10m", show_default=True, help="From then on.")
@click.option("--until", type=moment, metavar="TIME", default="0s", help="To before then; now, if not given.")
@click.option("--experiment", "experiment_id", help="Only events recorded with this experiment.")
@click.option("--type", "event_type", help="Only events of this type.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="Show this many.")
@json_option
def tail(
    since: datetime,
    until: datetime,
    experiment_id: str | None,
    event_type: str | None,
    limit: int,
    *,
    as_json: bool,
) -> None:
    """Show the latest events of all users.

    Those of a stretch of time, the most recent last.
    """
    with Platform.open() as platform:
        window = _window(platform, since, until, experiment_id, event_type)
        latest = heapq.nlargest(limit, window, key=lambda event: (event.at, event.id))
    _print(latest[::-1], as_json=as_json)


@command.command()
@click.argument("user_id")
@click.argument("event_type")
@click.option(
    "--data",
    type=json_value,
    metavar="JSON",
    default="{}",
    show_default=True,
    help="The event's data as JSON, or @FILE.",
)
@click.option("--experiment", "experiment_id", help="The experiment it belongs to.")
@click.option("--id", "event_id", help="An id of your own: recording it again changes nothing.")
@click.option("--sender", help="Who numbers it; with --number.")
@click.option("--number", type=int, help="Which one it is of its sender's, from 1 on; with --sender.")
@json_option
def record(
    user_id: str,
    event_type: str,
    data: Json,
    experiment_id: str | None,
    event_id: str | None,
    sender: str | None,
    number: int | None,
    *,
    as_json: bool,
) -> None:
    """Record one event.

    An exposure has --experiment and, as its data, {"variation": "green"}; and what the user is like, if wanted:
    {"variation": "green", "dimensions": {"country": "US"}}.
    """
    with Platform.open() as platform:
        event = platform.record_event(
            user_id,
            event_type,
            data,
            experiment_id=experiment_id,
            event_id=event_id,
            sender=sender,
            number=number,
        )
    _print([event], as_json=as_json)


def _window(
    platform: Platform, since: datetime, until: datetime, experiment_id: str | None, event_type: str | None
) -> Iterator[Event]:
    last_key: str | None = None
    while True:
        page = platform.get_events(
            start=since,
            end=until,
            experiment_id=experiment_id,
            event_type=event_type,
            limit=MAX_PAGE,
            last_key=last_key,
        )
        yield from page
        if (last_key := page.last_key) is None:
            return


def _print(events: Sequence[Event], *, as_json: bool) -> None:
    if as_json:
        print_json([event_record(event) for event in events])
        return
    rows = [(format_instant(event.at), event.unit, event.event_type, event.document.text) for event in events]
    print_table(("time", "user", "type", "data"), rows, folded=("user", "type", "data"))
