"""``variate keys``: by what programs show who they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import click

from variate.access.keys import GRACE, MAX_GRACE, Issued
from variate.cli.given import given
from variate.cli.output import json_option, limit_option, print_fields, print_json, print_table, taken
from variate.cli.words import moment_words
from variate.errors import NotFoundError
from variate.model.access import EVERYWHERE, ApiKey, Scope
from variate.model.access_record import key_record
from variate.platform import Platform

_MOST_DAYS = 36_500
_GRACE_HOURS = GRACE / timedelta(hours=1)
_MOST_GRACE_HOURS = MAX_GRACE / timedelta(hours=1)

_scope_option = click.option(
    "--scope",
    "scopes",
    type=click.Choice([scope.value for scope in Scope]),
    multiple=True,
    help="What it may do; repeat it for several. write includes read, admin includes all.",
)
_environment_option = click.option(
    "--environment", "environments", multiple=True, help="Where; repeat it for several. All, if not given."
)


def _days(text: str) -> timedelta | None:
    """Return the length of so many days; the empty text takes away what there was."""
    if not text:
        return None
    try:
        days = float(text)
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not a number of days") from error
    if not 0 < days <= _MOST_DAYS:
        raise click.BadParameter(f"must be above 0 and at most {_MOST_DAYS} days")
    return timedelta(days=days)


@click.group("keys")
def command() -> None:
    """The keys by which programs show who they are. A key's secret is shown once, when it is made."""


@command.command()
@click.argument("name")
@_scope_option
@_environment_option
@click.option("--expires-in", type=_days, metavar="DAYS", help="After how many days it counts no longer.")
@json_option
def create(
    name: str,
    scopes: tuple[str, ...],
    environments: tuple[str, ...],
    expires_in: timedelta | None,
    *,
    as_json: bool,
) -> None:
    """Create a key. Its secret goes to standard output and is shown this once.

    For example: variate keys create checkout --scope evaluate --scope ingest --environment prod --expires-in 365
    """
    if not scopes:
        raise click.UsageError("give what it may do, such as --scope evaluate; see --help")
    with Platform.open() as platform:
        issued = platform.create_api_key(
            name,
            scopes=scopes,
            environments=environments or (EVERYWHERE,),
            expires_at=_from_now(expires_in),
        )
    _print_issued(issued, as_json=as_json)


@command.command("list")
@limit_option
@json_option
def list_(limit: int, *, as_json: bool) -> None:
    """List the keys, the most recently created first, those that count no longer too."""
    with Platform.open() as platform:
        found = taken(platform.list_api_keys, limit=limit)
    if as_json:
        print_json([key_record(key) for key in found])
        return
    now = datetime.now(UTC)
    rows = [
        (key.id, key.hint, _state(key, now), ", ".join(sorted(key.scopes)), _places(key), key.name) for key in found
    ]
    print_table(("id", "begins with", "state", "scopes", "environments", "name"), rows, folded=("scopes", "name"))


@command.command()
@click.argument("key_id")
@json_option
def show(key_id: str, *, as_json: bool) -> None:
    """Show one key, without its secret."""
    with Platform.open() as platform:
        found = platform.get_api_key(key_id)
    if found is None:
        raise NotFoundError("key", key_id)
    _print(found, as_json=as_json)


@command.command()
@click.argument("key_id")
@click.option("--name", help="Another name.")
@_scope_option
@_environment_option
@click.option("--expires-in", type=_days, metavar="DAYS", help='From now; "" has it count until it is revoked.')
@json_option
def update(key_id: str, *, as_json: bool, expires_in: timedelta | None, **fields: Any) -> None:
    """Change what is given of a key. Scopes and environments are the whole list."""
    changes = given(fields)
    if given({"expires_in": expires_in}):
        changes["expires_at"] = _from_now(expires_in)
    if not changes:
        raise click.UsageError("give what is to change, such as --scope read; see --help")
    with Platform.open() as platform:
        changed = platform.update_api_key(key_id, **changes)
    _print(changed, as_json=as_json)


@command.command()
@click.argument("key_id")
@click.option(
    "--grace-hours",
    type=click.FloatRange(min=0, max=_MOST_GRACE_HOURS),
    default=_GRACE_HOURS,
    show_default=True,
    help="How long the old key counts on; 0 ends it at once.",
)
@json_option
def rotate(key_id: str, grace_hours: float, *, as_json: bool) -> None:
    """Make a key in place of this one, which counts on for a while.

    The new secret goes to standard output and is shown this once.
    """
    with Platform.open() as platform:
        issued = platform.rotate_api_key(key_id, grace=timedelta(hours=grace_hours))
    _print_issued(issued, as_json=as_json)


@command.command()
@click.argument("key_id")
@json_option
def revoke(key_id: str, *, as_json: bool) -> None:
    """Have a key count no longer, within seconds in every process."""
    with Platform.open() as platform:
        revoked = platform.revoke_api_key(key_id)
    _print(revoked, as_json=as_json)


def _from_now(length: timedelta | None) -> datetime | None:
    return None if length is None else datetime.now(UTC) + length


def _print_issued(issued: Issued, *, as_json: bool) -> None:
    if as_json:
        print_json({"key": key_record(issued.key), "secret": issued.secret})
        return
    key = issued.key
    click.echo(
        f"key {key.id} may {', '.join(sorted(key.scopes))} in {_places(key)}; this is its secret, shown this once:",
        err=True,
    )
    click.echo(issued.secret)


def _print(key: ApiKey, *, as_json: bool) -> None:
    if as_json:
        print_json(key_record(key))
        return
    print_fields(
        {
            "id": key.id,
            "name": key.name,
            "state": _state(key, datetime.now(UTC)),
            "begins with": key.hint,
            "scopes": ", ".join(sorted(key.scopes)),
            "environments": _places(key),
            "created": f"{moment_words(key.created_at)} by {key.created_by}",
            "expires": "never" if key.expires_at is None else moment_words(key.expires_at),
            "last used": "never" if key.last_used_at is None else moment_words(key.last_used_at),
            "replaced by": key.replaced_by or "",
            "revision": str(key.revision),
        }
    )


def _state(key: ApiKey, now: datetime) -> str:
    if key.revoked_at is not None:
        return "revoked"
    if not key.counts_at(now):
        return "expired"
    return "counts" if key.replaced_by is None else "replaced"


def _places(key: ApiKey) -> str:
    return "all environments" if EVERYWHERE in key.environments else ", ".join(sorted(key.environments))
