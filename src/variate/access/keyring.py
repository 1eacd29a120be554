"""The keys that count, in this process's memory: to know who asks, no store is asked."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from variate.errors import StoreUnavailableError, UnauthenticatedError, VariateError
from variate.model.access import ApiKey
from variate.patience import within

logger = logging.getLogger("variate.access")

_MINUTE = timedelta(minutes=1)
_LOOK_AGAIN_SECONDS = 1.0
"""How soon an unknown secret may have the store asked again: guessing is not to be the store's load."""

_READ_SECONDS = 5.0
"""How long the store may take to give the keys: after that it is away."""
_NOTE_SECONDS = 2.0
"""How long the store may take to be told which were used: nothing is to wait for that, least of all an end."""
_WAIT_SECONDS = 2.0
"""How long another thread waits for one that reads them."""
_PATIENCE_SECONDS = 5.0
"""How long ``close`` waits for a read under way."""

UNKNOWN = "the key is not known, or counts no longer: create one with `variate keys create`, or ask an administrator"


def secret_hash(secret: str) -> str:
    """Return the SHA-256 of a key's secret, in hexadecimal: 256 random bits need no slow hash."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Keyring:
    """The keys that count, read by ``load`` at the first use, every ``poll_seconds`` and for a secret that is unknown.

    While the store is away the keys last read go on counting, each until it expires; of another key nobody can say
    then whether it counts. ``note_use`` is told once a minute which keys were used, and when. Safe to share among
    threads; ``find`` never waits.
    """

    def __init__(
        self,
        *,
        load: Callable[[], Sequence[ApiKey]],
        note_use: Callable[[Mapping[str, datetime]], None],
        clock: Callable[[], datetime],
        poll_seconds: float,
    ) -> None:
        self._load = load
        self._note_use = note_use
        self._clock = clock
        self._poll_seconds = poll_seconds
        self._keys: dict[str, ApiKey] = {}
        self._by_id: dict[str, ApiKey] = {}
        self._used: dict[str, datetime] = {}
        self._loading = threading.Lock()
        self._loaded_at: float | None = None
        self._failed = False
        self._told = False
        """The log has it that they cannot be read."""
        self._noted_at: datetime | None = None
        self._closed = threading.Event()
        self._follower: threading.Thread | None = None

    def find(self, secret: str) -> ApiKey | None:
        """Return the key of this secret if it is known here and counts now."""
        key = self._known(secret)
        if key is None:
            return None
        at = self._clock()
        if not key.counts_at(at):
            return None
        self._used[key.id] = at
        return key

    def of_id(self, key_id: str) -> ApiKey | None:
        """Return the key of this id if it is known here and counts now; that is no use of it."""
        key = self._by_id.get(key_id)
        return key if key is not None and key.counts_at(self._clock()) else None

    def look_again(self) -> None:
        """Read the keys anew, unless that was done within a second. Raises nothing."""
        # While the store is away one thread asks it, and no other waits for that; nor for long for one that hangs.
        if not self._loading.acquire(timeout=0 if self._failed else _WAIT_SECONDS):
            self._failed = True
            return
        try:
            if self._loaded_at is None or time.monotonic() - self._loaded_at > _LOOK_AGAIN_SECONDS:
                self._read()
            if self._follower is None and not self._closed.is_set():
                self._follower = threading.Thread(target=self._follow, name="variate-keys", daemon=True)
                self._follower.start()
        finally:
            self._loading.release()

    def need(self, secret: str) -> ApiKey:
        """Return the key, reading the keys anew where it is not known.

        Raise ``UnauthenticatedError`` for none, ``StoreUnavailableError`` where that cannot be said now.
        """
        found = self.find(secret)
        if found is None:
            self.look_again()
            found = self.find(secret)
        if found is not None:
            return found
        if self._failed and self._known(secret) is None:
            raise StoreUnavailableError("whether the key counts cannot be read at present: try again later")
        raise UnauthenticatedError(UNKNOWN)

    def reread(self) -> None:
        """Read the keys anew after one was changed here, if they were read before. Raises nothing."""
        if self._loaded_at is not None:
            with self._loading:
                self._read()

    def close(self) -> None:
        """Stop following, and note what was used."""
        self._closed.set()
        if self._follower is not None:
            self._follower.join(_PATIENCE_SECONDS)
        self._note()

    def _known(self, secret: str) -> ApiKey | None:
        try:
            return self._keys.get(secret_hash(secret))
        except UnicodeEncodeError:
            return None

    def _read(self) -> None:
        try:
            with within(_READ_SECONDS):
                keys = self._load()
            self._keys = {key.secret_hash: key for key in keys}
            self._by_id = {key.id: key for key in keys}
            self._failed = self._told = False
        except VariateError as error:
            self._failed = True
            if not self._told:
                logger.warning("the keys cannot be read, those known go on counting: %s", error)
            self._told = True
        self._loaded_at = time.monotonic()

    def _follow(self) -> None:
        while not self._closed.wait(self._poll_seconds):
            try:
                with self._loading:
                    self._read()
                at = self._clock()
                if self._noted_at is None or at - self._noted_at >= _MINUTE:
                    self._noted_at = at
                    self._note()
            except Exception:  # a thread that ended would leave a key that is revoked counting for ever
                logger.exception("the keys cannot be read, those known go on counting")

    def _note(self) -> None:
        used, self._used = self._used, {}
        if not used:
            return
        try:
            with within(_NOTE_SECONDS):
                self._note_use(dict(used))  # a copy: a thread in ``find`` may still write to this one
        except VariateError as error:
            logger.warning("when keys were used cannot be noted: %s", error)
