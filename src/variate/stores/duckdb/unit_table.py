"""The rows of a table as units: each row a unit where each unit has one, else a unit's rows added up.

Whether a unit has two rows is told from its column alone, without grouping by it: whole numbers are marked in a field
of bits where they are dense; other ids are sorted by a hash of 64 bits. Two units of one hash only cost the grouping.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

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
    is_whole = column.kind in WHOLE
    given = f"nullif({column.sql}, '')" if column.is_text else column.sql
    key = f"CAST({column.sql} AS BIGINT)" if is_whole else f"CASE WHEN {given} IS NOT NULL THEN hash({column.sql}) END"
    rows = without = 0
    parts: list[npt.NDArray[Any]] = []
    for batch in session.batches(f"SELECT {key} AS unit FROM {table.relation}"):
        keys = batch.column(0)
        without += keys.null_count
        if not without:
            parts.append(keys.to_numpy())
            rows += len(parts[-1])
    if without:
        rule = f"is empty in {without:,} row{'s' * (without > 1)}: each has to say whose it is"
        raise InvalidInputError(table.field(unit), rule)
    if rows < 2:
        return False
    return _whole_twice(parts, rows=rows) if is_whole else _twice(np.concatenate(parts))


def _whole_twice(parts: list[npt.NDArray[Any]], *, rows: int) -> bool:
    least = min(int(part.min()) for part in parts if len(part))
    width = max(int(part.max()) for part in parts if len(part)) - least + 1
    if width < rows:
        return True
    if width > _DENSE * rows:
        return _twice(np.concatenate(parts))
    seen = np.zeros(width, dtype=np.bool_)
    for part in parts:
        seen[part - least] = True
    return int(np.count_nonzero(seen)) < rows


def _twice(keys: npt.NDArray[Any]) -> bool:
    # Sorting lets go of the interpreter, so halves are sorted side by side.
    odd = (keys & keys.dtype.type(1)).astype(np.bool_)
    halves = [keys[odd], keys[~odd]]
    with ThreadPoolExecutor(2) as threads:
        return any(threads.map(_sorted_twice, halves))


def _sorted_twice(keys: npt.NDArray[Any]) -> bool:
    keys.sort()
    return bool((keys[1:] == keys[:-1]).any())
