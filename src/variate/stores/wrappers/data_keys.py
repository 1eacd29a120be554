"""Data keys, and the local key file that wraps them: what KMS does in ``aws``, for the other profiles."""

from __future__ import annotations

import os
import threading
from base64 import b64decode, b64encode
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, NamedTuple, Protocol

from variate.errors import ConfigurationError, DecryptionError, MissingExtraError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12

_NAME_BYTES = 8
_PURPOSE = b"variate/1/data-key"


class DataKey(NamedTuple):
    """A key for data, and the same wrapped, which may be kept beside the data."""

    plaintext: bytes
    wrapped: bytes


class DataKeys(Protocol):
    """Where data keys come from: KMS, or a local key file."""

    def generate(self) -> DataKey:
        """Return a new data key of 32 bytes."""

    def unwrap(self, wrapped: bytes) -> bytes:
        """Return the data key; raise ``DecryptionError`` if it was changed or its key is not at hand."""


class KeyFileDataKeys:
    """``DataKeys`` wrapped by the key in ``path``, which is made at the first ``generate``.

    Back the file up apart from the data: without it nothing sealed can be opened. A file that others may read is
    refused with ``ConfigurationError``.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._key: bytes | None = None

    def generate(self) -> DataKey:
        """Return a new data key, wrapped as the key's name, a nonce and the ciphertext."""
        with self._lock:
            if self._key is None:
                self._key = self._read() or self._create()
            key = self._key
        plaintext, nonce = os.urandom(KEY_BYTES), os.urandom(NONCE_BYTES)
        return DataKey(plaintext, _name(key) + nonce + aes_gcm(key).encrypt(nonce, plaintext, _PURPOSE))

    def unwrap(self, wrapped: bytes) -> bytes:
        """Return the data key. A missing key file is not made anew: that could open nothing."""
        with self._lock:
            if self._key is None:
                self._key = self._read()
            key = self._key
        if key is None:
            raise DecryptionError(f"the key file {self._path} is missing: put it back from its backup")
        if wrapped[:_NAME_BYTES] != _name(key):
            raise DecryptionError(f"sealed under another key than the one in {self._path}: put that one back")
        return unsealed(aes_gcm(key), wrapped[_NAME_BYTES:], bound=_PURPOSE)

    def _read(self) -> bytes | None:
        try:
            with self._path.open("rb") as file:
                if os.name == "posix" and os.fstat(file.fileno()).st_mode & 0o077:
                    raise ConfigurationError(f"others may read the key file: run chmod 600 {self._path}")
                key = b64decode(file.read(), validate=False)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise ConfigurationError(f"the key file {self._path} cannot be read: {error}") from error
        if len(key) != KEY_BYTES:
            raise ConfigurationError(f"the key file {self._path} does not hold a key: put it back from its backup")
        return key

    def _create(self) -> bytes:
        """Write a new key beside the path and link it there, whole or not at all; return the key that stands."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # NamedTemporaryFile makes it for its owner alone (0600).
            with NamedTemporaryFile(dir=self._path.parent, prefix=f".{self._path.name}-") as file:
                file.write(b64encode(os.urandom(KEY_BYTES)) + b"\n")
                file.flush()
                os.fsync(file.fileno())
                # Unlike a rename, a link fails if another process was first: its key then stands for both.
                os.link(file.name, self._path)
            _sync_folder(self._path.parent)
        except FileExistsError:
            pass
        except OSError as error:
            raise ConfigurationError(f"the key file {self._path} cannot be made: {error}") from error
        key = self._read()
        if key is None:
            raise ConfigurationError(f"the key file {self._path} was removed while it was being made")
        return key


def aes_gcm(key: bytes) -> AESGCM:
    """Return AES-GCM under ``key``."""
    # Imported only once something is sealed or opened: the stores are wrapped whether or not anything ever is.
    try:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise MissingExtraError("cryptography", "encryption") from error
    return AESGCM(key)


def unsealed(key: AESGCM, body: bytes, *, bound: bytes) -> bytes:
    """Return the plaintext of ``body``, a nonce and a ciphertext; raise ``DecryptionError`` if any bit was changed."""
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - an extra, needed once something is opened

    try:
        return key.decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], bound)
    except (InvalidTag, ValueError) as error:
        raise DecryptionError("a sealed value was changed, or moved here from another record or field") from error


def _name(key: bytes) -> bytes:
    return sha256(_PURPOSE + key).digest()[:_NAME_BYTES]


def _sync_folder(folder: Path) -> None:
    """Make the new name durable before anything is sealed under the key; Windows has no such call."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
