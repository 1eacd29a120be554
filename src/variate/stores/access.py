"""The ports that keep who may ask: keys, people, and what was answered; see ``variate.stores.ports`` for all ports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from variate.model import AuditEntry, Page
from variate.model.access import ApiKey, Person

CLAIM_LASTS = timedelta(minutes=1)
"""How long a claim stands that is neither settled, released nor renewed."""


class KeyStore(Protocol):
    """API keys, without their secrets. A write and its audit entries are one transaction."""

    def insert(self, key: ApiKey, *, audit: Sequence[AuditEntry]) -> None:
        """Store a new key; raise ``ConflictError`` if its id or the hash of its secret is taken."""

    def get(self, key_id: str) -> ApiKey | None:
        """Return the key, revoked and expired ones too, or None."""

    def list(self, *, limit: int, last_key: str | None = None) -> Page[ApiKey]:
        """Return the keys, most recently created first (then by id), revoked and expired ones too."""

    def counting(self, *, at: datetime) -> Sequence[ApiKey]:
        """Return every key that is neither revoked nor expired at ``at``, in no promised order.

        One that cannot be read is left out: it does not keep the others from counting.
        """

    def replace(self, key: ApiKey, *, expected_revision: int, audit: Sequence[AuditEntry]) -> None:
        """Store ``key`` over the one of its id if that is at ``expected_revision``, except for ``last_used_at``.

        Raise ``ConflictError`` if it is at another revision, ``NotFoundError`` if there is none.
        """

    def supersede(self, old: ApiKey, new: ApiKey, *, expected_revision: int, audit: Sequence[AuditEntry]) -> None:
        """Store ``new`` as ``insert`` does and ``old`` as ``replace`` does, both or neither; raise as they do."""

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
        none, and ``LastAdminError`` where it would leave nobody who administers, whoever else writes at the moment.
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

    ``token`` is for who claimed it just now and has to answer: by it the claim is settled or released. It is None for
    everybody else.
    """

    fingerprint: str
    token: str | None = None
    reply: Reply | None = None


class ReplyStore(Protocol):
    """Replies by idempotency key, each until it expires. Of all who claim a key at once, one may answer.

    What only one process of many is to do at a time has a key, too: it is claimed, renewed, and released.

    What shows a secret is not to be kept here: release the claim instead.
    """

    def claim(self, key: str, fingerprint: str, *, at: datetime, expires_at: datetime) -> Claim:
        """Take the key unless it is taken, and return what stands.

        It is free, too, where what stands has expired, or was claimed or renewed over a minute before ``at`` and not
        settled.
        """

    def renew(self, key: str, token: str, *, at: datetime) -> bool:
        """Count the minute of an unsettled claim from ``at`` on; False if the claim of this token stands no longer."""

    def settle(self, key: str, token: str, reply: Reply) -> bool:
        """Keep the reply for whoever claims the key again; False if the claim of this token stands no longer."""

    def release(self, key: str, token: str) -> None:
        """Give the key back unanswered if the claim of this token still stands: the next one may try."""

    def purge(self, *, expired_before: datetime) -> int:
        """Delete what expired before this and return how many."""
