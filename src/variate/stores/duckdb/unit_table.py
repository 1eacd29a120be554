"""Whether each row of a table is a unit of its own, so that nothing has to be added up by unit.

It is told from its column alone, without grouping by it: whole numbers are marked in a field of bits where they are
dense; other ids are sorted by a hash of 64 bits. Two units of one hash cost a grouping in vain, and no more.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from variate.errors import InvalidInputError
from variate.stores.duckdb.session import Session
from variate.stores.duckdb.table import WHOLE, Table

_DENSE = 8
"""Up to this many numbers for each unit are marked."""


def has_units_twice(session: Session, table: Table, unit: str) -> bool:
    """Return whether any unit may have two rows: always where one has. Raise where a row has no unit."""
    column = table.columns[unit]
    if column.kind not in WHOLE:
        given = f"nullif({column.sql}, '')" if column.is_text else column.sql
        return _twice(_keys(session, table, unit, f"CASE WHEN {given} IS NOT NULL THEN hash({column.sql}) END"))
    # A Parquet file notes these, so that they cost nothing.
    least, greatest, given, rows = session.rows(
        f"SELECT min({column.sql}), max({column.sql}), count({column.sql}), count(*) FROM {table.relation}"
    )[0]
    if given < rows:
        raise _without(table, unit, rows - given)
    width = greatest - least + 1 if rows else 0
    if width < rows:
        return True
    if width > _DENSE * rows:
        return _twice(_keys(session, table, unit, f"CAST({column.sql} AS BIGINT)"))
    seen = np.zeros(width, dtype=np.bool_)
    for batch in session.batches(f"SELECT CAST({column.sql} AS BIGINT) - {least} FROM {table.relation}"):
        seen[batch.column(0).to_numpy()] = True
    return bool(np.count_nonzero(seen) < rows)


def _keys(session: Session, table: Table, unit: str, key: str) -> npt.NDArray[np.int64]:
    """Return what SQL makes of each row's unit; raise where that is NULL."""
    without = 0
    parts: list[npt.NDArray[np.int64]] = [np.empty(0, dtype=np.int64)]
    for batch in session.batches(f"SELECT {key} FROM {table.relation}"):
        keys = batch.column(0)
        without += keys.null_count
        if not without:
            parts.append(keys.to_numpy().view(np.int64))
    if without:
        raise _without(table, unit, without)
    return np.concatenate(parts)


def _without(table: Table, unit: str, rows: int) -> InvalidInputError:
    rule = f"is empty in {rows:,} row{'s' * (rows > 1)}: each has to say whose it is"
    return InvalidInputError(table.field(unit), rule)


def _twice(keys: npt.NDArray[np.int64]) -> bool:
    # Sorting lets go of the interpreter, so halves are sorted side by side.
    odd = (keys & 1).astype(np.bool_)
    halves = [keys[odd], keys[~odd]]
    with ThreadPoolExecutor(2) as threads:
        return any(threads.map(_sorted_twice, halves))


def _sorted_twice(keys: npt.NDArray[np.int64]) -> bool:
    keys.sort()
    return bool((keys[1:] == keys[:-1]).any())
