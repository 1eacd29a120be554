"""A snapshot is what its digest says, or it is refused."""

from __future__ import annotations

import zlib

import pytest

from variate.errors import StoreError
from variate.model.snapshot import Snapshot
from variate.stores.packing import packed, unpacked
from variate.testing.builders import build_snapshot

SNAPSHOT = Snapshot.of({"flags": ["grün", "😀"] * 1_000})


def test_what_is_packed_is_smaller_and_unpacks_to_the_same() -> None:
    data = packed(SNAPSHOT)
    assert len(data) < len(SNAPSHOT.text) / 10
    assert unpacked(SNAPSHOT.digest, data) == SNAPSHOT


@pytest.mark.parametrize(
    "data",
    [
        b"",
        SNAPSHOT.text.encode(),
        packed(SNAPSHOT)[:-1],
        packed(SNAPSHOT)[1:],
        packed(build_snapshot()),
        zlib.compress(SNAPSHOT.text.encode()[:-1]),
        zlib.compress(b"\xff"),
    ],
    ids=["nothing", "not compressed", "cut at its end", "cut at its start", "another", "a text cut", "not text"],
)
def test_anything_else_is_refused_by_its_digest(data: bytes) -> None:
    with pytest.raises(StoreError, match=SNAPSHOT.digest):
        unpacked(SNAPSHOT.digest, data)


def test_a_sealed_one_keeps_the_digest_it_was_sealed_for() -> None:
    sealed = Snapshot("$sealed:1.AAAA.AAAA", sealed_digest=SNAPSHOT.digest)
    found = unpacked(SNAPSHOT.digest, packed(sealed))
    assert (found, found.digest) == (sealed, SNAPSHOT.digest)
