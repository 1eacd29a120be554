"""Audiences, layers, holdouts and metrics in SQL: one table, one class, and a value for each kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

from sqlalchemy import Connection, Row, select

from variate.model import AuditEntry, Json, OutboxMessage, Page
from variate.model.audience import Audience
from variate.model.group_record import (
    audience_from_record,
    audience_record,
    holdout_from_record,
    holdout_record,
    layer_from_record,
    layer_record,
)
from variate.model.holdout import Holdout
from variate.model.layer import Layer
from variate.model.metric import Metric
from variate.model.metric_record import metric_from_record, metric_record
from variate.model.reading import read_stored
from variate.stores.sql.database import Database
from variate.stores.sql.paging import Listing
from variate.stores.sql.records import document_of, insert_new, remove_at, replace_at, tell
from variate.stores.sql.schema import definitions

Definition: TypeAlias = Audience | Holdout | Layer | Metric
D = TypeVar("D", bound=Definition)

_KEY = ("kind", "id")
_BY_ID = Listing("definitions", (definitions.c.id, False))


@dataclass(frozen=True, slots=True)
class DefinitionKind(Generic[D]):
    """How rows and errors name a kind, and how its definitions become a document and are read from one."""

    name: str
    record: Callable[[D], Json]
    read: Callable[[Json], D]

    def replace(self, connection: Connection, definition: D, *, expected_revision: int) -> None:
        """Put the definition over the one of its id, within a transaction; see ``DefinitionStore.replace``."""
        row = self.row(definition)
        replace_at(connection, definitions, row, expected_revision=expected_revision, entity=self.name, key=_KEY)

    def row(self, definition: D) -> dict[str, Any]:
        """Return the definition as a row."""
        return {
            "kind": self.name,
            "id": definition.id,
            "revision": definition.revision,
            "data": document_of(self.record(definition)),
            "created_at": definition.created_at,
            "updated_at": definition.updated_at,
        }


AUDIENCES = DefinitionKind("audience", audience_record, audience_from_record)
HOLDOUTS = DefinitionKind("holdout", holdout_record, holdout_from_record)
LAYERS = DefinitionKind("layer", layer_record, layer_from_record)
METRICS = DefinitionKind("metric", metric_record, metric_from_record)


class SqlDefinitionStore(Generic[D]):
    """See ``DefinitionStore``: the definitions of this kind."""

    def __init__(self, database: Database, kind: DefinitionKind[D]) -> None:
        self._database = database
        self._kind = kind

    def insert(self, definition: D, *, audit: Sequence[AuditEntry], outbox: Sequence[OutboxMessage]) -> None:
        """Store a new definition; raise ``ConflictError`` if its id is taken."""
        row = self._kind.row(definition)

        def change(connection: Connection) -> None:
            insert_new(self._database, connection, definitions, row, entity=self._kind.name, key=_KEY)

        self._write(change, audit, outbox)

    def get(self, definition_id: str) -> D | None:
        """Return the definition, or None. Raise ``InvalidInputError`` naming it where what is stored breaks a rule."""
        query = select(definitions).where(definitions.c.kind == self._kind.name, definitions.c.id == definition_id)
        found = self._database.read(lambda connection: connection.execute(query).first())
        return None if found is None else self._read(found)

    def list(self, *, limit: int, last_key: str | None = None) -> Page[D]:
        """Return the definitions in order of id."""
        listing = _BY_ID.of(self._kind.name)
        query = select(definitions).where(definitions.c.kind == self._kind.name)
        query = listing.page_of(query, limit=limit, last_key=last_key)
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return listing.page_of_readable(rows, limit=limit, make=self._read)

    def replace(
        self, definition: D, *, expected_revision: int, audit: Sequence[AuditEntry], outbox: Sequence[OutboxMessage]
    ) -> None:
        """Store ``definition`` over the one of its id if that is at ``expected_revision``.

        Raise ``ConflictError`` if it is at another revision, ``NotFoundError`` if there is none.
        """

        def change(connection: Connection) -> None:
            self._kind.replace(connection, definition, expected_revision=expected_revision)

        self._write(change, audit, outbox)

    def remove(
        self,
        definition_id: str,
        *,
        expected_revision: int,
        audit: Sequence[AuditEntry],
        outbox: Sequence[OutboxMessage],
    ) -> None:
        """Delete the definition if it is at ``expected_revision``; raise as ``replace`` does."""
        key = {"kind": self._kind.name, "id": definition_id}

        def change(connection: Connection) -> None:
            remove_at(connection, definitions, key, expected_revision=expected_revision, entity=self._kind.name)

        self._write(change, audit, outbox)

    def _write(
        self,
        change: Callable[[Connection], None],
        audit: Sequence[AuditEntry],
        outbox: Sequence[OutboxMessage],
    ) -> None:
        def work(connection: Connection) -> None:
            # First the change: from here on no other writer of this definition comes between, nor in the outbox.
            change(connection)
            tell(self._database, connection, audit=audit, outbox=outbox)

        self._database.write_once(work)

    def _read(self, row: Row[Any]) -> D:
        return read_stored(self._kind.name, row.id, lambda: self._kind.read(row.data.value))
