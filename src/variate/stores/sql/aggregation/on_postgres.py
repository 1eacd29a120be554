"""The SQL of PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Sequence

from sqlalchemy import Connection, text

from variate.stores.sql.aggregation.dialect import LARGEST, Dialect, Mark, Values

SETTLING_SECONDS = 1.0
"""How long to wait for the transactions that were writing events to end."""
_POLL_SECONDS = 0.01

# Sequences come when rows are written, and rows are there when they are committed: one of a transaction that is still
# open may be below one that is there. Who will write has this lock before it takes its first sequence.
_WRITERS = text(
    "SELECT virtualtransaction FROM pg_locks WHERE locktype = 'relation' AND relation = 'events'::regclass"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND mode = 'RowExclusiveLock' AND granted AND pid IS DISTINCT FROM pg_backend_pid()"
)
_MORE_MEMORY = text(
    "SELECT set_config('work_mem', '64MB', true)"
    " WHERE pg_size_bytes(current_setting('work_mem')) < pg_size_bytes('64MB')"
)
_NEWEST = text("SELECT coalesce(max(sequence), 0) FROM events")


class OnPostgres(Dialect):
    """PostgreSQL keeps writers apart by itself, so all is done in one step."""

    units_a_step = None
    events_a_step = None
    unit_type = 'text COLLATE "C"'
    moment_type = "timestamptz"

    def prepare(self, connection: Connection) -> None:
        """Have it sort and hash in memory for a while longer than a server that is left as it came."""
        connection.execute(_MORE_MEMORY)

    def mark(self, connection: Connection) -> Mark:
        """Wait a little for those who are writing; where one does not end, nothing new is settled: 0."""
        newest = connection.execute(_NEWEST).scalar_one()
        writing = set(connection.execute(_WRITERS).scalars())
        deadline = time.monotonic() + SETTLING_SECONDS
        while writing and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
            writing &= set(connection.execute(_WRITERS).scalars())
        return Mark(settled=0 if writing else newest, newest=newest)

    def lock(self) -> str:
        """Lock the row."""
        return " FOR UPDATE"

    def temporary(self, connection: Connection, name: str, columns: str) -> None:
        """Made anew for each transaction."""
        connection.execute(text(f"CREATE TEMPORARY TABLE {name} ({columns}) ON COMMIT DROP"))

    def filled(self, connection: Connection, name: str) -> None:
        """Without this it takes the table for a small one."""
        connection.execute(text(f"ANALYZE {name}"))

    def drop(self, connection: Connection, *names: str) -> None:
        """Drop them, for the next step of the same transaction."""
        for name in names:
            connection.execute(text(f"DROP TABLE {name}"))

    def events(self, index: str | None) -> str:  # noqa: ARG002 - the other engine is told
        """Left to the planner, which knows how many rows there are of each kind."""
        return "events AS event"

    def later(self, moment: str, micros: int) -> str:
        """Add. In microseconds, because a day of an interval may have 23 hours where the session's clock is set so."""
        return f"({moment} + interval '{micros} microseconds')"

    def day(self, moment: str) -> str:
        """Divide, and round down."""
        return f"CAST(floor(date_part('epoch', {moment}) / 86400) AS bigint)"

    def total(self, value: str, *, where: str) -> str:
        """See ``Dialect``. A sum of finite numbers that is none is an error here, so great ones are infinite before."""
        infinite = "CAST('Infinity' AS double precision)"
        held = f"CASE WHEN {value} BETWEEN -1e290 AND 1e290 THEN {value} ELSE {value} * {infinite} END"
        total = f"coalesce(sum(CASE WHEN {where} THEN {held} END), 0)"
        return f"CASE WHEN {total} BETWEEN -{LARGEST} AND {LARGEST} THEN {total} ELSE {total} * {infinite} END"

    def lesser(self, one: str, other: str) -> str:
        """Return the lesser."""
        return f"least({one}, {other})"

    def earliest(self, moments: Sequence[str]) -> str:
        """Return the earliest."""
        return f"least({', '.join(moments)})"

    def number(self, data: str, name: str, values: Values) -> str:
        """Read it from the data's text. What has more digits than a float's whole part is infinite."""
        key = f"CAST({values.of(name)} AS text)"
        found = f"({data} ->> {key})"
        return (
            f"CASE json_typeof({data} -> {key}) WHEN 'number' THEN CASE"
            f" WHEN length(ltrim({found}, '-')) <= 308 THEN CAST({found} AS double precision)"
            f" WHEN {found} LIKE '-%' THEN '-Infinity' ELSE 'Infinity' END"
            f" WHEN 'boolean' THEN CASE {found} WHEN 'true' THEN 1 ELSE 0 END END"
        )

    def word(self, data: str, name: str, values: Values) -> str:
        """Read it from the data's text."""
        key = f"CAST({values.of(name)} AS text)"
        return f"CASE json_typeof({data} -> {key}) WHEN 'string' THEN {data} ->> {key} END"

    def dimensions(self, data: str, names: Sequence[str], values: Values) -> str:
        """Read them from the data's text, each as JSON."""
        items = []
        for name in names:
            found = f"{data} -> 'dimensions' -> CAST({values.of(name)} AS text)"
            items.append(f"CASE json_typeof({found}) WHEN 'string' THEN CAST({found} AS text) ELSE 'null' END")
        return "'[' || " + " || ',' || ".join(items) + " || ']'"

    def item(self, array: str, place: int) -> str:
        """Return the item."""
        return f"CAST(CAST({array} AS json) -> {place} AS text)"

    def is_short(self, event_type: str) -> str:
        """Such as have room in an index entry."""
        return f"octet_length({event_type}) <= 256"
