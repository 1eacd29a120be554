"""The SQL of SQLite."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

from variate.stores.sql.aggregation.dialect import Dialect, Mark, Values

_DAY = 86_400_000_000
_NEVER = 2**63 - 1


class OnSQLite(Dialect):
    """SQLite holds moments as whole microseconds, and what is no number as NULL."""

    # Nobody else writes meanwhile: half a second is little beside the ten that a writer waits.
    units_a_step = 50_000
    events_a_step = 250_000
    unit_type = "text"
    moment_type = "integer"

    def prepare(self, connection: Connection) -> None:
        """There is nothing to set."""

    def mark(self, connection: Connection) -> Mark:
        """There is one writer at a time, so sequences come in order."""
        newest = connection.execute(text("SELECT coalesce(max(sequence), 0) FROM events")).scalar_one()
        return Mark(settled=newest, newest=newest)

    def lock(self) -> str:
        """A transaction that writes has the file to itself."""
        return ""

    def temporary(self, connection: Connection, name: str, columns: str) -> None:
        """One that a transaction undone left behind is gone with it."""
        connection.execute(text(f"CREATE TEMPORARY TABLE {name} ({columns}) WITHOUT ROWID"))

    def filled(self, connection: Connection, name: str) -> None:
        """SQLite reads it first in any case."""

    def drop(self, connection: Connection, *names: str) -> None:
        """Drop them: they would stay with the connection."""
        for name in names:
            connection.execute(text(f"DROP TABLE temp.{name}"))

    def events(self, index: str | None) -> str:
        """Told so, because it knows of no rows in a table that nobody analyzed, and prefers an equality."""
        return "events AS event " + ("NOT INDEXED" if index is None else f"INDEXED BY {index}")

    def later(self, moment: str, micros: int) -> str:
        """Add."""
        return f"({moment} + {micros})"

    def day(self, moment: str) -> str:
        """Divide, and round down also before 1970."""
        return f"({moment} / {_DAY} - ({moment} % {_DAY} < 0))"

    def total(self, value: str, *, where: str) -> str:
        """See ``Dialect``. Infinity less infinity is NULL here, which is made infinite."""
        return f"coalesce(total(CASE WHEN {where} THEN {value} END), 9e999)"

    def lesser(self, one: str, other: str) -> str:
        """Return the lesser."""
        return f"min({one}, {other})"

    def earliest(self, moments: Sequence[str]) -> str:
        """Return the earliest."""
        if len(moments) == 1:
            return moments[0]
        return f"nullif(min({', '.join(f'coalesce({each}, {_NEVER})' for each in moments)}), {_NEVER})"

    def number(self, data: str, name: str, values: Values) -> str:
        """Read it from the data's text."""
        if _is_plain(name):
            path = values.of(f'$."{name}"')
            kind, found = f"json_type({data}, {path})", f"json_extract({data}, {path})"
            return f"CASE WHEN {kind} IN ('integer', 'real', 'true', 'false') THEN CAST({found} AS REAL) END"
        return (
            f"(SELECT CAST(field.value AS REAL) FROM json_each({data}) AS field"
            f" WHERE json_type({data}) = 'object' AND field.key = {values.of(name)}"
            " AND field.type IN ('integer', 'real', 'true', 'false'))"
        )

    def word(self, data: str, name: str, values: Values) -> str:
        """Read it from the data's text."""
        path = values.of(f'$."{name}"')
        return f"CASE json_type({data}, {path}) WHEN 'text' THEN json_extract({data}, {path}) END"

    def dimensions(self, data: str, names: Sequence[str], values: Values) -> str:
        """Read them from the data's text, each as JSON."""
        items = []
        for name in names:
            if _is_plain(name):
                path = values.of(f'$.dimensions."{name}"')
                found = f"json_quote(json_extract({data}, {path}))"
                items.append(f"CASE json_type({data}, {path}) WHEN 'text' THEN {found} ELSE 'null' END")
            else:
                items.append(
                    f"coalesce((SELECT json_quote(field.value) FROM json_each({data}, '$.dimensions') AS field"
                    f" WHERE field.key = {values.of(name)} AND field.type = 'text'), 'null')"
                )
        return "'[' || " + " || ',' || ".join(items) + " || ']'"

    def item(self, array: str, place: int) -> str:
        """Return the item: text or NULL, which is then JSON."""
        return f"json_quote(json_extract({array}, '$[{place}]'))"

    def is_short(self, event_type: str) -> str:  # noqa: ARG002 - of any length
        """Return nothing."""
        return ""


def _is_plain(name: str) -> bool:
    """Whether a path can name it: there is no way to write a quote or a backslash in one."""
    return '"' not in name and "\\" not in name and name.isprintable()
