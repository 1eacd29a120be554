"""Sessions: who signed in is known by a random token until they leave, stay away too long, or are changed."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from variate.errors import ForbiddenError, StoreUnavailableError, UnauthenticatedError
from variate.model.access import Person, Principal
from variate.model.instant import format_instant, parse_instant
from variate.stores.ports import Cache

LONGEST = timedelta(days=7)
"""How long a session lasts at most, however much it is used."""
FRESH_SECONDS = 5.0
"""How long a process believes what it read of a person: so late a change elsewhere ends a session here."""
STALE_SECONDS = 300.0
"""How long it goes on believing it while the store is away."""

_TOKEN_BYTES = 32
_RENEW_AFTER = timedelta(minutes=1)
_LEASE_SECONDS = 10.0
_MOST_PEOPLE = 10_000

_NOBODY = "nobody is signed in here, or no longer: sign in again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody who signed in at ``created_at``, and was last seen at ``seen_at`` (to the minute)."""

    person: Person
    csrf_token: str = field(repr=False)
    created_at: datetime
    seen_at: datetime

    @property
    def principal(self) -> Principal:
        """The person, asking."""
        return self.person.principal

    def need_csrf_token(self, given: str | None) -> None:
        """Raise ``ForbiddenError`` unless this is the session's CSRF token: whatever changes something shows it."""
        if given is None or not hmac.compare_digest(given.encode("utf-8", "replace"), self.csrf_token.encode()):
            raise ForbiddenError("X-CSRF-Token is missing or of another session; load the page again")


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A session that began, and the token that goes into the browser's cookie and nowhere else."""

    session: Session
    token: str = field(repr=False)


class Sessions:
    """The sessions in ``cache``, each under the SHA-256 of its token.

    One ends at sign-out, after ``idle`` without use, after seven days, and when its person is disabled or gets another
    role or password: at once in this process and within seconds in others. While the people's store is away, what was
    read of a person within five minutes counts. While the cache is away nobody knows who is signed in: methods raise
    ``StoreUnavailableError``.
    """

    def __init__(
        self,
        *,
        cache: Cache,
        read: Callable[[str], Person | None],
        clock: Callable[[], datetime],
        idle: timedelta,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._cache = cache
        self._people = _Remembered(read, monotonic)
        self._clock = clock
        self._idle = idle

    def start(self, person: Person) -> Started:
        """Begin a session of the person, who has shown who they are.

        Raise ``StoreUnavailableError`` where it cannot be kept.
        """
        at = self._clock()
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        session = Session(
            person=person,
            csrf_token=secrets.token_urlsafe(_TOKEN_BYTES),
            created_at=at,
            seen_at=at,
        )
        self._people.remember(person)
        if not self._cache.set(_key(token), _text(session), ttl_seconds=self._left(session, at)):
            raise StoreUnavailableError("the session cannot be kept: try again later")
        return Started(session=session, token=token)

    def check(self, token: str) -> Session:
        """Return the session of this token, and have it last on; raise ``UnauthenticatedError`` for none."""
        session = self.look(token)
        at = self._clock()
        if at - session.seen_at >= min(_RENEW_AFTER, self._idle / 2):
            self._renew(_key(token), at)
        return session

    def look(self, token: str) -> Session:
        """Return the session of this token, which lasts no longer for it; raise ``UnauthenticatedError`` for none."""
        session = self._read(_key(token))
        if session is None or self._left(session, self._clock()) <= 0:
            raise UnauthenticatedError(_NOBODY)
        return session

    def end(self, token: str) -> None:
        """End the session: sign out. One that has ended is passed over."""
        self._cache.delete(_key(token))

    def look_again(self) -> None:
        """Forget what was read of people: one of them changed."""
        self._people.forget()

    def _read(self, key: str) -> Session | None:
        text = self._cache.get(key)
        if text is None:
            return None
        kept = json.loads(text)
        person = self._people.get(kept["person"])
        if person is None or person.disabled or person.epoch != kept["epoch"]:
            return None
        return Session(
            person=person,
            csrf_token=kept["csrf_token"],
            created_at=parse_instant("created_at", kept["created_at"]),
            seen_at=parse_instant("seen_at", kept["seen_at"]),
        )

    def _renew(self, key: str, at: datetime) -> None:
        """Have the session last on from now, unless it is ended meanwhile: that takes the lease away."""
        holder = secrets.token_hex(8)
        if not self._cache.lease(key, holder, ttl_seconds=_LEASE_SECONDS):
            return
        session = self._read(key)
        if session is None:
            self._cache.release(key, holder)
            return
        seen = replace(session, seen_at=at)
        left = self._left(seen, at)
        if left > 0:
            self._cache.fill(key, holder, _text(seen), ttl_seconds=left)

    def _left(self, session: Session, at: datetime) -> float:
        """Return for how many seconds the session lasts on, if it is not used."""
        return min(session.seen_at + self._idle - at, session.created_at + LONGEST - at).total_seconds()


@dataclass(frozen=True, slots=True)
class _Known:
    """What was read of a person, when, and when the store was last asked again: moments of a clock that only rises."""

    person: Person | None
    read_at: float
    asked_at: float

    def still(self, now: float) -> Person | None:
        """Return the person, unless that is too long ago."""
        if now - self.read_at > STALE_SECONDS:
            raise StoreUnavailableError("who is signed in cannot be read at present: try again later")
        return self.person


class _Remembered:
    """People as they were read a moment ago."""

    def __init__(self, read: Callable[[str], Person | None], monotonic: Callable[[], float]) -> None:
        self._read = read
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._known: dict[str, _Known] = {}
        self._forgotten = 0

    def get(self, person_id: str) -> Person | None:
        """Return the person as of a few seconds ago, or of a few minutes where the store is away."""
        now = self._monotonic()
        with self._lock:
            known, forgotten = self._known.get(person_id), self._forgotten
            if known is not None:
                if now - known.asked_at < FRESH_SECONDS:
                    return known.still(now)
                # While this thread asks, and where the store is away, the others need not.
                self._known[person_id] = replace(known, asked_at=now)
        try:
            person = self._read(person_id)
        except StoreUnavailableError:
            if known is None:
                raise
            return known.still(now)
        with self._lock:
            if forgotten == self._forgotten:
                self._keep(person_id, person, now)
        return person

    def remember(self, person: Person) -> None:
        """Take this as read now."""
        with self._lock:
            self._keep(person.id, person, self._monotonic())

    def forget(self) -> None:
        """Have everybody read anew; what is being read just now counts no longer."""
        with self._lock:
            self._known.clear()
            self._forgotten += 1

    def _keep(self, person_id: str, person: Person | None, now: float) -> None:
        if len(self._known) >= _MOST_PEOPLE:
            self._known.clear()
        self._known[person_id] = _Known(person, now, now)


def _key(token: str) -> str:
    return f"session:{hashlib.sha256(token.encode('utf-8', 'replace')).hexdigest()}"


def _text(session: Session) -> str:
    return json.dumps(
        {
            "person": session.person.id,
            "epoch": session.person.epoch,
            "csrf_token": session.csrf_token,
            "created_at": format_instant(session.created_at),
            "seen_at": format_instant(session.seen_at),
        }
    )
