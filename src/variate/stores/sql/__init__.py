"""The SQL backend: every port on SQLite and on PostgreSQL, from one schema.

``PostgresDatabase`` is imported when it is asked for, since it needs psycopg and SQLite does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from variate.stores.sql.assignments import SqlAssignmentStore
from variate.stores.sql.audit import SqlAuditLog, SqlOutbox
from variate.stores.sql.database import Database
from variate.stores.sql.definitions import AUDIENCES, HOLDOUTS, LAYERS, METRICS, DefinitionKind, SqlDefinitionStore
from variate.stores.sql.events import SqlEventStore
from variate.stores.sql.experiments import SqlExperimentStore
from variate.stores.sql.flags import SqlFlagStore
from variate.stores.sql.keys import SqlKeyStore
from variate.stores.sql.overrides import SqlOverrideStore
from variate.stores.sql.people import SqlPersonStore
from variate.stores.sql.replies import SqlReplyStore
from variate.stores.sql.reports import SqlLookStore, SqlReportStore
from variate.stores.sql.serving import SqlServingStore
from variate.stores.sql.snapshots import SqlSnapshotStore
from variate.stores.sql.sqlite import SQLiteDatabase

if TYPE_CHECKING:
    from variate.stores.sql.postgres import PostgresDatabase

__all__ = [
    "AUDIENCES",
    "HOLDOUTS",
    "LAYERS",
    "METRICS",
    "Database",
    "DefinitionKind",
    "PostgresDatabase",
    "SQLiteDatabase",
    "SqlAssignmentStore",
    "SqlAuditLog",
    "SqlDefinitionStore",
    "SqlEventStore",
    "SqlExperimentStore",
    "SqlFlagStore",
    "SqlKeyStore",
    "SqlLookStore",
    "SqlOutbox",
    "SqlOverrideStore",
    "SqlPersonStore",
    "SqlReplyStore",
    "SqlReportStore",
    "SqlServingStore",
    "SqlSnapshotStore",
]


def __getattr__(name: str) -> Any:
    if name == "PostgresDatabase":
        from variate.stores.sql.postgres import PostgresDatabase  # noqa: PLC0415 - needs psycopg

        return PostgresDatabase
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
