"""Signing in by password, and how often anybody may try."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass

from variate.access.networks import counted_as
from variate.access.people import People
from variate.access.sessions import Sessions, Started
from variate.errors import LimitExceededError, UnauthenticatedError
from variate.model.access import Person
from variate.stores.ports import RateLimiter

logger = logging.getLogger("variate.access")

_WINDOW_SECONDS = 60
_PLACES = 10
"""How many times as often as from one address anybody may be tried from all: else one address would keep them out."""

REFUSED = "the e-mail address or the password is wrong, or this person may not sign in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """How often a minute anybody may try to sign in from one network address; as one person, ten times as often."""

    limiter: RateLimiter
    per_minute: int

    def count(self, *, address: str, email: str | None = None) -> None:
        """Count one attempt; raise ``LimitExceededError`` where there were too many."""
        self._count("address", counted_as(address), self.per_minute)
        if email is not None:
            self._count("email", email, _PLACES * self.per_minute)

    def _count(self, kind: str, name: str, most: int) -> None:
        # What somebody typed may be long, or a password in the wrong field: it is not to stand in the limiter's keys.
        digest = hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()
        limit = self.limiter.sliding_window(
            f"sign-in:{kind}:{digest}", max_requests=most, window_seconds=_WINDOW_SECONDS
        )
        if not limit.allowed:
            logger.warning("too many attempts to sign in", extra={"counted_by": kind})
            raise LimitExceededError("there were too many attempts to sign in: wait a little", limit.reset_seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """Sign-in by e-mail address and password. No answer says whether there is such a person, nor does its time."""

    people: People
    sessions: Sessions
    attempts: Attempts

    def by_password(self, email: str, password: str, *, address: str) -> Started:
        """Begin a session; ``address`` is the network address it is asked from.

        Raise ``UnauthenticatedError`` for a wrong address or password, and for somebody who has none or is disabled;
        ``LimitExceededError`` for too many attempts from this address or as this person.
        """
        person, kept = self._shown(email, password, address=address)
        if self.people.passwords.is_outdated(kept):
            person = self.people.renew_hash(person, password)
        logger.info("signed in", extra={"person": person.id, "address": address})
        return self.sessions.start(person)

    def change_password(
        self, email: str, present: str, password: str, *, address: str, actor: str | None = None
    ) -> Started:
        """Give the person who shows the ``present`` password a new one, and begin a session: all others end.

        Raise as ``by_password`` does, and ``InvalidInputError`` for what cannot be a password.
        """
        person, _ = self._shown(email, present, address=address)
        return self.sessions.start(self.people.set_password(person.id, password, actor=actor))

    def _shown(self, email: str, password: str, *, address: str) -> tuple[Person, str]:
        """Return whose password this is, and its hash."""
        typed = email.strip().lower()
        self.attempts.count(address=address, email=typed)
        person = self.people.store.by_email(typed) if _could_stand(typed) else None
        kept = None if person is None else person.password_hash
        is_right = self.people.passwords.check(password, kept)
        if person is None or kept is None or not is_right or person.disabled:
            logger.warning("a sign-in was refused", extra={"address": address})
            raise UnauthenticatedError(REFUSED)
        return person, kept


def _could_stand(email: str) -> bool:
    """Whether an engine can be asked for this text."""
    try:
        email.encode()
    except UnicodeEncodeError:
        return False
    return "\x00" not in email
