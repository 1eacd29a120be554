"""The guards of the audit log: triggers by which the engine itself refuses to alter or delete an entry.

Whoever owns the tables can remove them, so ``variate audit verify`` looks whether they stand. Each ``variate migrate``
ends by making those that are missing: SQLite alters a table by copying it, and the copy has no triggers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, text

_COLUMNS = ("sequence", "id", "entity_type", "entity_id", "action", "actor", "data", "created_at")
_ENTRIES_STAY = "audit_logs: an entry is never altered or deleted"
_CHAIN_GROWS = "audit_chain: the chain only grows"


def _row(name: str, *, data: str = "data") -> str:
    return ", ".join(f"{name}.{data if column == 'data' else column}" for column in _COLUMNS)


# A row written by hand is given its place, once. For the rest an entry stands from the beginning.
_SQLITE: Mapping[str, str] = {
    "audit_logs_altered": (
        f"BEFORE UPDATE ON audit_logs WHEN OLD.place IS NOT NULL OR ({_row('NEW')}) IS NOT ({_row('OLD')}) "
        f"BEGIN SELECT RAISE(ABORT, '{_ENTRIES_STAY}'); END"
    ),
    "audit_logs_deleted": f"BEFORE DELETE ON audit_logs BEGIN SELECT RAISE(ABORT, '{_ENTRIES_STAY}'); END",
    "audit_chain_altered": (
        "BEFORE UPDATE ON audit_chain WHEN NEW.length <= OLD.length OR NEW.id <> OLD.id "
        f"BEGIN SELECT RAISE(ABORT, '{_CHAIN_GROWS}'); END"
    ),
    "audit_chain_deleted": f"BEFORE DELETE ON audit_chain BEGIN SELECT RAISE(ABORT, '{_CHAIN_GROWS}'); END",
}
"""What each trigger does, by its name."""

# Conditions stand in the functions, whose text the server keeps as it is given, unlike a trigger's own.
_FUNCTIONS: Mapping[str, str] = {
    "variate_audit_entry": f"""
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.place IS NULL
            AND ({_row("NEW", data="data::text")}) IS NOT DISTINCT FROM ({_row("OLD", data="data::text")}) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'restrict_violation', MESSAGE = '{_ENTRIES_STAY}';
END
""",
    "variate_audit_chain": f"""
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.length > OLD.length AND NEW.id = OLD.id THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION USING ERRCODE = 'restrict_violation', MESSAGE = '{_CHAIN_GROWS}';
END
""",
}


@dataclass(frozen=True, slots=True)
class _Trigger:
    """A trigger in PostgreSQL; ``kind`` is what ``pg_trigger.tgtype`` says of its ``moment``."""

    table: str
    moment: str
    kind: int
    function: str

    @property
    def statement(self) -> str:
        """What follows its name in the statement that makes it."""
        event, _, scope = self.moment.partition(" FOR ")
        return f"{event} ON {self.table} FOR {scope} EXECUTE FUNCTION {self.function}()"

    def is_that(self, row: Row[Any] | None) -> bool:
        """Return whether the row of the server's catalogue is of this trigger, and its function does what it is to."""
        wanted = (self.table, self.kind, self.function, _FUNCTIONS[self.function])
        return row is not None and (row.relname, row.tgtype, row.proname, row.prosrc) == wanted


_ALTERED = ("BEFORE UPDATE OR DELETE FOR EACH ROW", 27)
_TRUNCATED = ("BEFORE TRUNCATE FOR EACH STATEMENT", 34)
_POSTGRES: Mapping[str, _Trigger] = {
    "audit_logs_altered": _Trigger("audit_logs", *_ALTERED, "variate_audit_entry"),
    "audit_logs_truncated": _Trigger("audit_logs", *_TRUNCATED, "variate_audit_entry"),
    "audit_chain_altered": _Trigger("audit_chain", *_ALTERED, "variate_audit_chain"),
    "audit_chain_truncated": _Trigger("audit_chain", *_TRUNCATED, "variate_audit_chain"),
}

_STANDING_IN_POSTGRES = text(
    "SELECT t.tgname, c.relname, t.tgtype, p.proname, p.prosrc FROM pg_trigger t "
    "JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid "
    "WHERE t.tgrelid IN (to_regclass('audit_logs'), to_regclass('audit_chain')) "
    "AND t.tgenabled IN ('O', 'A') AND t.tgqual IS NULL"
)
_STANDING_IN_SQLITE = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")


def missing_guards(connection: Connection) -> Sequence[str]:
    """Return the names of the triggers that are not there, are switched off, or do something else."""
    if connection.dialect.name == "sqlite":
        found = {row.name: row.sql for row in connection.execute(_STANDING_IN_SQLITE)}
        return [name for name in _SQLITE if found.get(name) != _sqlite_trigger(name)]
    standing = {row.tgname: row for row in connection.execute(_STANDING_IN_POSTGRES)}
    return [name for name, trigger in _POSTGRES.items() if not trigger.is_that(standing.get(name))]


def make_guards(connection: Connection) -> Sequence[str]:
    """Make the triggers that are missing, and return their names."""
    missing = missing_guards(connection)
    if connection.dialect.name == "sqlite":
        for name in missing:
            connection.execute(text(f"DROP TRIGGER IF EXISTS {name}"))
            connection.execute(text(_sqlite_trigger(name)))
        return missing
    functions = _FUNCTIONS if missing else {}
    for function, body in functions.items():
        made = f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $guard${body}$guard$"
        connection.execute(text(made))
    for name in missing:
        trigger = _POSTGRES[name]
        connection.execute(text(f"DROP TRIGGER IF EXISTS {name} ON {trigger.table}"))
        connection.execute(text(f"CREATE TRIGGER {name} {trigger.statement}"))
    return missing


def _sqlite_trigger(name: str) -> str:
    return f"CREATE TRIGGER {name} {_SQLITE[name]}"
