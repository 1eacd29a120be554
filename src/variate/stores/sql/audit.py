"""The audit log and the outbox in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from variate.model import MAX_PAGE, AuditEntry, OutboxMessage, Page
from variate.model.rules import check_whole
from variate.stores.sql.database import Database
from variate.stores.sql.paging import Listing
from variate.stores.sql.records import log, post
from variate.stores.sql.schema import audit_logs, outbox

_RECENT = Listing("audit", (audit_logs.c.created_at, True), (audit_logs.c.sequence, True))


class SqlAuditLog:
    """See ``AuditLog``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, entries: Sequence[AuditEntry], *, outbox: Sequence[OutboxMessage] = ()) -> None:
        """Store the entries and the outbox messages, all or none; what is there already by id is left as it stands."""

        def work(connection: Connection) -> None:
            log(self._database, connection, entries)
            post(self._database, connection, outbox)

        if entries or outbox:
            self._database.write(work)

    def list(
        self,
        *,
        entity_type: str | None = None,
        entity_id: str | None = None,
        limit: int,
        last_key: str | None = None,
    ) -> Page[AuditEntry]:
        """Return entries, most recent first, of this entity where given."""
        query = select(audit_logs)
        if entity_type is not None:
            query = query.where(audit_logs.c.entity_type == entity_type)
        if entity_id is not None:
            query = query.where(audit_logs.c.entity_id == entity_id)
        listing = _RECENT.of(entity_type, entity_id)
        query = listing.page_of(query, limit=limit, last_key=last_key)
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return listing.page(rows, limit=limit, make=_entry)


class SqlOutbox:
    """See ``Outbox``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def pending(self, *, limit: int) -> Sequence[OutboxMessage]:
        """Return up to ``limit`` messages not yet settled, oldest first."""
        check_whole("limit", limit, minimum=1, maximum=MAX_PAGE)
        query = select(outbox).order_by(outbox.c.sequence).limit(limit)
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return [_message(row) for row in rows]

    def settle(self, message_ids: Sequence[str]) -> None:
        """Forget these messages: they are delivered. Unknown ids are passed over."""

        def work(connection: Connection) -> None:
            for start in range(0, len(message_ids), MAX_PAGE):
                connection.execute(delete(outbox).where(outbox.c.id.in_(message_ids[start : start + MAX_PAGE])))

        if message_ids:
            self._database.write(work)


def _entry(row: Row[Any]) -> AuditEntry:
    return AuditEntry(
        id=row.id,
        entity_type=row.entity_type,
        entity_id=row.entity_id,
        action=row.action,
        actor=row.actor,
        document=row.data,
        created_at=row.created_at,
    )


def _message(row: Row[Any]) -> OutboxMessage:
    return OutboxMessage(
        id=row.id, kind=row.kind, entity_id=row.entity_id, document=row.data, created_at=row.created_at
    )
