"""The API keys in SQL."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, or_, select, update

from variate.errors import ConflictError, InvalidInputError
from variate.model import AuditEntry, Page
from variate.model.access import ApiKey
from variate.model.reading import read_stored
from variate.stores.sql.access_schema import api_keys
from variate.stores.sql.database import Database
from variate.stores.sql.paging import Listing
from variate.stores.sql.records import document_of, log, replace_at

logger = logging.getLogger("variate.stores")

_FIELDS = tuple(field.name for field in fields(ApiKey))
_LISTS = ("scopes", "environments")
_RECENT = Listing("keys", (api_keys.c.created_at, True), (api_keys.c.id, False))


class SqlKeyStore:
    """See ``KeyStore``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert(self, key: ApiKey, *, audit: Sequence[AuditEntry]) -> None:
        """Store a new key; raise ``ConflictError`` if its id or the hash of its secret is taken."""

        def work(connection: Connection) -> None:
            self._insert(connection, key)
            log(self._database, connection, audit)

        self._database.write_once(work)

    def get(self, key_id: str) -> ApiKey | None:
        """Return the key, revoked and expired ones too, or None."""
        query = select(api_keys).where(api_keys.c.id == key_id)
        found = self._database.read(lambda connection: connection.execute(query).first())
        return None if found is None else _read(found)

    def list(self, *, limit: int, last_key: str | None = None) -> Page[ApiKey]:
        """Return the keys, most recently created first (then by id), revoked and expired ones too."""
        query = _RECENT.page_of(select(api_keys), limit=limit, last_key=last_key)
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return _RECENT.page_of_readable(rows, limit=limit, make=_read)

    def counting(self, *, at: datetime) -> Sequence[ApiKey]:
        """Return every key that is neither revoked nor expired at ``at``; one that cannot be read does not count."""
        query = select(api_keys).where(
            or_(api_keys.c.revoked_at.is_(None), api_keys.c.revoked_at > at),
            or_(api_keys.c.expires_at.is_(None), api_keys.c.expires_at > at),
        )
        found = []
        for row in self._database.read(lambda connection: connection.execute(query).all()):
            try:
                found.append(_read(row))
            except InvalidInputError as error:
                logger.warning("a key is left out: %s", error)
        return found

    def replace(self, key: ApiKey, *, expected_revision: int, audit: Sequence[AuditEntry]) -> None:
        """Store ``key`` over the one of its id if that is at ``expected_revision``, except for ``last_used_at``.

        Raise ``ConflictError`` if it is at another revision, ``NotFoundError`` if there is none.
        """

        def work(connection: Connection) -> None:
            _replace(connection, key, expected_revision=expected_revision)
            log(self._database, connection, audit)

        self._database.write_once(work)

    def supersede(self, old: ApiKey, new: ApiKey, *, expected_revision: int, audit: Sequence[AuditEntry]) -> None:
        """Store ``new`` as ``insert`` does and ``old`` as ``replace`` does, both or neither; raise as they do."""

        def work(connection: Connection) -> None:
            _replace(connection, old, expected_revision=expected_revision)
            self._insert(connection, new)
            log(self._database, connection, audit)

        self._database.write_once(work)

    def note_use(self, used: Mapping[str, datetime]) -> None:
        """Move ``last_used_at`` of each of these keys forward to the moment given; revisions stay. Safe to repeat."""
        at = bindparam("at", type_=api_keys.c.last_used_at.type)
        statement = (
            update(api_keys)
            .where(
                api_keys.c.id == bindparam("key_id"),
                or_(api_keys.c.last_used_at.is_(None), api_keys.c.last_used_at < at),
            )
            .values(last_used_at=at)
        )
        # In one order everywhere, so that no two processes wait for one another.
        rows = [{"key_id": key_id, "at": moment} for key_id, moment in sorted(used.items())]
        if rows:
            self._database.write(lambda connection: connection.execute(statement, rows))

    def _insert(self, connection: Connection, key: ApiKey) -> None:
        # Not by the engine's own error, which may show the hash.
        statement = self._database.insert(api_keys).values(_row(key)).on_conflict_do_nothing()
        if connection.execute(statement.returning(api_keys.c.id)).first() is None:
            raise ConflictError(f"key {key.id!r}, or its secret, is there already: make another")


def _replace(connection: Connection, key: ApiKey, *, expected_revision: int) -> None:
    row = _row(key)
    del row["last_used_at"]
    replace_at(connection, api_keys, row, expected_revision=expected_revision, entity="key")


def _row(key: ApiKey) -> dict[str, Any]:
    row = {name: getattr(key, name) for name in _FIELDS}
    return row | {name: document_of(sorted(row[name])) for name in _LISTS}


def _read(row: Row[Any]) -> ApiKey:
    stored = {name: getattr(row, name) for name in _FIELDS}
    return read_stored("key", row.id, lambda: ApiKey(**stored | {name: stored[name].value for name in _LISTS}))
