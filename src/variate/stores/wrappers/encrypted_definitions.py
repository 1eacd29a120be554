"""The stores of audiences, layers, holdouts and metrics, with the entries of their changes sealed as all others are."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Generic, TypeVar

from variate.model import AuditEntry, OutboxMessage, Page
from variate.stores.ports import DefinitionStore
from variate.stores.wrappers.sealed_fields import SealedFields
from variate.stores.wrappers.sealing import FieldCipher

D = TypeVar("D")


class EncryptedDefinitionStore(Generic[D]):
    """A ``DefinitionStore`` whose audit entries are sealed where they may tell the value of a sealed field.

    The definitions themselves hold no encryptable field, and stay as they are.
    """

    def __init__(self, store: DefinitionStore[D], cipher: FieldCipher, fields: Set[str]) -> None:
        self._store = store
        self._sealed = SealedFields(cipher, fields)

    def insert(self, definition: D, *, audit: Sequence[AuditEntry], outbox: Sequence[OutboxMessage]) -> None:
        """Store a new definition; raise ``ConflictError`` if its id is taken."""
        self._store.insert(
            definition, audit=self._sealed.seal_entries(audit), outbox=self._sealed.seal_messages(outbox)
        )

    def get(self, definition_id: str) -> D | None:
        """Return the definition, or None."""
        return self._store.get(definition_id)

    def list(self, *, limit: int, last_key: str | None = None) -> Page[D]:
        """Return the definitions in order of id."""
        return self._store.list(limit=limit, last_key=last_key)

    def replace(
        self, definition: D, *, expected_revision: int, audit: Sequence[AuditEntry], outbox: Sequence[OutboxMessage]
    ) -> None:
        """Store ``definition`` over the one of its id if that is at ``expected_revision``."""
        self._store.replace(
            definition,
            expected_revision=expected_revision,
            audit=self._sealed.seal_entries(audit),
            outbox=self._sealed.seal_messages(outbox),
        )

    def remove(
        self,
        definition_id: str,
        *,
        expected_revision: int,
        audit: Sequence[AuditEntry],
        outbox: Sequence[OutboxMessage],
    ) -> None:
        """Delete the definition if it is at ``expected_revision``."""
        self._store.remove(
            definition_id,
            expected_revision=expected_revision,
            audit=self._sealed.seal_entries(audit),
            outbox=self._sealed.seal_messages(outbox),
        )
