"""The ports that keep who may ask: keys, people, and what was answered; see ``variate.stores.ports`` for all ports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from variate.model import AuditEntry, Page
from variate.model.access import ApiKey, Person


class KeyStore(Protocol):
    """API keys, without their secrets. A write and its audit entries are one transaction."""

    def insert(self, key: ApiKey, *, audit: Sequence[AuditEntry]) -> None:
        """Store a new key; raise ``ConflictError`` if its id or the hash of its secret is taken."""

    def get(self, key_id: str) -> ApiKey | None:
        """Return the key, revoked and expired ones too, or None."""

    def list(self, *, limit: int, last_key: str | None = None) -> Page[ApiKey]:
        """Return the keys, most recently created first (then by id), revoked and expired ones too."""

    def counting(self, *, at: datetime) -> Sequence[ApiKey]:
        """Return every key that is neither revoked nor expired at ``at``, in no promised order."""

    def replace(self, key: ApiKey, *, expected_revision: int, audit: Sequence[AuditEntry]) -> None:
        """Store ``key`` over the one of its id if that is at ``expected_revision``.

        Raise ``ConflictError`` if it is at another revision, ``NotFoundError`` if there is none.
        """

    def note_use(self, used: Mapping[str, datetime]) -> None:
        """Move ``last_used_at`` of each of these keys forward to the moment given; revisions stay. Safe to repeat."""


class PersonStore(Protocol):
    """People who sign in. A write and its audit entries are one transaction."""

    def insert(self, person: Person, *, audit: Sequence[AuditEntry]) -> None:
        """Store a new person; raise ``ConflictError`` if the id, e-mail address or subject is taken."""

    def get(self, person_id: str) -> Person | None:
        """Return the person, disabled ones too, or None."""

    def by_email(self, email: str) -> Person | None:
        """Return the person of this address (in lower case), or None."""

    def by_subject(self, subject: str) -> Person | None:
        """Return the person whom the OpenID provider knows by this subject, or None."""

    def list(self, *, limit: int, last_key: str | None = None) -> Page[Person]:
        """Return the people in order of e-mail address."""

    def replace(self, person: Person, *, expected_revision: int, audit: Sequence[AuditEntry]) -> None:
        """Store ``person`` over the one of the id if that is at ``expected_revision``.

        Raise ``ConflictError`` if it is at another revision or what is unique is taken, ``NotFoundError`` if there is
        none.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What was answered to a request with an ``Idempotency-Key``."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What stands under an idempotency key: of a request with ``fingerprint``, with its ``reply`` once there is one.

    ``mine`` is True for who claimed it just now and has to answer.
    """

    fingerprint: str
    mine: bool
    reply: Reply | None = None


class ReplyStore(Protocol):
    """Replies by idempotency key, each until it expires. Of all who claim a key at once, one may answer."""

    def claim(self, key: str, fingerprint: str, *, at: datetime, expires_at: datetime) -> Claim:
        """Take the key unless it is taken, and return what stands. One not settled within a minute is free again."""

    def settle(self, key: str, reply: Reply) -> None:
        """Keep the reply for whoever claims the key again."""

    def release(self, key: str) -> None:
        """Give the key back unanswered: the next one may try."""

    def purge(self, *, expired_before: datetime) -> int:
        """Delete what expired before this and return how many."""
