"""What writes have in common: their audit entries and outbox messages, and what a conflict looks like."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, select, update

from variate.errors import ConflictError, NotFoundError, VariateError
from variate.model import AuditEntry, Document, Json, OutboxMessage
from variate.stores.sql import chaining
from variate.stores.sql.database import Database
from variate.stores.sql.schema import outbox


def document_of(record: Json) -> Document:
    """Return the record as a document of any size: a column holds more than one document of a caller's may be."""
    return Document(json.dumps(record, ensure_ascii=False, separators=(",", ":")))


def tell(
    database: Database, connection: Connection, *, audit: Sequence[AuditEntry], outbox: Sequence[OutboxMessage]
) -> None:
    """Add the messages and then, as the last of a transaction, the entries."""
    post(database, connection, outbox)
    log(database, connection, audit)


def log(database: Database, connection: Connection, entries: Sequence[AuditEntry]) -> None:
    """Add the entries to the end of the chain; one whose id is there already is left as it stands.

    The last that a transaction does: from here on all others that log wait for its end, and it may wait for none.
    """
    if entries:
        chaining.append(database, connection, entries)


def post(database: Database, connection: Connection, messages: Sequence[OutboxMessage]) -> None:
    """Add the messages; one whose id is there already is left as it stands."""
    if messages:
        statement = database.insert(outbox).on_conflict_do_nothing(index_elements=["id"])
        connection.execute(statement, [_message_row(message) for message in messages])


def insert_new(
    database: Database,
    connection: Connection,
    table: Table,
    row: dict[str, Any],
    *,
    entity: str,
    key: Sequence[str] = ("id",),
) -> None:
    """Add the row; raise ``ConflictError`` if its ``key`` is taken."""
    statement = database.insert(table).values(row).on_conflict_do_nothing(index_elements=key)
    if connection.execute(statement.returning(table.c.id)).first() is None:
        raise ConflictError(f"{entity} {row['id']!r} is there already: choose another id, or change that one")


def replace_at(
    connection: Connection,
    table: Table,
    row: dict[str, Any],
    *,
    expected_revision: int,
    entity: str,
    key: Sequence[str] = ("id",),
) -> None:
    """Put the row over the one of its ``key`` if that is at ``expected_revision``.

    Raise ``ConflictError`` if it is at another revision, ``NotFoundError`` if there is none.
    """
    here = _place(table, {name: row[name] for name in key})
    statement = update(table).where(here, table.c.revision == expected_revision).values(row)
    if connection.execute(statement).rowcount == 0:
        raise _refusal(connection, table, here, row["id"], expected_revision=expected_revision, entity=entity)


def remove_at(
    connection: Connection, table: Table, key: Mapping[str, str], *, expected_revision: int, entity: str
) -> None:
    """Delete the row of this key if it is at ``expected_revision``; raise as ``replace_at`` does."""
    here = _place(table, key)
    if connection.execute(delete(table).where(here, table.c.revision == expected_revision)).rowcount == 0:
        raise _refusal(connection, table, here, key["id"], expected_revision=expected_revision, entity=entity)


def _place(table: Table, key: Mapping[str, str]) -> ColumnElement[bool]:
    return and_(*(table.c[name] == value for name, value in key.items()))


def _refusal(
    connection: Connection,
    table: Table,
    here: ColumnElement[bool],
    entity_id: str,
    *,
    expected_revision: int,
    entity: str,
) -> VariateError:
    found = connection.execute(select(table.c.revision).where(here)).scalar()
    if found is None:
        return NotFoundError(entity, entity_id)
    return ConflictError(
        f"{entity} {entity_id!r} is at revision {found}, not {expected_revision}: read it again and decide again"
    )


def _message_row(message: OutboxMessage) -> dict[str, Any]:
    return {
        "id": message.id,
        "kind": message.kind,
        "entity_id": message.entity_id,
        "data": message.document,
        "created_at": message.created_at,
    }
