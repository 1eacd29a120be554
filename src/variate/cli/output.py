"""What commands print: tables for people, JSON for programs, progress on standard error."""

from __future__ import annotations

import json
import shutil
import textwrap
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

import click
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from variate.cli.text import shown
from variate.model import MAX_PAGE, Page

T = TypeVar("T")


_FOLDED = 8
"""The narrowest a column is folded to."""


_GAP = 2
"""Between columns: one space of the cell's and one of the box's."""


class Fetch(Protocol[T]):
    """Reads one page of a list."""

    def __call__(self, *, limit: int, last_key: str | None) -> Page[T]: ...


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
limit_option = click.option(
    "--limit", type=click.IntRange(min=1), default=100, show_default=True, help="Show at most this many."
)


def taken(fetch: Fetch[T], *, limit: int) -> list[T]:
    """Return the first ``limit`` items of a paged list.

    Say on standard error when there are more, and which are left out because they cannot be read.
    """
    items: list[T] = []
    last_key: str | None = None
    while len(items) < limit:
        page = fetch(limit=min(limit - len(items), MAX_PAGE), last_key=last_key)
        items.extend(page)
        for error in page.unreadable.values():
            click.echo(shown(f"warning: left out: {' '.join(str(error).split())}"), err=True)
        last_key = page.last_key
        if last_key is None:
            return items
    say_there_is_more(limit)
    return items


def say_there_is_more(limit: int) -> None:
    """Say on standard error that a list goes on."""
    click.echo(f"the first {limit:,} are shown; there may be more: raise --limit", err=True)


def print_json(value: object) -> None:
    """Print ``value`` as JSON, in ASCII, so that it survives every pipe."""
    click.echo(json.dumps(value, indent=2))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, folded: Collection[str]) -> None:
    """Print a table; only the columns ``folded`` give way to fit, the others are never cut."""
    table = new_table()
    for column in columns:
        table.add_column(column, no_wrap=column not in folded, overflow="fold")
    for row in rows:
        table.add_row(*(Text(shown(cell)) for cell in row))
    print_rich(table)


def say(sentence: str, *, first: str = "", others: str = "", bold: bool = False, fg: str | None = None) -> None:
    """Print a sentence, folded to the terminal's width; plain where that is not a terminal."""
    columns = shutil.get_terminal_size().columns
    for line in textwrap.wrap(shown(sentence), columns, initial_indent=first, subsequent_indent=others) or [""]:
        click.secho(line, bold=bold, fg=fg)


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

    Columns that do not wrap are never cut: on a terminal too narrow for them, lines run on.
    """
    console = Console(highlight=False, markup=False, emoji=False)
    unlimited = console.options.update(max_width=100_000)
    for column in table.columns:
        whole = max(console.measure(text, options=unlimited).maximum for text in (column.header, *column.cells))
        column.min_width = whole if column.no_wrap else min(whole, _FOLDED)
    needed = sum((column.min_width or 0) + _GAP for column in table.columns)
    console.width = max(console.width, needed)
    console.print(table, crop=False)


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


def advance_on(bars: Progress) -> Callable[[str, int, int], None]:
    """Return what moves the bar of a work on, by its name, the steps done and all of them; a new name is a new bar."""
    tasks: dict[str, TaskID] = {}

    def advance(work: str, done: int, total: int) -> None:
        if work not in tasks:
            tasks[work] = bars.add_task(shown(work), total=total)
        bars.update(tasks[work], completed=done, total=total)

    return advance


def batches(items: Sequence[T], *, size: int, advance: Callable[[int], Any]) -> Iterator[Sequence[T]]:
    """Yield ``items`` in slices of ``size``, advancing a progress bar after each."""
    for start in range(0, len(items), size):
        batch = items[start : start + size]
        yield batch
        advance(len(batch))
