"""A CSV file of a finished experiment: read twice, first to find every fault, then to load it."""

from __future__ import annotations

import csv
import hashlib
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BufferedReader, TextIOWrapper
from typing import NamedTuple

from variate.errors import InvalidInputError
from variate.model import EXPOSURE
from variate.model.experiment import MAX_VARIATIONS
from variate.model.rules import check_id

ROW = "row"
"""As the unit's column, where the file has none of this name: the number of the row."""

_WORDS = {"true": 1, "yes": 1, "false": 0, "no": 0, "": 0}
_BITS = frozenset({0, 1})
_EXACT = 2.0**53


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Which columns hold what. ``events`` gives each event its column."""

    unit: str
    variation: str
    events: tuple[tuple[str, str], ...]

    def __post_init__(self) -> None:
        names = [name for name, _ in self.events]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise InvalidInputError("--event", f"names {twice!r} twice; each event needs a name of its own")
        if EXPOSURE in names:
            raise InvalidInputError("--event", f"may not be called {EXPOSURE!r}: that is recorded for every row")
        for name in names:
            check_id("--event", name)


class Row(NamedTuple):
    """One row: its number from 1, its last line, the unit, its variation and a value for each event."""

    number: int
    line: int
    unit: str
    variation: str
    values: list[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What the file holds: its digest, rows, units, the number of units by variation, and which columns of events have
    numbers beside 0 and 1."""

    digest: str
    rows: int
    units: int
    variations: Counter[str]
    amounts: frozenset[str]


class ResultsFile:
    """The file ``name``, open as ``raw``. Reading raises ``InvalidInputError`` naming line and column."""

    def __init__(self, raw: BufferedReader, *, name: str, columns: Columns) -> None:
        self._raw = raw
        self._stream = TextIOWrapper(raw, encoding="utf-8-sig", newline="")
        self._name = name
        self._columns = columns

    def survey(self, *, at_byte: Callable[[int], object]) -> Survey:
        """Read every row and return what the file holds, or raise for the first fault, saying how many there are.

        The only thing held is each unit's first line and variation, to find a unit in two variations.
        """
        faults: list[InvalidInputError] = []
        first: dict[str, tuple[int, str]] = {}
        variations: Counter[str] = Counter()
        amounts: set[str] = set()
        rows = 0
        for row in self._rows(on_fault=faults.append):
            rows += 1
            line, variation = first.setdefault(row.unit, (row.line, sys.intern(row.variation)))
            if line == row.line:
                variations[variation] += 1
            elif variation != row.variation:
                faults.append(self._fault(row.line, self._columns.variation, _crossed(row, line, variation)))
            if not _BITS.issuperset(row.values):
                columns = (column for _, column in self._columns.events)
                amounts.update(column for column, value in zip(columns, row.values, strict=True) if value not in _BITS)
            if len(variations) > MAX_VARIATIONS:
                rule = f"has more than {MAX_VARIATIONS} different values: is it the column of the variation?"
                raise InvalidInputError(f"{self._name} column {self._columns.variation!r}", rule)
            if rows % 1_000 == 0:
                at_byte(self._raw.tell())
        if faults:
            more = f" (and {len(faults) - 1:,} more faults)" if len(faults) > 1 else ""
            raise InvalidInputError(faults[0].field, f"{faults[0].rule}{more}; nothing was loaded")
        if rows == 0:
            raise InvalidInputError(self._name, "has no rows below its header")
        return Survey(
            digest=self._digest(), rows=rows, units=len(first), variations=variations, amounts=frozenset(amounts)
        )

    def rows(self) -> Iterator[Row]:
        """Yield the rows from the first on, raising at a fault."""
        return self._rows(on_fault=_raise)

    def _rows(self, *, on_fault: Callable[[InvalidInputError], object]) -> Iterator[Row]:
        self._stream.seek(0)
        reader = csv.reader(self._stream, strict=True)
        try:
            header = next(reader, [])
            read = self._row_reader(header)
            number = 0
            for cells in reader:
                if not cells:
                    continue
                number += 1
                try:
                    yield read(number, reader.line_num, cells)
                except InvalidInputError as error:
                    on_fault(error)
        except csv.Error as error:
            raise InvalidInputError(f"{self._name} line {reader.line_num}", f"is not CSV: {error}") from error
        except UnicodeDecodeError as error:
            rule = f"is not UTF-8 text: {error.reason}; save the file as UTF-8"
            raise InvalidInputError(f"{self._name} after line {reader.line_num}", rule) from error

    def _row_reader(self, header: list[str]) -> Callable[[int, int, list[str]], Row]:
        """Return what makes a row of its cells, by the places the header gives the columns."""
        columns = self._columns
        by_number = columns.unit == ROW and ROW not in header
        wanted = [columns.variation, *(column for _, column in columns.events)]
        self._check_header(header, wanted if by_number else [columns.unit, *wanted])
        unit_place = -1 if by_number else header.index(columns.unit)
        variation_place = header.index(columns.variation)
        event_places = [(header.index(column), column) for _, column in columns.events]

        def read(number: int, line: int, cells: list[str]) -> Row:
            if len(cells) != len(header):
                rule = f"has {len(cells)} cells where the header has {len(header)}"
                raise InvalidInputError(f"{self._name} line {line}", rule)
            unit = str(number) if by_number else self._id(cells[unit_place], line, columns.unit)
            variation = self._id(cells[variation_place], line, columns.variation)
            values = [self._number(cells[place], line, column) for place, column in event_places]
            return Row(number, line, unit, variation, values)

        return read

    def _check_header(self, header: list[str], wanted: list[str]) -> None:
        there = ", ".join(header) or "nothing"
        if missing := [column for column in dict.fromkeys(wanted) if column not in header]:
            names = ", ".join(map(repr, missing))
            raise InvalidInputError(self._name, f"has no column {names}; its header has {there}")
        if twice := [column for column in wanted if header.count(column) > 1]:
            raise InvalidInputError(self._name, f"has the column {twice[0]!r} more than once")

    def _id(self, cell: str, line: int, column: str) -> str:
        try:
            return check_id(column, cell)
        except InvalidInputError as error:
            raise self._fault(line, column, error.rule) from error

    def _number(self, cell: str, line: int, column: str) -> float:
        text = cell.strip()
        word = _WORDS.get(text.lower())
        if word is not None:
            return word
        try:
            number = float(text)
        except ValueError:
            number = float("nan")
        # float() takes more than a table means: 1_000, nan, and numbers too large, which become infinity.
        if "_" in text or not abs(number) < float("inf"):
            raise self._fault(line, column, f"must be a number, TRUE, FALSE, yes, no or empty, not {cell!r}")
        return int(number) if number.is_integer() and abs(number) <= _EXACT else number

    def _fault(self, line: int, column: str, rule: str) -> InvalidInputError:
        return InvalidInputError(f"{self._name} line {line}, column {column!r}", rule)

    def _digest(self) -> str:
        self._stream.seek(0)
        self._raw.seek(0)
        return hashlib.file_digest(self._raw, "sha256").hexdigest()


def _crossed(row: Row, line: int, variation: str) -> str:
    return f"gives unit {row.unit!r} the variation {row.variation!r}, but line {line} gave it {variation!r}"


def _raise(error: InvalidInputError) -> None:
    raise error
