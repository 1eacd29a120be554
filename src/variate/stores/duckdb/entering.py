"""Who enters an experiment: the first exposure of each unit, as the table ``entries``."""

from __future__ import annotations

from dataclasses import dataclass

from variate.errors import MissingExtraError
from variate.stores.aggregates import Question
from variate.stores.duckdb.event_source import EventSource
from variate.stores.duckdb.event_values import object_under, text_under
from variate.stores.duckdb.session import Session, literal
from variate.stores.duckdb.units_of_time import micros

try:
    import pyarrow as pa
except ImportError as error:
    raise MissingExtraError("pyarrow", "duckdb") from error

_DAY = 86_400_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """How many units are in ``entries``, and how many are not, and why."""

    units: int
    crossed: int
    overridden: int
    unknown: int


def lives(question: Question) -> str:
    """Return the condition that an event happened before the question's moment and has not expired."""
    at = micros(question.at)
    return f"moment < {at} AND (expires_at IS NULL OR expires_at > {at})"


def enter(session: Session, events: EventSource, question: Question) -> Entered:
    """Make ``entries``: user_id, unit (a number), v (the variation's place), first, day, and g0 ... (dimensions)."""
    stop = "" if question.until is None else f" AND moment < {micros(question.until)}"
    cases = " ".join(f"WHEN {literal(name)} THEN {place}" for place, name in enumerate(question.variations))
    session.run(
        f"CREATE TEMP TABLE seen AS SELECT user_id, moment, id, {object_under('dimensions')} AS dimensions, "
        f"CAST(CASE {text_under('variation')} {cases} END AS INTEGER) AS place FROM {events.relation} "
        f"WHERE event_type = 'exposure' AND experiment_id = {literal(question.experiment_id)} "
        f"AND moment >= {micros(question.start)}{stop} AND {lives(question)}",
        what="reading the exposures",
    )
    session.register("overridden", pa.table({"name": pa.array(sorted(question.overridden), pa.string())}))
    # Of exposures dated alike the one whose id comes first says what the unit was like.
    first = "(min(struct_pack(moment := moment, id := id, dimensions := dimensions))).dimensions"
    session.run(
        f"CREATE TEMP TABLE met AS SELECT user_id, CASE WHEN min(place) = max(place) THEN min(place) END AS v, "
        f"min(moment) AS first, {first if question.dimensions else 'NULL'} AS dimensions, "
        "user_id IN (SELECT name FROM overridden) AS is_overridden "
        "FROM seen WHERE place IS NOT NULL GROUP BY user_id",
        what="finding each unit's first exposure",
    )
    dimensions = "".join(
        f", {text_under(name, within='dimensions')} AS g{place}" for place, name in enumerate(question.dimensions)
    )
    session.run(
        f"CREATE TEMP TABLE entries AS SELECT user_id, row_number() OVER () AS unit, v, first, "
        f"CAST(floor(first / {_DAY}) AS BIGINT) AS day{dimensions} FROM met WHERE v IS NOT NULL AND NOT is_overridden"
    )
    crossed, overridden, units = session.rows(
        "SELECT count(*) FILTER (v IS NULL AND NOT is_overridden), count(*) FILTER (is_overridden), "
        "count(*) FILTER (v IS NOT NULL AND NOT is_overridden) FROM met"
    )[0]
    unknown = session.rows("SELECT count(*) FROM seen WHERE place IS NULL")[0][0]
    session.run("DROP TABLE seen")
    session.run("DROP TABLE met")
    return Entered(units=units, crossed=crossed, overridden=overridden, unknown=unknown)
