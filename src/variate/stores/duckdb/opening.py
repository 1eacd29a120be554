"""Opening a CSV file, a Parquet file, an Arrow table or an Arrow data set as a table."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from variate.errors import InvalidInputError, MissingExtraError
from variate.stores.duckdb.csv_table import open_csv
from variate.stores.duckdb.session import Session, file_literal, first_line
from variate.stores.duckdb.table import Table, Wanted, described, with_numbers

try:
    import pyarrow as pa
    import pyarrow.dataset as arrow_dataset
    from pyarrow import parquet
except ImportError as error:
    raise MissingExtraError("pyarrow", "duckdb") from error

_PARQUET = b"PAR1"
_FOOTER = 8
"""The bytes at a Parquet file's end that say how long its footer is."""
_SUFFIXES = {".parquet": "parquet", ".pq": "parquet", ".csv": "csv", ".tsv": "csv", ".txt": "csv"}


def open_table(session: Session, source: Path | Any, *, wanted: Wanted) -> Table:
    """Return what is wanted of the source; its numbers are numbers.

    Raise ``InvalidInputError`` naming the file, and the column and the line or row where there is one.
    """
    if isinstance(source, Path):
        return _open_file(session, source, wanted=wanted)
    if not isinstance(source, (pa.Table, arrow_dataset.Dataset)):
        rule = f"must be a path, an Arrow table or an Arrow data set, not {type(source).__name__}"
        raise InvalidInputError("source", rule)
    session.register("given", source)
    rows = source.num_rows if isinstance(source, pa.Table) else source.count_rows()
    header = tuple(source.schema.names)
    table = described(session, "given", name="table", header=header, wanted=wanted, through=f"rows:{rows}")
    return with_numbers(session, table, numbers=wanted.numbers)


def _open_file(session: Session, path: Path, *, wanted: Wanted) -> Table:
    try:
        with path.open("rb") as raw:
            begins = raw.read(len(_PARQUET))
    except OSError as error:
        raise InvalidInputError(path.name, f"cannot be read: {error.strerror}") from error
    kind = "parquet" if begins == _PARQUET else _SUFFIXES.get(path.suffix.lower())
    if kind is None:
        raise InvalidInputError(path.name, "must be a CSV file (.csv) or a Parquet file (.parquet)")
    if not begins:
        raise InvalidInputError(path.name, "is empty")
    if kind == "csv":
        return open_csv(session, path, wanted=wanted)
    try:
        with parquet.ParquetFile(path) as file:
            header = tuple(file.schema_arrow.names)
    except (pa.ArrowException, OSError) as error:
        raise InvalidInputError(path.name, f"is not a Parquet file that can be read: {first_line(error)}") from error
    relation = f"read_parquet({file_literal(path)}, hive_partitioning = false)"
    table = described(session, relation, name=path.name, header=header, wanted=wanted, through=_digest(path))
    return with_numbers(session, table, numbers=wanted.numbers)


def _digest(path: Path) -> str:
    """Return what names the file's content, without reading it all: of its size and its footer.

    The footer has the place, the size and the least and greatest value of every piece of every column.
    """
    with path.open("rb") as raw:
        size = raw.seek(0, 2)
        raw.seek(size - _FOOTER)
        footer = int.from_bytes(raw.read(4), "little")
        raw.seek(size - _FOOTER - footer)
        return f"parquet:{size}:{hashlib.sha256(raw.read(footer)).hexdigest()}"
