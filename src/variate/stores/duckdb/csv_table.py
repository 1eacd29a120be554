"""A CSV file as a table. DuckDB reads the rows, by their places.

What it will not read Python reads again: it names the line of a fault, and reads what DuckDB finds too unusual.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

from variate.errors import MissingExtraError
from variate.stores.duckdb.csv_rows import Layout, layout_of, number_fault, rows_of
from variate.stores.duckdb.session import DriverError, Session, file_literal, literal
from variate.stores.duckdb.table import Column, Table, Wanted, copied

try:
    import pyarrow as pa
    from pyarrow import parquet
except ImportError as error:
    raise MissingExtraError("pyarrow", "duckdb") from error

_BATCH = 50_000
"""Rows that Python holds at once."""


def open_csv(session: Session, path: Path, *, wanted: Wanted) -> Table:
    """Return what is wanted of the file; raise ``InvalidInputError`` naming the line of what is no row or no number."""
    layout = layout_of(path, name=path.name, wanted=wanted.needed)
    places = wanted.places_in(layout.header, name=path.name)
    numbers = [column for column in wanted.numbers if column in places]
    with path.open("rb") as raw:
        through = f"sha256:{hashlib.file_digest(raw, 'sha256').hexdigest()}"

    def table(relation: str) -> Table:
        columns = {column: Column(f"c{place}", "VARCHAR") for column, place in places.items()}
        return Table(name=path.name, relation=relation, columns=columns, through=through)

    def read_by_python() -> tuple[Table, list[str]]:
        target = session.folder / "rewritten.parquet"
        _rewrite(path, target, layout=layout, places=places)
        return copied(session, table(f"read_parquet({file_literal(target)})"), numbers=numbers)

    def read() -> tuple[Table, list[str]]:
        if layout.is_unusual:
            return read_by_python()
        try:
            return copied(session, table(_read_csv(path, layout)), numbers=numbers)
        except DriverError:
            return read_by_python()

    copy, faults = read()
    if faults:
        raise number_fault(path, name=path.name, layout=layout, columns=faults)
    return copy


def _read_csv(path: Path, layout: Layout) -> str:
    types = ", ".join(f"'c{place}': 'VARCHAR'" for place in range(len(layout.header)))
    return (
        f"read_csv({file_literal(path)}, header = true, auto_detect = false, strict_mode = true, "
        f"quote = '\"', escape = '\"', delim = {literal(layout.delimiter)}, columns = {{{types}}})"
    )


def _rewrite(path: Path, target: Path, *, layout: Layout, places: Mapping[str, int]) -> None:
    schema = pa.schema([(f"c{place}", pa.string()) for place in places.values()])
    rows: list[list[str]] = []
    with parquet.ParquetWriter(target, schema) as writer:

        def write() -> None:
            cells = [pa.array([row[place] or None for row in rows], pa.string()) for place in places.values()]
            writer.write_batch(pa.record_batch(cells, schema=schema))
            rows.clear()

        for _, row in rows_of(path, name=path.name, layout=layout):
            rows.append(row)
            if len(rows) == _BATCH:
                write()
        write()
