"""The audit log and the outbox in SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Unpack

from sqlalchemy import ColumnElement, Connection, Row, delete, select

from variate.model import MAX_PAGE, AuditEntry, OutboxMessage, Page
from variate.model.audit import AuditFilters
from variate.model.audit_chain import ChainHead, Link, Unchained
from variate.model.rules import check_whole
from variate.stores.sql import chaining
from variate.stores.sql.database import Database
from variate.stores.sql.guards import missing_guards
from variate.stores.sql.paging import Listing
from variate.stores.sql.records import tell
from variate.stores.sql.schema import audit_logs, outbox

_RECENT = Listing("audit", (audit_logs.c.created_at, True), (audit_logs.c.sequence, True))
_CONDITIONS: Mapping[str, Callable[[Any], ColumnElement[bool]]] = {
    "entity_type": audit_logs.c.entity_type.__eq__,
    "entity_id": audit_logs.c.entity_id.__eq__,
    "actor": audit_logs.c.actor.__eq__,
    "action": audit_logs.c.action.__eq__,
    "since": audit_logs.c.created_at.__ge__,
    "until": audit_logs.c.created_at.__lt__,
}
"""What each of ``AuditFilters`` asks of a row."""


class SqlAuditLog:
    """See ``AuditLog``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, entries: Sequence[AuditEntry], *, outbox: Sequence[OutboxMessage] = ()) -> None:
        """Store the entries and the outbox messages, all or none; what is there already by id is left as it stands."""

        def work(connection: Connection) -> None:
            tell(self._database, connection, audit=entries, outbox=outbox)

        if entries or outbox:
            self._database.write(work)

    def get(self, entry_id: str) -> AuditEntry | None:
        """Return the entry of this id, or None."""
        query = select(audit_logs).where(audit_logs.c.id == entry_id)
        row = self._database.read(lambda connection: connection.execute(query).first())
        return None if row is None else _entry(row)

    def list(self, *, limit: int, last_key: str | None = None, **filters: Unpack[AuditFilters]) -> Page[AuditEntry]:
        """Return entries, most recent first, for which all the ``filters`` hold."""
        given = sorted((name, value) for name, value in filters.items() if value is not None)
        query = select(audit_logs).where(*(_CONDITIONS[name](value) for name, value in given))
        listing = _RECENT.of(*given)
        query = listing.page_of(query, limit=limit, last_key=last_key)
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return listing.page(rows, limit=limit, make=_entry)

    def head(self) -> ChainHead:
        """Return where the chain ends; an empty chain where that is not stored any more."""
        return self._database.read(chaining.head)

    def chain(self, *, after: int | None, limit: int) -> Sequence[Link]:
        """Return entries with a place beyond ``after``, by place, as they are stored."""
        check_whole("limit", limit, minimum=1, maximum=MAX_PAGE)
        return self._database.read(partial(chaining.chain, after=after, limit=limit))

    def unchained(self, *, limit: int) -> Unchained:
        """Return the rows without a place: those written by hand since the last entry was appended."""
        check_whole("limit", limit, minimum=1, maximum=MAX_PAGE)
        return self._database.read(partial(chaining.unchained, limit=limit))

    def missing_guards(self) -> Sequence[str]:
        """Return the triggers that are not there, are switched off, or do something else."""
        return self._database.read(missing_guards)


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
