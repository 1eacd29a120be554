"""Exported events as a table: the columns, in a Parquet file or an Arrow table, and how SQL reads each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from variate.errors import InvalidInputError, MissingExtraError
from variate.model import Event
from variate.stores.duckdb.opening import open_table
from variate.stores.duckdb.session import Session
from variate.stores.duckdb.table import Table, Wanted

try:
    import pyarrow as pa
except ImportError as error:
    raise MissingExtraError("pyarrow", "duckdb") from error

_MOMENT = pa.timestamp("us", "UTC")

SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("user_id", pa.string(), nullable=False),
        pa.field("event_type", pa.string(), nullable=False),
        pa.field("data", pa.string(), nullable=False),
        pa.field("at", _MOMENT, nullable=False),
        pa.field("experiment_id", pa.string()),
        pa.field("expires_at", _MOMENT),
        pa.field("sender", pa.string()),
        pa.field("number", pa.int64()),
    ]
)
"""The columns of the platform's events."""

_OPTIONAL = ("expires_at", "sender", "number")
_MOMENTS = ("at", "expires_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSource:
    """``relation`` has the columns of ``SCHEMA``, moments in microseconds from 1970; ``at`` is called ``moment``."""

    relation: str
    through: str


def event_batch(events: Sequence[Event]) -> Any:
    """Return the events as an Arrow batch of ``SCHEMA``."""
    columns: list[Iterable[Any]] = [
        [event.id for event in events],
        [event.unit for event in events],
        [event.event_type for event in events],
        [event.document.text for event in events],
        [event.at for event in events],
        [event.experiment_id for event in events],
        [event.expires_at for event in events],
        [event.sender for event in events],
        [event.number for event in events],
    ]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, SCHEMA, strict=True)]
    return pa.record_batch(arrays, schema=SCHEMA)


def event_source(session: Session, source: Path | Any) -> EventSource:
    """Return the events of a Parquet file, an Arrow table or an Arrow data set.

    Raise ``InvalidInputError`` naming the file and the column that is missing or holds other things.
    """
    names = tuple(SCHEMA.names)
    table = open_table(session, source, wanted=Wanted(names=names, numbers=(), optional=frozenset(_OPTIONAL)))
    columns = ", ".join(f"{_read(table, name)} AS {'moment' if name == 'at' else name}" for name in names)
    _check_complete(session, table)
    return EventSource(relation=f"(SELECT {columns} FROM {table.relation})", through=table.through)


def _read(table: Table, name: str) -> str:
    if name not in table.columns:
        return f"CAST(NULL AS {'VARCHAR' if name == 'sender' else 'BIGINT'})"
    column = table.columns[name]
    if name in _MOMENTS:
        if not (column.kind.startswith("TIMESTAMP") or column.kind == "DATE" or column.is_text):
            raise InvalidInputError(table.field(name), f"must hold moments, not {column.kind.lower()}")
        return f"epoch_us(TRY_CAST({column.sql} AS TIMESTAMPTZ))"
    if name == "number":
        return f"TRY_CAST({column.sql} AS BIGINT)"
    if not (column.is_text or column.kind in ('"NULL"', "INTEGER", "BIGINT", "UUID", "JSON")):
        raise InvalidInputError(table.field(name), f"must hold text, not {column.kind.lower()}")
    return f"CAST({column.sql} AS VARCHAR)"


def _check_complete(session: Session, table: Table) -> None:
    """Refuse events without a user, a type or a moment."""
    needed = ("user_id", "event_type", "at")
    counts = ", ".join(f"count({_read(table, name)})" for name in needed)
    total, *found = session.rows(f"SELECT count(*), {counts} FROM {table.relation}", what="checking the events")[0]
    for name, count in zip(needed, found, strict=True):
        if count < total:
            rule = f"has {total - count:,} of {total:,} events without {'a moment' if name == 'at' else 'text'}"
            raise InvalidInputError(table.field(name), rule)
