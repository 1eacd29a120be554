"""``variate snapshots``: what is in force, what was, and going back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice

import click

from variate.cli.output import json_option, limit_option, print_fields, print_json, print_table, say_there_is_more
from variate.cli.text import shown
from variate.cli.words import age, moment_words
from variate.errors import InvalidInputError, NotFoundError, VariateError
from variate.functions.records import problem_records, published_record
from variate.model import MAX_PAGE
from variate.model.group_record import publication_record
from variate.model.snapshot import Publication, PublicationKind
from variate.platform import Platform
from variate.publishing.building import Problem
from variate.settings import Profile, Settings

_DIGEST_DIGITS = 64
_SHORT = 12
"""How many digits of a digest are shown; it is found by as many."""

environment_option = click.option("--environment", metavar="NAME", help="Of which environment, if not of ENVIRONMENT.")
reason_option = click.option("--reason", default="", help="Why; it stands with the publication.")


@click.group("snapshots")
def command() -> None:
    """What decisions are made from: which snapshot is in force, and going back to another."""


@command.command()
@environment_option
@json_option
def status(environment: str | None, *, as_json: bool) -> None:
    """Show what is in force, since when, and whether a rollback keeps changes from being served.

    A process that decides may have an older one for some seconds: serving_status() there says which.
    """
    with _opened(environment) as platform:
        latest = next(iter(platform.list_snapshots(limit=1)), None)
        problem = None if latest is None else _problem(platform)
        held_back = [] if latest is None else list(platform.snapshot_problems())
        named = platform.settings.environment
    if as_json:
        print_json(
            None
            if latest is None
            else {
                **publication_record(latest),
                "in_force_seconds": _in_force(latest).total_seconds(),
                "held": _held(latest),
                "problem": problem,
                "held_back": problem_records(held_back),
            }
        )
    elif latest is None:
        click.echo(f"nothing was published in {named} yet: the first decision there publishes")
    else:
        print_fields({**_fields(latest), **({} if problem is None else {"problem": problem})})
        for each in held_back:
            click.echo(_held_back(each))


@command.command("list")
@environment_option
@limit_option
@json_option
def list_(environment: str | None, limit: int, *, as_json: bool) -> None:
    """List the publications, the most recent first: the first one is in force."""
    with _opened(environment) as platform:
        found = list(islice(_publications(platform), limit))
    if found and found[-1].sequence > 1:
        say_there_is_more(limit)
    if as_json:
        print_json([publication_record(publication) for publication in found])
        return
    rows = [
        (
            str(each.sequence),
            each.digest[:_SHORT],
            each.kind.value,
            moment_words(each.at),
            each.actor,
            each.reason,
        )
        for each in found
    ]
    print_table(("sequence", "digest", "kind", "published", "by", "reason"), rows, folded=("by", "reason"))


@command.command()
@click.argument("snapshot", metavar="SEQUENCE|DIGEST")
@environment_option
def show(snapshot: str, environment: str | None) -> None:
    """Show a snapshot's content as JSON: by its sequence, or at least the first digits of its digest."""
    with _opened(environment) as platform:
        found = platform.get_snapshot(digest := _digest(platform, snapshot))
    if found is None:
        raise NotFoundError("snapshot", digest)
    print_json(found.content)


@command.command()
@reason_option
@environment_option
@json_option
def publish(reason: str, environment: str | None, *, as_json: bool) -> None:
    """Bring the definitions as they are now into force, also after a rollback.

    Changes are published by themselves; this is for after a rollback. It says what was held back because it cannot be
    served as it stands.
    """
    with _opened(environment) as platform:
        published = platform.publish_snapshot(reason=reason)
    if as_json:
        print_json(published_record(published))
        return
    print_fields(_fields(published.publication))
    for each in published.problems:
        click.echo(_held_back(each))


@command.command()
@click.argument("snapshot", metavar="SEQUENCE|DIGEST")
@reason_option
@environment_option
@json_option
def rollback(snapshot: str, reason: str, environment: str | None, *, as_json: bool) -> None:
    """Bring an older snapshot into force again.

    Changes made after that are kept but not served, until: variate snapshots publish
    """
    with _opened(environment) as platform:
        publication = platform.rollback_snapshot(_digest(platform, snapshot), reason=reason)
    if as_json:
        print_json(publication_record(publication))
    else:
        print_fields(_fields(publication))


def _opened(environment: str | None) -> Platform:
    """Return the platform of this environment; in ``aws`` each has stores of its own."""
    settings = Settings.from_environment()
    if environment is None or environment == settings.environment:
        return Platform.open(settings)
    chosen = replace(settings, environment=environment)
    if settings.profile is not Profile.AWS and environment not in settings.all_environments:
        names = ", ".join(settings.all_environments)
        raise InvalidInputError("--environment", f"must be one of VARIATE_ENVIRONMENTS: {names}, not {environment!r}")
    return Platform.open(chosen)


def _publications(platform: Platform) -> Iterator[Publication]:
    before: int | None = None
    while page := platform.list_snapshots(before=before, limit=MAX_PAGE):
        yield from page
        before = page[-1].sequence


def _digest(platform: Platform, text: str) -> str:
    """Return the digest of the snapshot that the text names by its sequence, its digest, or the digest's beginning."""
    if len(text) == _DIGEST_DIGITS:
        return text
    if len(text) >= _SHORT:
        found = {each.digest for each in _publications(platform) if each.digest.startswith(text)}
    elif text.isdecimal():
        latest = platform.list_snapshots(before=int(text) + 1, limit=1)
        found = {each.digest for each in latest if each.sequence == int(text)}
    else:
        raise InvalidInputError("snapshot", f"must be a sequence, or at least {_SHORT} digits of a digest")
    if not found:
        raise NotFoundError("publication", text)
    if len(found) > 1:
        raise InvalidInputError("snapshot", f"{text!r} is the beginning of {len(found)} digests: give more digits")
    return found.pop()


def _problem(platform: Platform) -> str | None:
    """Return what keeps processes from deciding by what is in force, or None."""
    try:
        return platform.serving_status().error
    except VariateError as error:
        return str(error)


def _held_back(problem: Problem) -> str:
    """Return in a line which definition is not served as it stands, and why."""
    return shown(f"held back: {problem.kind} {problem.id!r} ({problem.served} is served): {problem.error}")


def _in_force(publication: Publication) -> timedelta:
    """Return for how long the latest publication has been in force; clocks may be apart."""
    return max(timedelta(0), datetime.now(UTC) - publication.at)


def _held(publication: Publication) -> bool:
    return publication.kind is PublicationKind.ROLLBACK


def _fields(publication: Publication) -> dict[str, str]:
    fields = {
        "environment": publication.environment,
        "sequence": str(publication.sequence),
        "digest": publication.digest,
        "kind": publication.kind.value,
        "published": f"{moment_words(publication.at)}, {age(_in_force(publication))} ago, by {publication.actor}",
        "reason": publication.reason,
    }
    if _held(publication):
        fields["held"] = "changes are kept but not served; variate snapshots publish brings them into force"
    return {name: text for name, text in fields.items() if text}
