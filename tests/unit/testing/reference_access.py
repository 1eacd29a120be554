"""Stores of keys, people and replies: dicts behind one lock, so simple that they are obviously right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count

from tests.unit.testing.pages import cut, micros
from tests.unit.testing.reference import Memory
from variate.errors import ConflictError, InvalidInputError, LastAdminError, NotFoundError
from variate.model import AuditEntry, Page
from variate.model.access import ApiKey, Person
from variate.stores.access import CLAIM_LASTS, Claim, Reply


class ReferenceKeyStore:
    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.keys: dict[str, ApiKey] = {}

    def insert(self, key: ApiKey, *, audit: Sequence[AuditEntry]) -> None:
        with self.memory.lock:
            self.check_new(key)
            self.keys[key.id] = key
            self.memory.note(audit, [])

    def get(self, key_id: str) -> ApiKey | None:
        found = self.keys.get(key_id)
        return None if found is None else self.memory.readable("key", found)

    def list(self, *, limit: int, last_key: str | None = None) -> Page[ApiKey]:
        page = cut(
            self.keys.values(),
            by=lambda each: (-micros(each.created_at), each.id),
            of="keys",
            limit=limit,
            last_key=last_key,
        )
        return self.memory.page("key", page)

    def counting(self, *, at: datetime) -> Sequence[ApiKey]:
        return [
            each for each in self.keys.values() if each.counts_at(at) and ("key", each.id) not in self.memory.spoilt
        ]

    def replace(self, key: ApiKey, *, expected_revision: int, audit: Sequence[AuditEntry]) -> None:
        with self.memory.lock:
            self.put_over(key, expected_revision)
            self.memory.note(audit, [])

    def supersede(self, old: ApiKey, new: ApiKey, *, expected_revision: int, audit: Sequence[AuditEntry]) -> None:
        with self.memory.lock:
            self.check_new(new)
            self.put_over(old, expected_revision)
            self.keys[new.id] = new
            self.memory.note(audit, [])

    def note_use(self, used: Mapping[str, datetime]) -> None:
        with self.memory.lock:
            for key_id, at in used.items():
                key = self.keys.get(key_id)
                if key is not None and (key.last_used_at is None or key.last_used_at < at):
                    self.keys[key_id] = replace(key, last_used_at=at)

    def check_new(self, key: ApiKey) -> None:
        if key.id in self.keys or any(each.secret_hash == key.secret_hash for each in self.keys.values()):
            raise ConflictError("taken")

    def put_over(self, key: ApiKey, expected_revision: int) -> None:
        standing = self.keys.get(key.id)
        if standing is None:
            raise NotFoundError("key", key.id)
        if standing.revision != expected_revision:
            raise ConflictError("changed")
        self.keys[key.id] = replace(key, last_used_at=standing.last_used_at)


class ReferencePersonStore:
    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.people: dict[str, Person] = {}

    def insert(self, person: Person, *, audit: Sequence[AuditEntry]) -> None:
        with self.memory.lock:
            if person.id in self.people:
                raise ConflictError("taken")
            self.check_unique(person)
            self.people[person.id] = person
            self.memory.note(audit, [])

    def get(self, person_id: str) -> Person | None:
        found = self.people.get(person_id)
        return None if found is None else self.memory.readable("person", found)

    def by_email(self, email: str) -> Person | None:
        return next((each for each in self.people.values() if each.email == email), None)

    def by_subject(self, subject: str) -> Person | None:
        return next((each for each in self.people.values() if each.subject == subject), None)

    def list(self, *, limit: int, last_key: str | None = None) -> Page[Person]:
        page = cut(
            self.people.values(), by=lambda each: (each.email,), of="people", limit=limit, last_key=last_key, width=1
        )
        return self.memory.page("person", page)

    def replace(self, person: Person, *, expected_revision: int, audit: Sequence[AuditEntry]) -> None:
        with self.memory.lock:
            standing = self.people.get(person.id)
            if standing is None:
                raise NotFoundError("person", person.id)
            if standing.revision != expected_revision:
                raise ConflictError("changed")
            self.check_unique(person)
            self.check_admins(person)
            self.people[person.id] = person
            self.memory.note(audit, [])

    def check_unique(self, person: Person) -> None:
        for each in self.people.values():
            alike = each.email == person.email or (each.subject is not None and each.subject == person.subject)
            if each.id != person.id and alike:
                raise ConflictError("taken")

    def check_admins(self, person: Person) -> None:
        admins = [each.id for each in self.people.values() if each.administers]
        if admins == [person.id] and not person.administers:
            raise LastAdminError(person.email)


@dataclass
class _Kept:
    fingerprint: str
    token: str
    claimed_at: datetime
    expires_at: datetime
    reply: Reply | None = None


class ReferenceReplyStore:
    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.kept: dict[str, _Kept] = {}
        self.numbers = count()

    def claim(self, key: str, fingerprint: str, *, at: datetime, expires_at: datetime) -> Claim:
        if not key:
            raise InvalidInputError("key", "must not be empty")
        with self.memory.lock:
            standing = self.kept.get(key)
            if standing is None or self.is_free(standing, at):
                token = str(next(self.numbers))
                self.kept[key] = _Kept(fingerprint, token, at, expires_at)
                return Claim(fingerprint=fingerprint, token=token)
            return Claim(fingerprint=standing.fingerprint, reply=standing.reply)

    def is_free(self, kept: _Kept, at: datetime) -> bool:
        return kept.expires_at <= at or (kept.reply is None and kept.claimed_at < at - CLAIM_LASTS)

    def renew(self, key: str, token: str, *, at: datetime) -> bool:
        with self.memory.lock:
            kept = self.kept.get(key)
            if kept is None or kept.token != token or kept.reply is not None:
                return False
            kept.claimed_at = at
            return True

    def settle(self, key: str, token: str, reply: Reply) -> bool:
        with self.memory.lock:
            kept = self.kept.get(key)
            if kept is None or kept.token != token:
                return False
            kept.reply = reply
            return True

    def release(self, key: str, token: str) -> None:
        with self.memory.lock:
            kept = self.kept.get(key)
            if kept is not None and kept.token == token and kept.reply is None:
                del self.kept[key]

    def purge(self, *, expired_before: datetime) -> int:
        with self.memory.lock:
            gone = [key for key, kept in self.kept.items() if kept.expires_at < expired_before]
            for key in gone:
                del self.kept[key]
            return len(gone)
