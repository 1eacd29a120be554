"""The columns that are wanted of a file, as a table that SQL can read."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from variate.errors import InvalidInputError
from variate.stores.duckdb.cells import is_fault_sql, not_a_number, number_sql
from variate.stores.duckdb.session import DriverError, Session, file_literal, first_line, literal, quoted

WHOLE = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"})
"""The types of whole numbers that 64 bits with a sign hold."""
_NUMBERS = WHOLE | {"BOOLEAN", "HUGEINT", "UBIGINT", "UHUGEINT", "FLOAT", "DOUBLE", '"NULL"'}
_TEXT = re.compile(r"VARCHAR|ENUM\(.*", re.DOTALL)
_DECIMAL = re.compile(r"DECIMAL\([0-9]+,[0-9]+\)")


@dataclass(frozen=True, slots=True)
class Column:
    """How SQL names a column, and DuckDB's type of it."""

    sql: str
    kind: str

    @property
    def is_text(self) -> bool:
        """Whether it holds text."""
        return _TEXT.fullmatch(self.kind) is not None

    @property
    def is_number(self) -> bool:
        """Whether it holds numbers, or truth values."""
        return self.kind in _NUMBERS or _DECIMAL.fullmatch(self.kind) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """``relation`` is what stands after FROM; ``columns`` are by the names that the file gives them.

    ``name`` is what errors call it, ``through`` what it is known by.
    """

    name: str
    relation: str
    columns: Mapping[str, Column]
    through: str

    def field(self, column: str) -> str:
        """Return what errors call a column."""
        return f"{self.name} column {column!r}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The columns that are asked for: those that hold names, those that hold ``numbers``.

    The ``optional`` ones stand for something else where the file does not have them.
    """

    names: tuple[str, ...]
    numbers: tuple[str, ...]
    optional: frozenset[str] = frozenset()

    @property
    def all(self) -> tuple[str, ...]:
        """Every column, once."""
        return tuple(dict.fromkeys((*self.names, *self.numbers)))

    @property
    def needed(self) -> tuple[str, ...]:
        """Every column that has to be there."""
        return tuple(name for name in self.all if name not in self.optional)

    def places_in(self, header: Sequence[str], *, name: str) -> dict[str, int]:
        """Return the place of each column that the header has; raise where one is missing, or there twice."""
        if missing := [column for column in self.needed if column not in header]:
            there = ", ".join(header) or "nothing"
            raise InvalidInputError(name, f"has no column {', '.join(map(repr, missing))}; its header has {there}")
        present = [column for column in self.all if column in header]
        if twice := [column for column in present if list(header).count(column) > 1]:
            raise InvalidInputError(name, f"has the column {twice[0]!r} more than once")
        return {column: header.index(column) for column in present}


def described(
    session: Session, relation: str, *, name: str, header: Sequence[str], wanted: Wanted, through: str
) -> Table:
    """Return the table of ``relation``, whose columns are called ``header``."""
    places = wanted.places_in(header, name=name)
    try:
        found = session.attempt(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    except DriverError as error:
        raise InvalidInputError(name, f"cannot be read: {first_line(error)}") from error
    # DuckDB renames columns that differ in capitals only, so a column is known by its place. Further on it has a name
    # of ours, which none of the names in our statements is.
    renamed = ", ".join(f"{quoted(found[place][0])} AS c{place}" for place in places.values())
    return Table(
        name=name,
        relation=f"(SELECT {renamed} FROM {relation})",
        columns={column: Column(f"c{place}", found[place][1]) for column, place in places.items()},
        through=through,
    )


def with_numbers(session: Session, table: Table, *, numbers: Collection[str]) -> Table:
    """Return the table in which text in the columns ``numbers`` is numbers.

    Raise ``InvalidInputError`` naming the row of text that is none, and the column that holds other things.
    """
    present = [column for column in numbers if column in table.columns]
    for column in present:
        kind = table.columns[column]
        if not (kind.is_text or kind.is_number):
            raise InvalidInputError(table.field(column), f"must hold numbers, not {kind.kind.lower()}")
    texts = [column for column in present if table.columns[column].is_text]
    if not texts:
        return table
    copy, faults = copied(session, table, numbers=texts)
    for column in faults:
        cell = table.columns[column].sql
        numbered = f"SELECT row_number() OVER () AS row, CAST({cell} AS VARCHAR) AS cell FROM {table.relation}"
        row, fault = session.rows(
            f"SELECT row, cell FROM ({numbered}) WHERE {is_fault_sql('cell')} ORDER BY 1 LIMIT 1"
        )[0]
        raise InvalidInputError(f"{table.name} row {row}, column {column!r}", not_a_number(fault))
    return copy


def copied(session: Session, table: Table, *, numbers: Sequence[str]) -> tuple[Table, list[str]]:
    """Copy the table to a file of its own, text in ``numbers`` as numbers; return those columns that have other text.

    Raise the driver's error where it cannot read a row.
    """
    kept = []
    columns = dict(table.columns)
    faults = []
    for place, (name, column) in enumerate(table.columns.items()):
        cell = f"CAST({column.sql} AS VARCHAR)" if name in numbers else column.sql
        kept.append(f"{number_sql(cell) if name in numbers else cell} AS k{place}")
        columns[name] = Column(f"k{place}", "DOUBLE" if name in numbers else column.kind)
        if name in numbers:
            faults.append((name, f"f{place}"))
            kept.append(f"{is_fault_sql(cell)} AS f{place}")
    target = session.folder / "table.parquet"
    session.attempt(
        f"COPY (SELECT {', '.join(kept)} FROM {table.relation}) TO {literal(str(target))} (FORMAT parquet)",
        what="reading the file",
    )
    relation = f"read_parquet({file_literal(target)})"
    found: tuple[bool, ...] = ()
    if faults:
        found = session.rows(f"SELECT {', '.join(f'bool_or({mark})' for _, mark in faults)} FROM {relation}")[0]
    bad = [name for (name, _), is_bad in zip(faults, found, strict=True) if is_bad]
    return Table(name=table.name, relation=relation, columns=columns, through=table.through), bad
