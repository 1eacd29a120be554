"""The snapshots sealed, since they hold what flags and experiments hold."""

from __future__ import annotations

from collections.abc import Sequence, Set
from datetime import datetime

from variate.model.rules import SEALED_MARK
from variate.model.snapshot import Publication, Snapshot
from variate.stores.packing import packed, unpacked
from variate.stores.ports import SnapshotStore
from variate.stores.wrappers.sealed_fields import FLAG_RULES, VARIATION_VALUE
from variate.stores.wrappers.sealing import FieldCipher

_TOLD = frozenset({FLAG_RULES, VARIATION_VALUE})
"""The fields whose values a snapshot tells."""
_TEXT_MARK = f"{SEALED_MARK}:"


class EncryptedSnapshotStore:
    """A ``SnapshotStore`` whose snapshots are sealed as a whole where a field whose values they tell is to be sealed.

    A snapshot keeps the digest of its clear text, and is sealed for it: under another digest it does not open.
    """

    def __init__(self, store: SnapshotStore, cipher: FieldCipher, fields: Set[str]) -> None:
        self._store = store
        self._cipher = cipher
        self._seals = not _TOLD.isdisjoint(fields)

    def put(self, snapshot: Snapshot, *, at: datetime) -> None:
        """See ``SnapshotStore.put``. What is there and stays may be sealed or not, whatever is chosen now."""
        self._store.put(self._seal(snapshot) if self._seals else snapshot, at=at)

    def get(self, digest: str) -> Snapshot | None:
        """Return the snapshot, opened, or None."""
        found = self._store.get(digest)
        if found is None or found.sealed_digest is None:
            return found
        return unpacked(digest, self._cipher.open(found.text.removeprefix(_TEXT_MARK), context=_context(digest)))

    def append(self, publication: Publication) -> None:
        """Make it the latest of its environment; raise ``ConflictError`` unless its sequence is the next."""
        self._store.append(publication)

    def latest(self, environment: str) -> Publication | None:
        """Return the publication in force, or None."""
        return self._store.latest(environment)

    def publications(self, environment: str, *, before: int | None = None, limit: int) -> Sequence[Publication]:
        """Return up to ``limit`` publications, the most recent first."""
        return self._store.publications(environment, before=before, limit=limit)

    def purge(self, *, superseded_before: datetime) -> int:
        """Delete the snapshots that are in force nowhere and were last used before this; return how many."""
        return self._store.purge(superseded_before=superseded_before)

    def _seal(self, snapshot: Snapshot) -> Snapshot:
        # Compressed first: what is sealed does not compress any more.
        digest = snapshot.digest
        sealed = self._cipher.seal(packed(snapshot), context=_context(digest))
        return Snapshot(f"{_TEXT_MARK}{sealed}", sealed_digest=digest)


def _context(digest: str) -> str:
    return f"snapshot:{digest}"
