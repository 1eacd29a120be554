"""How stores keep a snapshot: its text compressed, and seen to be what its digest says when it is read."""

from __future__ import annotations

import zlib

from variate.errors import StoreError
from variate.model.rules import SEALED_MARK
from variate.model.snapshot import Snapshot


def packed(snapshot: Snapshot) -> bytes:
    """Return the snapshot's text compressed."""
    return zlib.compress(snapshot.text.encode())


def unpacked(digest: str, data: bytes) -> Snapshot:
    """Return the snapshot of this digest that ``packed`` made ``data`` of; raise ``StoreError`` if it is another.

    What is sealed is for whoever opens it to check: no snapshot's own text begins with the mark, since it is JSON.
    """
    try:
        text = zlib.decompress(data).decode()
    except (zlib.error, UnicodeDecodeError) as error:
        raise StoreError(f"what is stored as snapshot {digest} was damaged: publish anew ({error})") from error
    if text.startswith(f"{SEALED_MARK}:"):
        return Snapshot(text, sealed_digest=digest)
    snapshot = Snapshot(text)
    if snapshot.digest != digest:
        raise StoreError(f"what is stored as snapshot {digest} was changed, it has the digest {snapshot.digest}")
    return snapshot
