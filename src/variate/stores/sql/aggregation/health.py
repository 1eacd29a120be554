"""Whether what came can be trusted: exposures to nothing known, events that came late, and events that never came."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from variate.stores.aggregates import Completeness
from variate.stores.sql.aggregation.dialect import Dialect, Values
from variate.stores.sql.aggregation.filling import Scope, is_exposure, is_shared, place_of


def unknown_exposures(connection: Connection, scope: Scope, dialect: Dialect) -> int:
    """Return how many exposures name no variation of the experiment."""
    values = Values()
    place = place_of("event", scope, values, dialect)
    count: int = values.execute(
        connection,
        f"SELECT count(*) FROM {dialect.events('ix_events_exposures')}"
        f" WHERE {is_exposure('event', scope, values)} AND {place} IS NULL",
    ).scalar_one()
    return count


def late_events(
    connection: Connection, scope: Scope, dialect: Dialect, *, types: list[str], looked_through: int, looked_at: Any
) -> int:
    """Return how many events have come since a look that are dated before it."""
    values = Values()
    concerns = f"event.event_type = 'exposure' AND event.experiment_id = {values.of(scope.experiment_id)}"
    if types:
        concerns += f" OR event.event_type IN {values.list(types)} AND {is_shared('event', scope, values)}"
    count: int = values.execute(
        connection,
        f"SELECT count(*) FROM {dialect.events(None)} WHERE event.sequence > {values.of(looked_through)}"
        f" AND event.at >= {values.of(scope.start)} AND event.at < {values.of(looked_at)} AND ({concerns})",
    ).scalar_one()
    return count


def completeness(connection: Connection, scope: Scope, dialect: Dialect) -> Completeness | None:
    """Return how many of the numbered events came, whosever they are."""
    values = Values()
    row = values.execute(
        connection,
        "SELECT sum(expected), sum(received) FROM (SELECT max(event.number) - min(event.number) + 1 AS expected,"
        f" count(DISTINCT event.number) AS received FROM {dialect.events('ix_events_numbered')}"
        f" WHERE event.sender IS NOT NULL AND event.at >= {values.of(scope.start)} AND event.at < {values.of(scope.at)}"
        " GROUP BY event.sender) AS sent",
    ).one()
    return None if row[0] is None else Completeness(received=int(row[1]), expected=int(row[0]))


def newest_event(connection: Connection) -> int:
    """Return the sequence of the last event that is there."""
    newest: int = Values().execute(connection, "SELECT coalesce(max(sequence), 0) FROM events").scalar_one()
    return newest
