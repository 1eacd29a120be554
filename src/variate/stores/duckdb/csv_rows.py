"""A CSV file as Python reads it: how it is written, its rows by line, and the first cell that is no number."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from variate.errors import InvalidInputError
from variate.stores.duckdb.cells import is_number, not_a_number

_OTHER_DELIMITERS = (";", "\t", "|")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How the file is written: its header, what stands between cells and what ends the header."""

    header: tuple[str, ...]
    delimiter: str
    line_end: str

    @property
    def is_unusual(self) -> bool:
        """Whether DuckDB may take the wrong thing for the end of a line, and so leave out rows without a word."""
        return self.line_end == "\r" or any("\n" in name or "\r" in name for name in self.header)


def layout_of(path: Path, *, name: str, wanted: Collection[str]) -> Layout:
    """Return the layout: of comma, semicolon, tab and bar the delimiter by which the header has the columns wanted.

    A comma where none has. Raise ``InvalidInputError`` for a header that is not CSV, or not UTF-8.
    """
    by_commas = _layout(path, name=name, delimiter=",")
    if set(wanted) <= set(by_commas.header):
        return by_commas
    for delimiter in _OTHER_DELIMITERS:
        try:
            layout = _layout(path, name=name, delimiter=delimiter)
        except InvalidInputError:
            continue
        if set(wanted) <= set(layout.header):
            return layout
    return by_commas


def rows_of(path: Path, *, name: str, layout: Layout) -> Iterator[tuple[int, list[str]]]:
    """Yield each row below the header with its last line; raise ``InvalidInputError`` for what is no row."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream, delimiter=layout.delimiter, strict=True)
        try:
            next(reader, None)
            for cells in reader:
                if not cells:
                    continue
                if len(cells) != len(layout.header):
                    rule = f"has {len(cells)} cells where the header has {len(layout.header)}"
                    raise InvalidInputError(f"{name} line {reader.line_num}", rule)
                yield reader.line_num, cells
        except csv.Error as error:
            raise InvalidInputError(f"{name} line {reader.line_num}", f"is not CSV: {error}") from error
        except UnicodeDecodeError as error:
            raise _not_text(name, reader.line_num, error) from error


def number_fault(path: Path, *, name: str, layout: Layout, columns: Collection[str]) -> InvalidInputError:
    """Return the error of the first cell of ``columns`` that is no number."""
    places = {layout.header.index(column): column for column in columns}
    for line, cells in rows_of(path, name=name, layout=layout):
        for place, column in places.items():
            if not is_number(cells[place]):
                return InvalidInputError(f"{name} line {line}, column {column!r}", not_a_number(cells[place]))
    return InvalidInputError(name, "has a cell that is no number")


def _layout(path: Path, *, name: str, delimiter: str) -> Layout:
    last = ""

    def lines(stream: Iterator[str]) -> Iterator[str]:
        nonlocal last
        for line in stream:
            last = line
            yield line

    with path.open(encoding="utf-8-sig", newline="") as stream:
        try:
            header = tuple(next(csv.reader(lines(stream), delimiter=delimiter, strict=True), []))
        except csv.Error as error:
            raise InvalidInputError(f"{name} line 1", f"is not CSV: {error}") from error
        except UnicodeDecodeError as error:
            raise _not_text(name, 0, error) from error
    line_end = next((end for end in ("\r\n", "\n", "\r") if last.endswith(end)), "\n")
    return Layout(header=header, delimiter=delimiter, line_end=line_end)


def _not_text(name: str, line: int, error: UnicodeDecodeError) -> InvalidInputError:
    rule = f"is not UTF-8 text: {error.reason}; save the file as UTF-8"
    return InvalidInputError(f"{name} after line {line}", rule)
