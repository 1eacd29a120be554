"""The chain of the audit log: each entry's hash is over the entry, its place, and the hash of the entry before."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from variate.model.audit import AuditEntry

NO_HASH = "0" * 64
"""What stands for the hash before the first entry's."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEntry:
    """An entry as it is stored, each field as its text, so that whatever somebody made of it can be read and hashed."""

    id: str
    entity_type: str
    entity_id: str
    action: str
    actor: str
    data: str
    created_at: str
    """Whole microseconds from 1970."""

    @classmethod
    def of(cls, entry: AuditEntry) -> StoredEntry:
        """Return the entry as it comes to be stored."""
        return cls(
            id=entry.id,
            entity_type=entry.entity_type,
            entity_id=entry.entity_id,
            action=entry.action,
            actor=entry.actor,
            data=entry.document.text,
            created_at=str((entry.created_at - _EPOCH) // timedelta(microseconds=1)),
        )

    def hash_at(self, place: int, *, previous: str) -> str:
        """Return the entry's hash at this place of the chain, in hexadecimal. For ever the same: chains are made of it.

        It is the SHA-256 of a JSON object with its keys in alphabetical order, without spaces, and in ASCII.
        """
        content = {
            "action": self.action,
            "actor": self.actor,
            "created_at": self.created_at,
            "data": self.data,
            "entity_id": self.entity_id,
            "entity_type": self.entity_type,
            "id": self.id,
            "place": place,
            "previous": previous,
        }
        text = json.dumps(content, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("ascii")).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An entry in its place in the chain, with the hash that is stored with it: places count from 1, without a gap."""

    place: int
    entry: StoredEntry
    hash: str

    @classmethod
    def after(cls, head: ChainHead, entry: StoredEntry) -> Link:
        """Return the entry as the next in the chain that ends at ``head``."""
        place = head.length + 1
        return cls(place=place, entry=entry, hash=entry.hash_at(place, previous=head.hash))


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainHead:
    """Where the chain ends: how many entries are in it, and the hash of the last of them."""

    length: int = 0
    hash: str = NO_HASH

    @classmethod
    def at(cls, link: Link) -> ChainHead:
        """Return the end of a chain whose last entry this is."""
        return cls(length=link.place, hash=link.hash)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unchained:
    """The entries that have no place in the chain (yet): how many, and the ids of the first of them."""

    count: int
    ids: tuple[str, ...]
