"""The feature flags in SQL."""

from __future__ import annotations

from typing import Any, Unpack

from sqlalchemy import Connection, Row, select

from variate.model import AuditEntry, FeatureFlag, FlagStatus, OutboxMessage, Page
from variate.model.audit import FLAG_CHANGED
from variate.model.listing import FlagFilters, folded
from variate.model.reading import read_stored
from variate.stores.sql.database import Database
from variate.stores.sql.paging import Listing
from variate.stores.sql.records import document_of, insert_new, replace_at, tell
from variate.stores.sql.schema import feature_flags
from variate.stores.sql.searching import contains, lists, may_name, member

_RECENT = Listing("flags", (feature_flags.c.updated_at, True), (feature_flags.c.id, False))


class SqlFlagStore:
    """See ``FlagStore``. The audit log is in the same database, so the messages are of kind ``FLAG_CHANGED``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert(self, flag: FeatureFlag, *, audit: AuditEntry) -> None:
        """Store a new flag; raise ``ConflictError`` if its id is taken."""

        def work(connection: Connection) -> None:
            insert_new(self._database, connection, feature_flags, _row(flag), entity="feature flag")
            tell(self._database, connection, audit=[audit], outbox=[_message(flag, audit)])

        self._database.write_once(work)

    def get(self, flag_id: str) -> FeatureFlag | None:
        """Return the flag, strongly consistent, or None.

        Raise ``InvalidInputError`` naming it where what is stored breaks a rule.
        """
        query = select(feature_flags).where(feature_flags.c.id == flag_id)
        row = self._database.read(lambda connection: connection.execute(query).first())
        return None if row is None else _read(row)

    def list(self, *, limit: int, last_key: str | None = None, **filters: Unpack[FlagFilters]) -> Page[FeatureFlag]:
        """Return flags, most recently updated first (then by id), for which all the ``filters`` hold."""
        status, text, unchanged_since = filters.get("status"), filters.get("text"), filters.get("unchanged_since")
        owner, tag, mentions = filters.get("owner"), filters.get("tag"), filters.get("mentions")
        query = select(feature_flags)
        if status is not None:
            query = query.where(feature_flags.c.status == status.value)
        if owner is not None:
            query = query.where(member(feature_flags.c.targeting, "owner") == owner)
        if tag is not None:
            query = query.where(lists(feature_flags.c.targeting, "tags", tag))
        if text is not None:
            query = query.where(contains(text, feature_flags.c.id, feature_flags.c.name, feature_flags.c.description))
        if mentions is not None:
            query = query.where(may_name(mentions, feature_flags.c.rules, feature_flags.c.targeting))
        if unchanged_since is not None:
            query = query.where(feature_flags.c.updated_at <= unchanged_since)
        listing = _RECENT.of(status, owner, tag, None if text is None else folded(text), mentions)
        query = listing.page_of(query, limit=limit, last_key=last_key)
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return listing.page_of_readable(rows, limit=limit, make=_read)

    def replace(self, flag: FeatureFlag, *, expected_revision: int, audit: AuditEntry) -> None:
        """Store ``flag`` over the one of its id if that is at ``expected_revision``.

        Raise ``ConflictError`` if it is at another revision, ``NotFoundError`` if there is none.
        """

        def work(connection: Connection) -> None:
            row = _row(flag)
            replace_at(connection, feature_flags, row, expected_revision=expected_revision, entity="feature flag")
            tell(self._database, connection, audit=[audit], outbox=[_message(flag, audit)])

        self._database.write_once(work)


def _message(flag: FeatureFlag, audit: AuditEntry) -> OutboxMessage:
    return OutboxMessage(
        id=audit.id, kind=FLAG_CHANGED, entity_id=flag.id, document=document_of({}), created_at=audit.created_at
    )


def _row(flag: FeatureFlag) -> dict[str, Any]:
    return {
        "id": flag.id,
        "name": flag.name,
        "description": flag.description,
        "rules": flag.rules,
        "targeting": flag.targeting,
        "status": flag.status.value,
        "revision": flag.revision,
        "created_at": flag.created_at,
        "updated_at": flag.updated_at,
    }


def _read(row: Row[Any]) -> FeatureFlag:
    return read_stored("flag", row.id, lambda: _flag(row))


def _flag(row: Row[Any]) -> FeatureFlag:
    return FeatureFlag(
        id=row.id,
        name=row.name,
        description=row.description,
        rules=row.rules,
        targeting=row.targeting,
        status=FlagStatus(row.status),
        revision=row.revision,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
