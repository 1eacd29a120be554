"""What ``variate audiences``, ``holdouts``, ``layers`` and ``metrics`` have in common: list, show and remove."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

import click

from variate.cli.output import Fetch, json_option, limit_option, print_fields, print_json, print_table, taken
from variate.errors import NotFoundError
from variate.model import format_instant
from variate.model.audience import Audience
from variate.model.group_record import Record
from variate.model.holdout import Holdout
from variate.model.layer import Layer
from variate.model.metric import Metric
from variate.platform import Platform

G = TypeVar("G", bound=Audience | Holdout | Layer | Metric)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(Generic[G]):
    """One kind of them: how the platform reads and removes it, and how it is shown.

    A list has the ids and ``columns``, of which the last may be folded. ``show`` prints what all have with ``fields``
    among it, and then what ``below`` does.
    """

    kind: str
    list_all: Callable[[Platform], Fetch[G]]
    get: Callable[[Platform], Callable[[str], G | None]]
    remove: Callable[[Platform], Callable[[str], object]]
    record: Callable[[G], Record]
    columns: Mapping[str, Callable[[G], str]]
    fields: Mapping[str, Callable[[G], str]]
    below: Callable[[G], None] = lambda _: None

    def print(self, found: G, *, as_json: bool) -> None:
        """Print one."""
        if as_json:
            print_json(self.record(found))
            return
        print_fields(
            {
                "id": found.id,
                "name": found.name,
                "description": found.description,
                **{name: text(found) for name, text in self.fields.items()},
                "revision": str(found.revision),
                "created": format_instant(found.created_at),
                "updated": format_instant(found.updated_at),
            }
        )
        self.below(found)

    def add_commands(self, command: click.Group, *, show: str, remove: str) -> None:
        """Give ``command`` the commands list, show and remove, the latter two with this help."""

        @command.command("list", help=f"List {self.kind}s, in order of id.")
        @limit_option
        @json_option
        def list_(limit: int, *, as_json: bool) -> None:
            with Platform.open() as platform:
                found = taken(self.list_all(platform), limit=limit)
            if as_json:
                print_json([self.record(each) for each in found])
                return
            rows = [(each.id, *(text(each) for text in self.columns.values())) for each in found]
            print_table(("id", *self.columns), rows, folded=tuple(self.columns)[-1:])

        @command.command("show", help=show)
        @click.argument("id_", metavar=f"{self.kind.upper()}_ID")
        @json_option
        def show_(id_: str, *, as_json: bool) -> None:
            with Platform.open() as platform:
                found = self.get(platform)(id_)
            if found is None:
                raise NotFoundError(self.kind, id_)
            self.print(found, as_json=as_json)

        @command.command("remove", help=remove)
        @click.argument("id_", metavar=f"{self.kind.upper()}_ID")
        def remove_(id_: str) -> None:
            with Platform.open() as platform:
                self.remove(platform)(id_)
            click.echo("removed")
