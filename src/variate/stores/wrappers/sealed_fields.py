"""What a sealed field looks like in a store, and which fields are sealed.

A sealed document is ``{"$sealed": "1..."}``, so every engine keeps it as it keeps any other; a sealed text is
``$sealed:1...``. A plain value that looks like either is escaped: ``{"$sealed": {"plain": ...}}``,
``$sealed:plain:...``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from typing import Any

from variate.errors import DecryptionError, InvalidInputError
from variate.model import MAX_DOCUMENT_BYTES, AuditEntry, Document, OutboxMessage, override_id
from variate.model.override import OverrideTarget
from variate.model.rules import SEALED_MARK, check_prose
from variate.stores.wrappers.sealing import FieldCipher

EVENT_DATA = "event.data"
EXPERIMENT_DESCRIPTION = "experiment.description"
EXPERIMENT_HYPOTHESIS = "experiment.hypothesis"
EXPERIMENT_NOTE = "experiment.conclusion.note"
VARIATION_VALUE = "variation.value"
FLAG_RULES = "flag.rules"
FLAG_TARGETING = "flag.targeting"
OVERRIDE_REASON = "override.reason"
AUDIT_DATA = "audit.data"

_SEALED_ALONG: Mapping[str, str] = {
    FLAG_TARGETING: FLAG_RULES,
    EXPERIMENT_HYPOTHESIS: EXPERIMENT_DESCRIPTION,
    EXPERIMENT_NOTE: EXPERIMENT_DESCRIPTION,
}
"""What is no choice of its own: it is sealed where the other field is, for it tells as much."""
_TOLD_BY_AUDIT: Mapping[str, Set[str]] = {
    "experiment": {EXPERIMENT_DESCRIPTION, VARIATION_VALUE, OVERRIDE_REASON},
    "flag": {FLAG_RULES, OVERRIDE_REASON},
    "audience": frozenset(),
    "layer": frozenset(),
    "holdout": frozenset(),
    "metric": frozenset(),
}
"""The fields whose values an audit entry may tell, by its type of entity; any other type may tell all of them."""
_ALL_TOLD = frozenset[str]().union(*_TOLD_BY_AUDIT.values())
_OVERRIDE_KEYS = frozenset({"user_id", "target_id", "type", "reason"})

_PLAIN = "plain"
_TEXT_MARK = f"{SEALED_MARK}:"
_PLAIN_MARK = f"{_TEXT_MARK}{_PLAIN}:"
# Stores may lay JSON out anew, so spaces may come in; most documents are told apart without being decoded.
_DOCUMENT_MARK = re.compile(rf'\s*\{{\s*"{re.escape(SEALED_MARK)}"\s*:')
_SEALED = re.compile(r"\d+\.[\w-]+\.[\w-]+", re.ASCII)
"""Of any version: what a later release sealed is not taken for plain."""


class SealedFields:
    """Seals the values of ``fields``, and opens every sealed value whether or not its field is still among them.

    What is sealed already for the same place passes as it is, so a sealed value may travel through an outbox.
    """

    def __init__(self, cipher: FieldCipher, fields: Set[str]) -> None:
        self._cipher = cipher
        self._fields = fields | {field for field, chosen in _SEALED_ALONG.items() if chosen in fields}

    def seal_text(self, value: str, *, field: str, place: str) -> str:
        """Return ``value`` as it is to be stored in ``field`` of the record ``place``. Empty text stays empty."""
        marked = value.startswith(_TEXT_MARK)
        if marked and self._is_sealed(value.removeprefix(_TEXT_MARK), _context(field, place)):
            return value
        if field in self._fields and value:
            sealed = self._cipher.seal(value.encode(), context=_context(field, place))
            return check_prose(field, f"{_TEXT_MARK}{sealed}")
        return check_prose(field, f"{_PLAIN_MARK}{value}") if marked else value

    def open_text(self, stored: str, *, field: str, place: str) -> str:
        """Return the value that ``seal_text`` made ``stored`` of."""
        if stored.startswith(_PLAIN_MARK):
            return stored.removeprefix(_PLAIN_MARK)
        inner = stored.removeprefix(_TEXT_MARK)
        if inner == stored or _SEALED.fullmatch(inner) is None:
            return stored
        return self._cipher.open(inner, context=_context(field, place)).decode()

    def seal_document(self, value: Document, *, field: str, place: str) -> Document:
        """Return ``value`` as it is to be stored in ``field`` of the record ``place``.

        Raise ``InvalidInputError`` if it is then too long to be stored.
        """
        return self._sealed_document(value, field, place) if field in self._fields else self._plain(value, field, place)

    def open_document(self, stored: Document, *, field: str, place: str) -> Document:
        """Return the value that ``seal_document`` made ``stored`` of."""
        inner = _marked(stored)
        if isinstance(inner, str) and _SEALED.fullmatch(inner):
            return Document(self._cipher.open(inner, context=_context(field, place)).decode())
        if isinstance(inner, dict) and inner.keys() == {_PLAIN}:
            return Document.of(inner[_PLAIN], field=field)
        return stored

    def seal_entry(self, entry: AuditEntry) -> AuditEntry:
        """Return the audit entry with its data sealed as a whole if it may tell the value of a sealed field."""
        told = _TOLD_BY_AUDIT.get(entry.entity_type, _ALL_TOLD)
        seal = self._plain if self._fields.isdisjoint(told) else self._sealed_document
        document = seal(entry.document, AUDIT_DATA, entry.id)
        return entry if document is entry.document else replace(entry, document=document)

    def open_entry(self, entry: AuditEntry) -> AuditEntry:
        """Return the audit entry that ``seal_entry`` was given."""
        document = self.open_document(entry.document, field=AUDIT_DATA, place=entry.id)
        return entry if document is entry.document else replace(entry, document=document)

    def seal_message(self, message: OutboxMessage) -> OutboxMessage:
        """Return the outbox message with the reason sealed, if it carries an override, as the override itself has it.

        It stays sealed on its way: the store that the override is put into takes it as it is.
        """
        if OVERRIDE_REASON not in self._fields:
            return message
        record = message.document.value
        if not isinstance(record, dict) or not record.keys() >= _OVERRIDE_KEYS:
            return message
        place = override_id(
            target=OverrideTarget(record["type"]), target_id=record["target_id"], unit=record["user_id"]
        )
        record["reason"] = self.seal_text(record["reason"], field=OVERRIDE_REASON, place=place)
        return replace(message, document=Document.of(record, field="outbox.data"))

    def seal_entries(self, entries: Sequence[AuditEntry]) -> Sequence[AuditEntry]:
        """Return the entries as ``seal_entry`` does each."""
        return [self.seal_entry(entry) for entry in entries]

    def seal_messages(self, messages: Sequence[OutboxMessage]) -> Sequence[OutboxMessage]:
        """Return the messages as ``seal_message`` does each."""
        return [self.seal_message(message) for message in messages]

    def _sealed_document(self, value: Document, field: str, place: str) -> Document:
        inner = _marked(value)
        if isinstance(inner, str) and self._is_sealed(inner, _context(field, place)):
            return value
        sealed = self._cipher.seal(value.text.encode(), context=_context(field, place))
        text = f'{{"{SEALED_MARK}":"{sealed}"}}'
        if len(text) > MAX_DOCUMENT_BYTES:
            raise InvalidInputError(field, f"must be at most {MAX_DOCUMENT_BYTES} bytes once sealed, not {len(text)}")
        return Document(text)

    def _plain(self, value: Document, field: str, place: str) -> Document:
        inner = _marked(value)
        if inner is None or (isinstance(inner, str) and self._is_sealed(inner, _context(field, place))):
            return value
        return Document.of({SEALED_MARK: {_PLAIN: value.value}}, field=field)

    def _is_sealed(self, text: str, context: str) -> bool:
        if _SEALED.fullmatch(text) is None:
            return False
        try:
            self._cipher.open(text, context=context)
        except DecryptionError:
            return False
        return True


def _context(field: str, place: str) -> str:
    return f"{field}:{place}"


def _marked(document: Document) -> Any:
    """Return what stands under the mark, if that is the document's one key; else None."""
    if _DOCUMENT_MARK.match(document.text) is None:
        return None
    value = document.value
    return value[SEALED_MARK] if len(value) == 1 else None
