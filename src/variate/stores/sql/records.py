"""What writes have in common: their audit entries and outbox messages, and what a conflict looks like."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Table, select, update

from variate.errors import ConflictError, NotFoundError
from variate.model import AuditEntry, Document, Json, OutboxMessage
from variate.stores.sql.database import Database
from variate.stores.sql.schema import audit_logs, outbox


def document_of(record: Json) -> Document:
    """Return the record as a document of any size: a column holds more than one document of a caller's may be."""
    return Document(json.dumps(record, ensure_ascii=False, separators=(",", ":")))


def log(database: Database, connection: Connection, entries: Sequence[AuditEntry]) -> None:
    """Add the entries; one whose id is there already is left as it stands."""
    if entries:
        statement = database.insert(audit_logs).on_conflict_do_nothing(index_elements=["id"])
        connection.execute(statement, [_audit_row(entry) for entry in entries])


def post(database: Database, connection: Connection, messages: Sequence[OutboxMessage]) -> None:
    """Add the messages; one whose id is there already is left as it stands."""
    if messages:
        statement = database.insert(outbox).on_conflict_do_nothing(index_elements=["id"])
        connection.execute(statement, [_message_row(message) for message in messages])


def insert_new(database: Database, connection: Connection, table: Table, row: dict[str, Any], *, entity: str) -> None:
    """Add the row; raise ``ConflictError`` if its id is taken."""
    statement = database.insert(table).values(row).on_conflict_do_nothing(index_elements=["id"])
    if connection.execute(statement.returning(table.c.id)).first() is None:
        raise ConflictError(f"{entity} {row['id']!r} is there already")


def replace_at(
    connection: Connection, table: Table, row: dict[str, Any], *, expected_revision: int, entity: str
) -> None:
    """Put the row over the one of its id if that is at ``expected_revision``.

    Raise ``ConflictError`` if it is at another revision, ``NotFoundError`` if there is none.
    """
    here = table.c.id == row["id"]
    statement = update(table).where(here, table.c.revision == expected_revision).values(row)
    if connection.execute(statement).rowcount == 0:
        found = connection.execute(select(table.c.revision).where(here)).scalar()
        if found is None:
            raise NotFoundError(entity, row["id"])
        raise ConflictError(
            f"{entity} {row['id']!r} is at revision {found}, not {expected_revision}: read it again and decide again"
        )


def _audit_row(entry: AuditEntry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "entity_type": entry.entity_type,
        "entity_id": entry.entity_id,
        "action": entry.action,
        "actor": entry.actor,
        "data": entry.document,
        "created_at": entry.created_at,
    }


def _message_row(message: OutboxMessage) -> dict[str, Any]:
    return {
        "id": message.id,
        "kind": message.kind,
        "entity_id": message.entity_id,
        "data": message.document,
        "created_at": message.created_at,
    }
