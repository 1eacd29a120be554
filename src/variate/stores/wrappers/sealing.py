"""Envelope encryption of single fields: AES-256-GCM under data keys, which a key elsewhere wraps.

A sealed text is ``1.<wrapped data key>.<nonce and ciphertext>``, both in base64url: whoever may unwrap the data key can
open it, with no other table to look in.
"""

from __future__ import annotations

import os
import threading
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from variate.errors import DecryptionError
from variate.model.rules import check_seconds, check_whole
from variate.stores.memory.expiring import ExpiringMap
from variate.stores.wrappers.data_keys import NONCE_BYTES, DataKey, DataKeys, KeyFileDataKeys, aes_gcm, unsealed

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

__all__ = ["DataKey", "DataKeys", "EnvelopeCipher", "FieldCipher", "KeyFileDataKeys"]

_VERSION = "1"
_MAX_UNWRAPPED = 1_000


class FieldCipher(Protocol):
    """Seals values into text that only says how long they were."""

    def seal(self, plaintext: bytes, *, context: str) -> str:
        """Return ``plaintext`` sealed for ``context``: it opens nowhere else."""

    def open(self, sealed: str, *, context: str) -> bytes:
        """Return what was sealed; raise ``DecryptionError`` if it was changed, moved, or its key is not at hand."""


class EnvelopeCipher:
    """A ``FieldCipher`` by AES-256-GCM.

    One data key seals up to ``max_uses`` values for up to ``max_age_seconds``, and a data key unwrapped is remembered
    for as long, so that few calls reach ``data_keys``. GCM's random nonces allow 2**32 uses of a key (NIST SP 800-38D,
    8.3); the default stays far below.
    """

    def __init__(
        self,
        data_keys: DataKeys,
        *,
        max_uses: int = 100_000,
        max_age_seconds: float = 3_600.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._data_keys = data_keys
        self._max_uses = check_whole("max_uses", max_uses, minimum=1, maximum=2**32)
        self._max_age_seconds = check_seconds("max_age_seconds", max_age_seconds)
        self._clock = clock
        self._sealing = threading.Lock()
        self._opening = threading.Lock()
        self._current: tuple[AESGCM, str] | None = None
        self._uses_left = 0
        self._good_until = 0.0
        self._unwrapped: ExpiringMap[AESGCM] = ExpiringMap(clock=clock, max_entries=_MAX_UNWRAPPED)

    def seal(self, plaintext: bytes, *, context: str) -> str:
        """Return ``plaintext`` sealed for ``context``."""
        key, wrapped = self._sealing_key()
        nonce = os.urandom(NONCE_BYTES)
        return f"{_VERSION}.{wrapped}.{_text(nonce + key.encrypt(nonce, plaintext, _bound(context)))}"

    def open(self, sealed: str, *, context: str) -> bytes:
        """Return what was sealed for ``context``."""
        version, _, rest = sealed.partition(".")
        wrapped, _, body = rest.partition(".")
        if version != _VERSION or not body:
            raise DecryptionError("not a sealed value, or sealed by a later release: upgrade variate")
        return unsealed(self._opening_key(wrapped), _bytes(body), bound=_bound(context))

    def _sealing_key(self) -> tuple[AESGCM, str]:
        # Under the lock, so that a data key that ran out is replaced once; who opens need not wait for that.
        with self._sealing:
            if self._current is None or self._uses_left == 0 or self._clock() >= self._good_until:
                plaintext, wrapped = self._data_keys.generate()
                self._current = (aes_gcm(plaintext), _text(wrapped))
                self._uses_left = self._max_uses
                self._good_until = self._clock() + self._max_age_seconds
                self._remember(*self._current)
            self._uses_left -= 1
            return self._current

    def _opening_key(self, wrapped: str) -> AESGCM:
        with self._opening:
            key = self._unwrapped.get(wrapped)
        if key is None:
            key = aes_gcm(self._data_keys.unwrap(_bytes(wrapped)))
            self._remember(key, wrapped)
        return key

    def _remember(self, key: AESGCM, wrapped: str) -> None:
        with self._opening:
            self._unwrapped.put(wrapped, key, ttl_seconds=self._max_age_seconds)


def _bound(context: str) -> bytes:
    return f"variate/{_VERSION}/{context}".encode()


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise DecryptionError("a sealed value was changed: it is not base64url") from error
    # The decoder passes over what it does not know; a sealed value has one way to be written.
    if _text(data) != text:
        raise DecryptionError("a sealed value was changed: it is not base64url")
    return data
