"""Deleting what is kept of analyses. It is made anew, from the events, when somebody asks again."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from variate.stores.sql.aggregation.dialect import Values


def forget(connection: Connection, *, experiment_id: str, kept: int = 0) -> None:
    """Delete the analyses of an experiment but for so many, those of the latest moments."""
    values = Values({"experiment": experiment_id, "kept": kept})
    found = values.execute(
        connection,
        "SELECT id FROM analyses WHERE experiment_id = :experiment AND id NOT IN"
        " (SELECT id FROM analyses WHERE experiment_id = :experiment ORDER BY at DESC, id DESC LIMIT :kept)",
    )
    _delete(connection, [row[0] for row in found])


def forget_unused(connection: Connection, *, before: Any) -> int:
    """Delete the analyses whose last look was of a moment before this; return how many there were."""
    values = Values({"before": before})
    found = values.execute(connection, "SELECT id FROM analyses WHERE at < :before")
    return _delete(connection, [row[0] for row in found])


def _delete(connection: Connection, analyses: list[int]) -> int:
    if analyses:
        for table, column in (("analysis_units", "analysis"), ("analysis_overridden", "analysis"), ("analyses", "id")):
            values = Values()
            values.execute(connection, f"DELETE FROM {table} WHERE {column} IN {values.list(analyses)}")
    return len(analyses)
