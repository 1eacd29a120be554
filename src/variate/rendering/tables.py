"""A table in words, before anybody says how it looks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """``rows`` have a cell for each of ``columns``; the first one names the row.

    The cells of columns in ``numbers`` stand to the right. ``notes`` are sentences to be read below it.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()


def table(
    caption: str,
    columns: tuple[str, ...],
    rows: Iterable[tuple[str, ...]],
    *,
    numbers: Iterable[str] = (),
    notes: Iterable[str] = (),
) -> Table:
    """Return the table."""
    return Table(caption=caption, columns=columns, rows=tuple(rows), numbers=frozenset(numbers), notes=tuple(notes))
