"""``variate people``: who signs in."""

from __future__ import annotations

import sys
from typing import Any

import click

from variate.cli.given import given
from variate.cli.output import json_option, limit_option, print_fields, print_json, print_table, taken
from variate.cli.words import moment_words
from variate.errors import NotFoundError
from variate.model.access import Person, Role
from variate.model.access_record import person_record
from variate.platform import Platform

_role = click.Choice([role.value for role in Role])
_stdin_option = click.option(
    "--password-stdin", "from_stdin", is_flag=True, help="Read the password from standard input, in place of asking."
)


@click.group("people")
def command() -> None:
    """The people who sign in, by password or through the OpenID provider."""


@command.command()
@click.argument("email")
@click.option("--name", help="Their name; the e-mail address, if not given.")
@click.option("--role", type=_role, required=True, help="What they may do: read, change, or administer.")
@_stdin_option
@click.option("--no-password", is_flag=True, help="None: they sign in through the OpenID provider.")
@json_option
def add(email: str, name: str | None, role: str, *, from_stdin: bool, no_password: bool, as_json: bool) -> None:
    """Add somebody.

    For example: variate people add ada@example.com --name "Ada Lovelace" --role admin
    """
    if from_stdin and no_password:
        raise click.UsageError("give either --password-stdin or --no-password")
    password = None if no_password else _password(from_stdin=from_stdin)
    with Platform.open() as platform:
        added = platform.add_person(email, name=name, role=role, password=password)
    _print(added, as_json=as_json)


@command.command("list")
@limit_option
@json_option
def list_(limit: int, *, as_json: bool) -> None:
    """List the people, in order of e-mail address."""
    with Platform.open() as platform:
        found = taken(platform.list_people, limit=limit)
    if as_json:
        print_json([person_record(person) for person in found])
        return
    rows = [(person.email, person.role.value, _state(person), _signs_in(person), person.name) for person in found]
    print_table(("e-mail address", "role", "state", "signs in", "name"), rows, folded=("name",))


@command.command()
@click.argument("email")
@json_option
def show(email: str, *, as_json: bool) -> None:
    """Show one person."""
    with Platform.open() as platform:
        found = platform.get_person(email)
    if found is None:
        raise NotFoundError("person", email)
    _print(found, as_json=as_json)


@command.command()
@click.argument("email")
@click.option("--name", help="Another name.")
@click.option("--role", type=_role, help="Another role.")
@click.option("--disable/--enable", "disabled", default=None, help="Whether they may sign in no longer, or again.")
@click.option("--unlink", is_flag=True, help="Have the OpenID provider's next sign-in link them anew.")
@json_option
def update(email: str, *, unlink: bool, as_json: bool, **fields: Any) -> None:
    """Change what is given of a person. All but a new name ends their sessions.

    The last one who administers stays so: make somebody else an admin first.
    """
    changes = given(fields)
    if unlink:
        changes["subject"] = None
    if not changes:
        raise click.UsageError("give what is to change, such as --role editor; see --help")
    with Platform.open() as platform:
        changed = platform.update_person(email, **changes)
    _print(changed, as_json=as_json)


@command.command()
@click.argument("email")
@_stdin_option
@click.option("--remove", is_flag=True, help="Take it away: they sign in through the OpenID provider.")
@json_option
def password(email: str, *, from_stdin: bool, remove: bool, as_json: bool) -> None:
    """Give somebody another password, or take it away. Either ends their sessions."""
    if from_stdin and remove:
        raise click.UsageError("give either --password-stdin or --remove")
    given_password = None if remove else _password(from_stdin=from_stdin)
    with Platform.open() as platform:
        changed = platform.set_password(email, given_password)
    _print(changed, as_json=as_json)


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    answer: str = click.prompt("password", hide_input=True, confirmation_prompt=True, err=True)
    return answer


def _print(person: Person, *, as_json: bool) -> None:
    if as_json:
        print_json(person_record(person))
        return
    print_fields(
        {
            "id": person.id,
            "e-mail address": person.email,
            "name": person.name,
            "role": person.role.value,
            "state": _state(person),
            "signs in": _signs_in(person),
            "revision": str(person.revision),
            "created": moment_words(person.created_at),
            "updated": moment_words(person.updated_at),
        }
    )


def _state(person: Person) -> str:
    return "disabled" if person.disabled else "enabled"


def _signs_in(person: Person) -> str:
    ways = [
        way
        for way, has in (
            ("by password", person.password_hash is not None),
            ("through the OpenID provider", person.subject is not None),
        )
        if has
    ]
    return " or ".join(ways) or "not yet"
