"""Which units' rows are not what they should be any more."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from variate.stores.sql.aggregation.dialect import Dialect, Values
from variate.stores.sql.aggregation.filling import TOUCHED, Scope, is_shared


def touch(
    connection: Connection,
    scope: Scope,
    dialect: Dialect,
    *,
    types: list[str],
    analysis: int,
    through: int,
    upto: int | None,
    was_at: Any,
    at: Any,
) -> None:
    """Write to the table of those touched the units with events that

    - have come: beyond the sequence ``through``, up to ``upto``;
    - count now and did not, or the other way round, because they are dated between the two moments;
    - have expired meanwhile or, where the question is of an earlier moment, had not then.
    """
    low, high = min(was_at, at), max(was_at, at)
    values = Values()
    concerns = _concerns(scope, types, values)
    came = f"event.sequence > {values.of(through)}"
    if upto is not None:
        came += f" AND event.sequence <= {values.of(upto)}"
    found = [f"SELECT DISTINCT event.user_id FROM {dialect.events(None)} WHERE {came} AND {concerns}"]
    if low != high:
        dated = f"event.at >= {values.of(low)} AND event.at < {values.of(high)}"
        found.append(
            f"SELECT event.user_id FROM {dialect.events('ix_events_at')} WHERE {dated}"
            f" AND event.sequence <= {values.of(through)} AND {concerns}"
        )
        found.append(
            f"SELECT unit.user_id FROM analysis_units AS unit WHERE unit.analysis = {values.of(analysis)}"
            f" AND unit.expires_at <= {values.of(at)}"
        )
    if at < was_at:
        found.append(
            f"SELECT event.user_id FROM {dialect.events('ix_events_expires')} WHERE event.expires_at > {values.of(at)}"
            f" AND event.expires_at <= {values.of(was_at)} AND {concerns}"
        )
    values.execute(connection, f"INSERT INTO {TOUCHED} (user_id) {' UNION '.join(found)}")


def _concerns(scope: Scope, types: list[str], values: Values) -> str:
    """The event is an exposure of the experiment or what a metric reads."""
    exposes = f"event.event_type = 'exposure' AND event.experiment_id = {values.of(scope.experiment_id)}"
    if not types:
        return f"({exposes})"
    return f"({exposes} OR (event.event_type IN {values.list(types)} AND {is_shared('event', scope, values)}))"
