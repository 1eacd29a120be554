"""Which failures of which engine mean what."""

from __future__ import annotations

import sqlite3

from variate.errors import ConflictError, NotMigratedError, StoreError, StoreUnavailableError, VariateError
from variate.stores.sql.retrying import RolledBackError

_SQLITE_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}
_SQLITE_UNUSABLE = {  # for now: the disk is full, away or read-only, or the folder is closed to us
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
}
_SQLITE_TAKEN = {sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_UNIQUE}
_SQLITE_PRIMARY_CODE = 0xFF

_DEADLOCK_OR_SERIALIZATION = {"40001", "40P01"}
_UNIQUE_VIOLATION = "23505"
_UNDEFINED_TABLE = "42P01"
_TRANSIENT_CLASSES = {
    "08",  # connection exceptions
    "40",  # the transaction was rolled back
    "53",  # too little of something
    "57",  # somebody stepped in: shutdown, failover, cancelled
    "58",  # the system below failed
}
_TRANSIENT_STATES = {
    "25006",  # read-only: after a failover this connection is to a reader
    "55P03",  # a lock was not to be had
}


def explain_sqlite(error: BaseException) -> VariateError:
    """Return our error for one of ``sqlite3``."""
    code = getattr(error, "sqlite_errorcode", None)
    primary = None if code is None else code & _SQLITE_PRIMARY_CODE
    if primary in _SQLITE_BUSY:
        return StoreUnavailableError(f"SQLite is busy, perhaps with another process's write: try again later ({error})")
    if primary in _SQLITE_UNUSABLE or isinstance(error, OSError):
        return StoreUnavailableError(f"SQLite cannot use its file: see to the disk and its folder ({error})")
    if code in _SQLITE_TAKEN:
        return ConflictError(f"it is there already: {error}")
    if str(error).startswith("no such table"):
        return NotMigratedError(f"{error}: run variate migrate")
    return StoreError(f"SQLite failed: {error}")


def explain_postgres(error: BaseException, *, operational: tuple[type[Exception], ...]) -> VariateError:
    """Return our error for one of psycopg; those in ``operational`` are transient if their SQLSTATE says no other."""
    state: str | None = getattr(error, "sqlstate", None)
    if state in _DEADLOCK_OR_SERIALIZATION:
        return RolledBackError(f"PostgreSQL rolled the transaction back: try again ({error})")
    if state == _UNIQUE_VIOLATION:
        return ConflictError(f"it is there already: {error}")
    if state == _UNDEFINED_TABLE:
        return NotMigratedError(f"{error}: run variate migrate")
    if state is not None and (state in _TRANSIENT_STATES or state[:2] in _TRANSIENT_CLASSES):
        return StoreUnavailableError(f"PostgreSQL cannot be reached or is overloaded: try again later ({error})")
    if isinstance(error, operational):
        return StoreUnavailableError(f"PostgreSQL cannot be reached or is overloaded: try again later ({error})")
    return StoreError(f"PostgreSQL failed: {error}")
