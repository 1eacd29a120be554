"""Passwords: what may be one, and how it is kept and checked."""

from __future__ import annotations

import base64
import threading
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from variate.errors import InvalidInputError, MissingExtraError
from variate.model.rules import check_text

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MIN_CHARACTERS = 12
MAX_BYTES = 1_024

_SALT_BYTES = 16
_HASH_BYTES = 32
_AT_ONCE = threading.BoundedSemaphore(2)
"""Each hash takes a core and its memory, and anybody may have one made by trying to sign in: others wait their turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passwords:
    """Hashes passwords by argon2id, as costly as OWASP's Password Storage Cheat Sheet asks at least.

    Raises ``MissingExtraError`` where argon2-cffi is not installed.
    """

    passes: int = 2
    memory_kib: int = 19 * 1_024
    lanes: int = 1

    def hash(self, password: str) -> str:
        """Return what to keep of the password; raise ``InvalidInputError`` for one that is too short or too long."""
        check_text("password", password, max_bytes=MAX_BYTES)
        if len(password) < MIN_CHARACTERS:
            raise InvalidInputError("password", f"must have at least {MIN_CHARACTERS} characters")
        with _AT_ONCE:
            return self._hasher().hash(_one_form(password))

    def check(self, password: str, kept: str | None) -> bool:
        """Whether ``kept`` was made of this password; where nothing is kept, False after as long a time."""
        import argon2

        try:
            check_text("password", password, max_bytes=MAX_BYTES)
        except InvalidInputError:
            return False
        try:
            with _AT_ONCE:
                return self._hasher().verify(self._of_nobody() if kept is None else kept, _one_form(password))
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False

    def is_outdated(self, kept: str) -> bool:
        """Whether ``kept`` was made at another cost than passwords are hashed at now."""
        return self._hasher().check_needs_rehash(kept)

    def _hasher(self) -> PasswordHasher:
        try:
            from argon2 import PasswordHasher
        except ImportError as error:
            raise MissingExtraError("argon2-cffi", "server") from error
        return PasswordHasher(
            time_cost=self.passes,
            memory_cost=self.memory_kib,
            parallelism=self.lanes,
            hash_len=_HASH_BYTES,
            salt_len=_SALT_BYTES,
        )

    def _of_nobody(self) -> str:
        """Return what looks as if it was made of a password, at today's cost: no password leads to it."""
        salt, digest = (base64.b64encode(bytes(size)).rstrip(b"=").decode() for size in (_SALT_BYTES, _HASH_BYTES))
        return f"$argon2id$v=19$m={self.memory_kib},t={self.passes},p={self.lanes}${salt}${digest}"


def _one_form(password: str) -> str:
    """Return the password in the one form of all that look alike: keyboards differ in how they write é."""
    return unicodedata.normalize("NFKC", password)
