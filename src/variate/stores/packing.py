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
        raise damaged(digest, f"is not whole ({error})") from error
    if text.startswith(f"{SEALED_MARK}:"):
        return Snapshot(text, sealed_digest=digest)
    snapshot = Snapshot(text)
    if snapshot.digest != digest:
        raise damaged(digest, f"has the digest {snapshot.digest}")
    return snapshot


def damaged(digest: str, how: str) -> StoreError:
    """Return the error that what is stored under the digest was damaged, with what mends it."""
    return StoreError(
        f"what is stored as snapshot {digest} was damaged, it {how}: where it is in force, "
        "variate snapshots publish stores it anew"
    )
