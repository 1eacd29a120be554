"""The rows of units: who entered, when and where, and the sums of their events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from variate.stores.sql.aggregation.dialect import Dialect, Values
from variate.stores.sql.aggregation.variables import Sum, Variable
from variate.stores.sql.data_columns import MAX_VARIATION_BYTES

ENTRIES = "variate_entries"
TOUCHED = "variate_touched"

_ENTRY_COLUMNS = ("user_id", "variation", "overridden", "first_at", "day", "dimensions", "expires_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Who enters: by which exposures, of which time. Nothing dated at or after ``at`` counts.

    ``moment`` turns a moment into what the engine's driver takes.
    """

    experiment_id: str
    variations: tuple[str, ...]
    dimensions: tuple[str, ...]
    start: Any
    until: Any | None
    at: Any
    reweighed: tuple[Any, ...] = ()

    @property
    def stop(self) -> Any:
        """Before when exposures count."""
        return self.at if self.until is None else min(self.at, self.until)


def lives(event: str, scope: Scope, values: Values) -> str:
    """Return the condition that the event has not expired."""
    return f"({event}.expires_at IS NULL OR {event}.expires_at > {values.of(scope.at)})"


def is_shared(event: str, scope: Scope, values: Values) -> str:
    """Return the condition that the event is not of another experiment."""
    return f"({event}.experiment_id IS NULL OR {event}.experiment_id = {values.of(scope.experiment_id)})"


def is_exposure(event: str, scope: Scope, values: Values) -> str:
    """Return the condition that the event is an exposure that counts, whatever variation it names."""
    return (
        f"{event}.event_type = 'exposure' AND {event}.experiment_id IS NOT NULL"
        f" AND {event}.experiment_id = {values.of(scope.experiment_id)}"
        f" AND {event}.at >= {values.of(scope.start)} AND {event}.at < {values.of(scope.stop)}"
        f" AND {lives(event, scope, values)}"
    )


