"""What commands print: tables for people, JSON for programs, progress on standard error."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import click
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from variate.cli.text import shown
from variate.model import MAX_PAGE, Page

T = TypeVar("T")


class Fetch(Protocol[T]):
    """Reads one page of a list."""

    def __call__(self, *, limit: int, last_key: str | None) -> Page[T]: ...


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
limit_option = click.option(
    "--limit", type=click.IntRange(min=1), default=100, show_default=True, help="Show at most this many."
)


def taken(fetch: Fetch[T], *, limit: int) -> list[T]:
    """Return the first ``limit`` items of a paged list, and say on standard error when there are more."""
    items: list[T] = []
    last_key: str | None = None
    while len(items) < limit:
        page = fetch(limit=min(limit - len(items), MAX_PAGE), last_key=last_key)
        items.extend(page)
        last_key = page.last_key
        if last_key is None:
            return items
    click.echo(f"the first {limit:,} are shown; there may be more: raise --limit", err=True)
    return items


def print_json(value: object) -> None:
    """Print ``value`` as JSON, in ASCII, so that it survives every pipe."""
    click.echo(json.dumps(value, indent=2))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, wide: str) -> None:
    """Print a table; only the column ``wide`` is folded to fit, the others are never cut."""
    table = new_table()
    for column in columns:
        table.add_column(column, no_wrap=column != wide, overflow="fold")
    for row in rows:
        table.add_row(*(Text(shown(cell)) for cell in row))
    print_rich(table)


def print_fields(fields: Mapping[str, str]) -> None:
    """Print names and values, one pair a line."""
    width = max(map(len, fields))
    for name, value in fields.items():
        click.echo(f"{name:<{width}}  {shown(value)}")


def new_table() -> Table:
    """Return an empty table in the one style of all."""
    return Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), show_edge=False)


def print_rich(table: Table) -> None:
    """Print a table on standard output: plain text where that is not a terminal.

    What may not be cut is not cut: on a narrower terminal, lines are left to wrap.
    """
    console = Console(highlight=False, markup=False, emoji=False)
    needed = console.measure(table, options=console.options.update(max_width=10_000)).minimum
    console.print(table, width=max(console.width, needed), crop=False, soft_wrap=needed > console.width)


def progress() -> Progress:
    """Return progress bars on standard error, which are not there where that is not a terminal."""
    console = Console(stderr=True, highlight=False, markup=False, emoji=False)
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )


def batches(items: Sequence[T], *, size: int, advance: Callable[[int], Any]) -> Iterator[Sequence[T]]:
    """Yield ``items`` in slices of ``size``, advancing a progress bar after each."""
    for start in range(0, len(items), size):
        batch = items[start : start + size]
        yield batch
        advance(len(batch))
