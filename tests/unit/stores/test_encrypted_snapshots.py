"""What the store behind sealed snapshots holds, and what opens."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.testing.reference_snapshots import ReferenceSnapshotStore
from variate.errors import DecryptionError, StoreError
from variate.model.snapshot import Snapshot
from variate.stores.packing import packed
from variate.stores.wrappers.encrypted_snapshots import EncryptedSnapshotStore
from variate.stores.wrappers.sealing import EnvelopeCipher, KeyFileDataKeys
from variate.testing.builders import build_snapshot
from variate.testing.clocks import START

SNAPSHOT = Snapshot.of({"flags": ["rosebud"] * 1_000})
NOTHING: frozenset[str] = frozenset()


@pytest.fixture
def cipher(tmp_path: Path) -> EnvelopeCipher:
    return EnvelopeCipher(KeyFileDataKeys(tmp_path / "field-key"))


@pytest.fixture
def inner() -> ReferenceSnapshotStore:
    return ReferenceSnapshotStore()


@pytest.mark.parametrize(
    ("field", "is_sealed"),
    [
        ("flag.rules", True),
        ("variation.value", True),
        ("event.data", False),
        ("experiment.description", False),
        ("override.reason", False),
    ],
)
def test_it_is_sealed_where_a_field_it_tells_is(
    inner: ReferenceSnapshotStore, cipher: EnvelopeCipher, field: str, is_sealed: bool
) -> None:
    store = EncryptedSnapshotStore(inner, cipher, frozenset({field}))
    store.put(SNAPSHOT, at=START)
    held = inner.snapshots[SNAPSHOT.digest]
    assert ("rosebud" not in held.text) is is_sealed
    assert (held is SNAPSHOT) is not is_sealed
    assert held.digest == SNAPSHOT.digest
    assert store.get(SNAPSHOT.digest) == SNAPSHOT


def test_it_is_compressed_before_it_is_sealed(inner: ReferenceSnapshotStore, cipher: EnvelopeCipher) -> None:
    EncryptedSnapshotStore(inner, cipher, frozenset({"flag.rules"})).put(SNAPSHOT, at=START)
    assert len(packed(inner.snapshots[SNAPSHOT.digest])) < len(SNAPSHOT.text) / 10


def test_the_choice_may_change_at_any_time(inner: ReferenceSnapshotStore, cipher: EnvelopeCipher) -> None:
    sealing = EncryptedSnapshotStore(inner, cipher, frozenset({"flag.rules"}))
    plain = EncryptedSnapshotStore(inner, cipher, NOTHING)
    other = build_snapshot()
    sealing.put(SNAPSHOT, at=START)
    plain.put(other, at=START)
    for store in (sealing, plain):
        assert (store.get(SNAPSHOT.digest), store.get(other.digest)) == (SNAPSHOT, other)


def test_under_another_digest_it_does_not_open(inner: ReferenceSnapshotStore, cipher: EnvelopeCipher) -> None:
    store = EncryptedSnapshotStore(inner, cipher, frozenset({"flag.rules"}))
    other = build_snapshot()
    for each in (SNAPSHOT, other):
        store.put(each, at=START)
    inner.snapshots[other.digest] = Snapshot(inner.snapshots[SNAPSHOT.digest].text, sealed_digest=other.digest)
    with pytest.raises(DecryptionError):
        store.get(other.digest)


def test_what_was_sealed_has_to_have_its_digest(inner: ReferenceSnapshotStore, cipher: EnvelopeCipher) -> None:
    sealed = cipher.seal(packed(build_snapshot()), context=f"snapshot:{SNAPSHOT.digest}")
    inner.put(Snapshot(f"$sealed:{sealed}", sealed_digest=SNAPSHOT.digest), at=START)
    with pytest.raises(StoreError, match="digest"):
        EncryptedSnapshotStore(inner, cipher, NOTHING).get(SNAPSHOT.digest)