def place_of(event: str, scope: Scope, values: Values, dialect: Dialect) -> str:
    """Return the place of an exposure's variation among the question's; NULL for one that is unknown."""
    name = f"{event}.variation"
    if any(len(each.encode()) > MAX_VARIATION_BYTES for each in scope.variations):
        name = f"coalesce({name}, {dialect.word(f'{event}.data', 'variation', values)})"
    cases = " ".join(f"WHEN {values.of(each)} THEN {place}" for place, each in enumerate(scope.variations))
    return f"CASE {name} {cases} END"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filling:
    """Fills the rows of one analysis, on one connection, in one transaction."""

    connection: Connection
    dialect: Dialect
    analysis: int
    scope: Scope
    has_overridden: bool

    def enter_after(self, unit: str, *, limit: int | None) -> tuple[int, str | None]:
        """Read the entries of the next units after ``unit``; return how many there are and the last of them."""
        values = Values()
        after = f"event.user_id > {values.of(unit)}"
        self._enter(f"events AS event WHERE {after} AND", values, limit=limit)
        found = Values().execute(self.connection, f"SELECT count(*), max(user_id) FROM {ENTRIES}").one()
        return found[0], found[1]

    def enter_touched(self) -> None:
        """Read the entries of the units in the table of those touched."""
        self._enter(
            f"{TOUCHED} AS touched CROSS JOIN events AS event WHERE event.user_id = touched.user_id AND", Values()
        )

    def delete_touched(self, *, pages: int) -> None:
        """Delete the rows, on each of so many pages, of the units in the table of those touched."""
        values = Values({"analysis": self.analysis})
        values.execute(
            self.connection,
            f"DELETE FROM analysis_units WHERE analysis = :analysis AND page IN {values.list(range(pages))}"
            f" AND user_id IN (SELECT user_id FROM {TOUCHED})",
        )

    def fill(self, page: int, columns: dict[int, Variable]) -> None:
        """Write the page's row of each unit entered."""
        values = Values()
        summed = [each for each in columns.values() if each.sum is not Sum.STEPS]
        expiries, joins = ["entry.expires_at"], []
        if summed:
            expiries.append("min(event.expires_at)")
            joins.append(f"LEFT JOIN events AS event ON {self._is_summed(summed, values)}")
        tables, sums = [], []
        for column, variable in columns.items():
            if variable.sum is Sum.STEPS:
                steps = self._steps(f"steps{column}", variable, values)
                tables += steps
                reached = f"steps{column}_{len(steps) - 1}"
                joins.append(f"LEFT JOIN {reached} ON {reached}.user_id = entry.user_id")
                sums.append(f"max(CASE WHEN {reached}.came IS NULL THEN 0 ELSE 1 END)")
                expiries.append(self._expiry_of_steps(variable, values))
            else:
                sums.append(self._sum(variable, values))
        carried = [f"entry.{each}" for each in _ENTRY_COLUMNS[:-1]]
        selected = [values.of(self.analysis), str(page), *carried, self.dialect.earliest(expiries), *sums]
        names = ["analysis", "page", *_ENTRY_COLUMNS, *(f"v{column}" for column in columns)]
        values.execute(
            self.connection,
            f"INSERT INTO analysis_units ({', '.join(names)}) {'WITH ' if tables else ''}{', '.join(tables)}"
            f" SELECT {', '.join(selected)} FROM {ENTRIES} AS entry {' '.join(joins)}"
            f" {'GROUP BY entry.user_id' if columns else ''} ORDER BY entry.user_id",
        )

    def _enter(self, source: str, values: Values, *, limit: int | None = None) -> None:
        dialect, scope = self.dialect, self.scope
        dialect.temporary(
            self.connection,
            ENTRIES,
            f"user_id {dialect.unit_type} PRIMARY KEY, variation int NOT NULL, overridden int NOT NULL,"
            f" first_at {dialect.moment_type} NOT NULL, day bigint NOT NULL, dimensions text,"
            f" expires_at {dialect.moment_type}",
        )
        page = "" if limit is None else f"ORDER BY seen.user_id LIMIT {limit}"
        seen = (
            f"SELECT event.user_id, event.at, event.expires_at, {place_of('event', scope, values, dialect)} AS place"
            f" FROM {source} {is_exposure('event', scope, values)}"
        )
        firsts = (
            "SELECT seen.user_id, min(seen.at) AS first_at, min(seen.expires_at) AS expires_at,"
            " CASE WHEN min(seen.place) = max(seen.place) THEN min(seen.place) ELSE -1 END AS place"
            f" FROM ({seen}) AS seen WHERE seen.place IS NOT NULL GROUP BY seen.user_id {page}"
        )
        overridden = "0"
        if self.has_overridden:
            overridden = (
                "CASE WHEN EXISTS (SELECT 1 FROM analysis_overridden AS other WHERE other.user_id = entry.user_id"
                f" AND other.analysis = {values.of(self.analysis)}) THEN 1 ELSE 0 END"
            )
        values.execute(
            self.connection,
            f"INSERT INTO {ENTRIES} ({', '.join(_ENTRY_COLUMNS)}) SELECT entry.user_id, entry.place, {overridden},"
            f" entry.first_at, {dialect.day('entry.first_at')}, {self._dimensions(values)}, entry.expires_at"
            f" FROM ({firsts}) AS entry",
        )
        dialect.filled(self.connection, ENTRIES)

    def _dimensions(self, values: Values) -> str:
        """What the first exposure says; the first to come, of several that are dated alike."""
        if not self.scope.dimensions:
            return "NULL"
        place = place_of("first", self.scope, values, self.dialect)
        return (
            f"(SELECT {self.dialect.dimensions('first.data', self.scope.dimensions, values)} FROM events AS first"
            f" WHERE first.user_id = entry.user_id AND first.at = entry.first_at AND {place} IS NOT NULL"
            f" AND {is_exposure('first', self.scope, values)} ORDER BY first.sequence LIMIT 1)"
        )

    def _counts(self, event: str, values: Values) -> str:
        scope = self.scope
        happened = f"{event}.at < {values.of(scope.at)}"
        return f"{is_shared(event, scope, values)} AND {happened} AND {lives(event, scope, values)}"

    def _is_summed(self, summed: Sequence[Variable], values: Values) -> str:
        """The condition that an event is a unit's and may count for one of the variables."""
        types = sorted({each.event_types[0] for each in summed})
        earliest = min(0, *(each.start for each in summed))
        return (
            f"event.user_id = entry.user_id AND {self.dialect.is_measured('event', types, values)}"
            f" AND {self._counts('event', values)} AND event.at >= {self.dialect.later('entry.first_at', earliest)}"
        )

    def _sum(self, variable: Variable, values: Values) -> str:
        is_of = f"event.event_type = {values.of(variable.event_types[0])}"
        condition = f"{is_of} AND {self._is_within('event.at', variable, values)}"
        if variable.sum is Sum.DID:
            return f"max(CASE WHEN {condition} THEN 1 ELSE 0 END)"
        if variable.sum is Sum.COUNT:
            return f"count(CASE WHEN {condition} THEN 1 END)"
        return self.dialect.total(self.dialect.value("event", variable.field, values), where=condition)

    def _steps(self, name: str, variable: Variable, values: Values) -> list[str]:
        """A table for each step, of the units that took those before it: the first of its events at or after those.

        Written out one after the other: within each other, twenty are more than SQLite parses.
        """
        tables = []
        for number, event_type in enumerate(variable.event_types):
            before = "" if number == 0 else " AND step.at >= entry.came"
            source = (
                f"{ENTRIES} AS entry" if number == 0 else f"{name}_{number - 1} AS entry WHERE entry.came IS NOT NULL"
            )
            tables.append(
                f"{name}_{number} AS MATERIALIZED (SELECT entry.user_id, entry.first_at, (SELECT min(step.at)"
                f" FROM events AS step WHERE step.user_id = entry.user_id"
                f" AND {self.dialect.is_measured('step', [event_type], values)} AND {self._counts('step', values)}"
                f" AND {self._is_within('step.at', variable, values)}{before}) AS came FROM {source})"
            )
        return tables

    def _expiry_of_steps(self, variable: Variable, values: Values) -> str:
        return (
            "(SELECT min(step.expires_at) FROM events AS step WHERE step.user_id = entry.user_id"
            f" AND {self.dialect.is_measured('step', variable.event_types, values)} AND {self._counts('step', values)})"
        )

    def _is_within(self, moment: str, variable: Variable, values: Values) -> str:
        return is_within(moment, variable.start, variable.end, self.scope, values, self.dialect, entry="entry")


def is_within(
    moment: str, start: int, end: int | None, scope: Scope, values: Values, dialect: Dialect, *, entry: str
) -> str:
    """Return the condition that the moment is in a window of the unit's exposure."""
    first = f"{entry}.first_at"
    condition = f"{moment} >= {dialect.later(first, start) if start else first}"
    if end is not None:
        return f"{condition} AND {moment} < {dialect.later(first, end) if end else first}"
    return condition if scope.until is None else f"{condition} AND {moment} < {values.of(scope.until)}"
