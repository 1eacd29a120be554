"""Keys: create, read, change, rotate, revoke."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypedDict, Unpack

from variate.access.keyring import secret_hash
from variate.definition.audit import ChangeLog
from variate.definition.newest import on_newest
from variate.errors import InvalidInputError
from variate.model import AuditEntry, Page
from variate.model.access import EVERYWHERE, ApiKey, check_environments, check_scopes
from variate.model.access_record import key_record
from variate.model.instant import check_instant
from variate.model.rules import check_id, shown
from variate.stores.access import KeyStore

GRACE = timedelta(hours=24)
"""How long a key that was rotated goes on counting, where the caller does not say."""

MAX_GRACE = timedelta(days=90)

_PREFIX = "vk_"
"""What a secret begins with, so that people and secret scanners know one when they see it."""
_SECRET_BYTES = 32
_HINT_LENGTH = len(_PREFIX) + 6


class KeyChanges(TypedDict, total=False):
    """What may change of a key. ``expires_at`` of None has it count until it is revoked."""

    name: str
    scopes: Iterable[str]
    environments: Iterable[str]
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A new key and its secret, which nobody can read again."""

    key: ApiKey
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The API keys. Each change is one transaction with its audit entry, which names no secret and no hash.

    ``known`` are the environments a key may be for; ``changed`` is called after each change.
    """

    store: KeyStore
    log: ChangeLog
    known: tuple[str, ...]
    changed: Callable[[], object]

    def create_api_key(
        self,
        name: str,
        *,
        scopes: Iterable[str],
        environments: Iterable[str] = (EVERYWHERE,),
        expires_at: datetime | None = None,
        actor: str | None = None,
    ) -> Issued:
        """Store a new key and return it with its secret, of which only a hash is kept.

        ``environments`` are all where none is named. Without ``expires_at`` the key counts until it is revoked.
        """
        at = self.log.clock()
        issued = _issue(
            ApiKey(
                id=self.log.new_id(),
                name=name,
                scopes=check_scopes("scopes", scopes),
                environments=self._environments(environments),
                secret_hash="",
                hint="",
                created_at=at,
                created_by=self.log.actor if actor is None else actor,
                expires_at=_later(expires_at, at),
            )
        )
        self.store.insert(issued.key, audit=[self._created(issued.key, actor, at)])
        self.changed()
        return issued

    def get_api_key(self, key_id: str) -> ApiKey | None:
        """Return the key, also one that counts no longer, or None."""
        return self.store.get(check_id("key_id", key_id))

    def list_api_keys(self, *, limit: int = 100, last_key: str | None = None) -> Page[ApiKey]:
        """Return a page of the keys, the most recently created first, those that count no longer too."""
        return self.store.list(limit=limit, last_key=last_key)

    def update_api_key(
        self,
        key_id: str,
        *,
        expected_revision: int | None = None,
        actor: str | None = None,
        **changes: Unpack[KeyChanges],
    ) -> ApiKey:
        """Change what is given. A key that was revoked does not change any more."""
        unknown = sorted(changes.keys() - KeyChanges.__annotations__.keys())
        if unknown:
            raise InvalidInputError(unknown[0], "is nothing that changes of a key")

        def change(before: ApiKey, at: datetime) -> ApiKey:
            if before.revoked_at is not None:
                raise InvalidInputError("key_id", f"names a key that was revoked: {shown(key_id)}")
            after = before
            if "name" in changes:
                after = replace(after, name=changes["name"])
            if "scopes" in changes:
                after = replace(after, scopes=check_scopes("scopes", changes["scopes"]))
            if "environments" in changes:
                after = replace(after, environments=self._environments(changes["environments"]))
            if "expires_at" in changes:
                after = replace(after, expires_at=_later(changes["expires_at"], at))
            return after

        return self._change(key_id, change, action="updated", expected_revision=expected_revision, actor=actor)

    def rotate_api_key(
        self,
        key_id: str,
        *,
        grace: timedelta = GRACE,
        expected_revision: int | None = None,
        actor: str | None = None,
    ) -> Issued:
        """Store a new key in place of this one and return it with its secret; this one counts on for ``grace``.

        The new one has its name, scopes and environments, and where this one expires, as long a life from now. A grace
        of 0 ends this one at once. One that counts no longer, or was rotated before, raises ``InvalidInputError``.
        """
        if not timedelta(0) <= grace <= MAX_GRACE:
            raise InvalidInputError("grace", f"must be from 0 to {MAX_GRACE.days} days")

        def write(before: ApiKey) -> Issued:
            at = self.log.clock()
            _check_rotatable(before, at)
            issued = _issue(
                replace(
                    before,
                    id=self.log.new_id(),
                    created_at=at,
                    created_by=self.log.actor if actor is None else actor,
                    revision=1,
                    expires_at=_as_long_again(before, at),
                    last_used_at=None,
                )
            )
            ends_at = at + grace if before.expires_at is None else min(at + grace, before.expires_at)
            old = replace(before, revision=before.revision + 1, expires_at=ends_at, replaced_by=issued.key.id)
            entries = [self._altered(before, old, "rotated", actor, at), self._created(issued.key, actor, at)]
            self.store.supersede(old, issued.key, expected_revision=before.revision, audit=entries)
            self.changed()
            return issued

        return on_newest("key", key_id, read=self.store.get, write=write, expected_revision=expected_revision)

    def revoke_api_key(self, key_id: str, *, expected_revision: int | None = None, actor: str | None = None) -> ApiKey:
        """Have the key count no longer, within seconds in every process; one that was revoked stays as it is."""

        def change(before: ApiKey, at: datetime) -> ApiKey:
            return before if before.revoked_at is not None else replace(before, revoked_at=at)

        return self._change(key_id, change, action="revoked", expected_revision=expected_revision, actor=actor)

    def _change(
        self,
        key_id: str,
        change: Callable[[ApiKey, datetime], ApiKey],
        *,
        action: str,
        expected_revision: int | None,
        actor: str | None,
    ) -> ApiKey:
        def write(before: ApiKey) -> ApiKey:
            at = self.log.clock()
            after = change(before, at)
            if after != before:
                after = replace(after, revision=before.revision + 1)
                entry = self._altered(before, after, action, actor, at)
                self.store.replace(after, expected_revision=before.revision, audit=[entry])
                self.changed()
            return after

        return on_newest("key", key_id, read=self.store.get, write=write, expected_revision=expected_revision)

    def _environments(self, given: Iterable[str]) -> frozenset[str]:
        names = check_environments("environments", given)
        unknown = sorted(names - {EVERYWHERE, *self.known})
        if unknown:
            known = ", ".join((*self.known, EVERYWHERE))
            raise InvalidInputError("environments", f"must be among {known}, not {shown(unknown[0])}")
        return names

    def _created(self, key: ApiKey, actor: str | None, at: datetime) -> AuditEntry:
        return self.log.entry("key", key.id, "created", {"key": key_record(key)}, actor=actor, at=at)

    def _altered(self, before: ApiKey, after: ApiKey, action: str, actor: str | None, at: datetime) -> AuditEntry:
        data = {"before": key_record(before), "after": key_record(after)}
        return self.log.entry("key", before.id, action, data, actor=actor, at=at)


def _issue(key: ApiKey) -> Issued:
    """Return the key with a secret of its own."""
    secret = _PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
    return Issued(key=replace(key, secret_hash=secret_hash(secret), hint=secret[:_HINT_LENGTH]), secret=secret)


def _later(expires_at: datetime | None, at: datetime) -> datetime | None:
    if expires_at is None:
        return None
    moment = check_instant("expires_at", expires_at)
    if moment <= at:
        raise InvalidInputError("expires_at", "must be in the future: to end a key at once, revoke it")
    return moment


def _as_long_again(key: ApiKey, at: datetime) -> datetime | None:
    """Return until when a key made at ``at`` counts that is to live as long as this one."""
    if key.expires_at is None:
        return None
    try:
        return at + (key.expires_at - key.created_at)
    except OverflowError:  # past the year 9999
        return key.expires_at


def _check_rotatable(key: ApiKey, at: datetime) -> None:
    if key.replaced_by is not None:
        raise InvalidInputError("key_id", f"names a key that was rotated before: rotate {key.replaced_by!r}")
    if not key.counts_at(at):
        raise InvalidInputError("key_id", "names a key that counts no longer: create another")
