"""A table in words, before anybody says how it looks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace


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

    def beside(self, row: tuple[str, ...]) -> Iterator[tuple[str, str]]:
        """Yield the cells of one of ``rows`` beside the one that names it, each with its column."""
        return zip(self.columns[1:], row[1:], strict=True)

    def without(self, *columns: str) -> Table:
        """Return the table without some columns, for where it is narrow."""
        kept = [place for place, name in enumerate(self.columns) if name not in columns]
        return replace(
            self,
            columns=tuple(self.columns[place] for place in kept),
            rows=tuple(tuple(row[place] for place in kept) for row in self.rows),
        )


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
