"""The suite of ``SnapshotStore``."""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import partial
from itertools import count
from typing import Any

import pytest

from variate.errors import ConflictError, InvalidInputError, NotFoundError, StoreError, StoreUnavailableError
from variate.model import MAX_PAGE, Json
from variate.model.snapshot import Publication, PublicationKind, Snapshot
from variate.stores.ports import SnapshotStore
from variate.testing.builders import build_publication, build_snapshot, minutes_after_start
from variate.testing.clocks import START
from variate.testing.conformance.concurrency import together, wins
from variate.testing.conformance.samples import TEXTS, every_instant, every_json, plain
from variate.testing.conformance.unreadable import Spoil

NO_DIGESTS = ["", "x", "A" * 64, "0" * 63, "0" * 65, f"{'0' * 64}#0", "é" * 64]
NO_ENVIRONMENTS = ["", "a b", "a#1", "production#1", "ä", "a" * 65, "a/b"]


class SnapshotStoreConformance:
    """Subclass it and provide the fixture ``store``, empty.

    ``spoil`` writes past the store, so that what is stored under a digest is not whole, or another.
    """

    @pytest.fixture
    def store(self) -> SnapshotStore:
        raise NotImplementedError("provide a fixture `store`: an empty SnapshotStore")

    @pytest.fixture
    def spoil(self) -> Spoil:
        raise NotImplementedError("provide a fixture `spoil`: damages what is stored under a digest")

    def test_what_was_put_is_returned(self, store: SnapshotStore) -> None:
        one, other = build_snapshot({"a": 1}), build_snapshot({"a": 2})
        for each in (one, other):
            store.put(each, at=START)
        assert (store.get(one.digest), store.get(other.digest)) == (one, other)

    def test_an_unknown_digest_is_none(self, store: SnapshotStore) -> None:
        store.put(build_snapshot(), at=START)
        assert store.get(build_snapshot().digest) is None

    @every_json
    def test_any_content_comes_back(self, store: SnapshotStore, value: Json) -> None:
        snapshot = Snapshot.of(value)
        store.put(snapshot, at=START)
        assert store.get(snapshot.digest) == snapshot

    @pytest.mark.parametrize("kilobytes", [300, 1_000, 6_000])
    def test_megabytes_that_hardly_compress_come_back(self, store: SnapshotStore, kilobytes: int) -> None:
        snapshot = _of_kilobytes(kilobytes)
        store.put(snapshot, at=START)
        assert store.get(snapshot.digest) == snapshot

    def test_megabytes_that_compress_to_little_come_back(self, store: SnapshotStore) -> None:
        snapshot = Snapshot.of(["grün 😀"] * 1_000_000)
        store.put(snapshot, at=START)
        assert store.get(snapshot.digest) == snapshot

    def test_putting_again_changes_nothing(self, store: SnapshotStore) -> None:
        snapshot = _of_kilobytes(1_000)
        for minutes in (0, 5, -5):
            store.put(snapshot, at=minutes_after_start(minutes))
            assert store.get(snapshot.digest) == snapshot

    def test_of_twenty_who_put_the_same_at_once_all_find_it(self, store: SnapshotStore) -> None:
        snapshot = _of_kilobytes(1_000)

        def put(number: int) -> Snapshot | None:
            store.put(snapshot, at=minutes_after_start(number))
            return store.get(snapshot.digest)

        assert together(20, put) == [snapshot] * 20

    def test_what_was_damaged_is_refused_until_it_is_put_again(self, store: SnapshotStore, spoil: Spoil) -> None:
        snapshot, other, later = _of_kilobytes(1_000), build_snapshot(), minutes_after_start(5)
        store.put(other, at=later)
        given = _publish(store, snapshot, at=later)
        spoil(snapshot.digest)
        with pytest.raises(StoreError, match=snapshot.digest) as raised:
            store.get(snapshot.digest)
        assert not isinstance(raised.value, StoreUnavailableError), "to try again helps nobody"
        assert store.get(other.digest) == other
        store.put(snapshot, at=START)
        assert store.get(snapshot.digest) == snapshot
        assert plain(store.latest("production")) == plain(given)

    def test_what_was_damaged_and_put_again_is_as_new_as_it_was(self, store: SnapshotStore, spoil: Spoil) -> None:
        snapshot = build_snapshot()
        store.put(snapshot, at=minutes_after_start(2))
        spoil(snapshot.digest)
        store.put(snapshot, at=START)
        assert store.purge(superseded_before=minutes_after_start(1)) == 0
        assert store.get(snapshot.digest) == snapshot

    def test_of_twenty_who_mend_the_same_at_once_all_find_it(self, store: SnapshotStore, spoil: Spoil) -> None:
        snapshot = _of_kilobytes(1_000)
        store.put(snapshot, at=START)
        spoil(snapshot.digest)

        def put(number: int) -> Snapshot | None:
            store.put(snapshot, at=minutes_after_start(number))
            return store.get(snapshot.digest)

        assert together(20, put) == [snapshot] * 20

    @pytest.mark.parametrize("digest", NO_DIGESTS)
    def test_what_is_no_digest_is_refused(self, store: SnapshotStore, digest: str) -> None:
        with pytest.raises(InvalidInputError, match=r"^digest: "):
            store.get(digest)

    @pytest.mark.parametrize("environment", NO_ENVIRONMENTS)
    def test_what_is_no_environment_is_refused(self, store: SnapshotStore, environment: str) -> None:
        with pytest.raises(InvalidInputError, match=r"^environment: "):
            store.latest(environment)
        with pytest.raises(InvalidInputError, match=r"^environment: "):
            store.publications(environment, limit=1)

    def test_where_nothing_was_published_there_is_no_latest(self, store: SnapshotStore) -> None:
        _publish(store, environment="staging")
        assert store.latest("production") is None
        assert list(store.publications("production", limit=10)) == []

    def test_a_publication_comes_back_as_it_was_given(self, store: SnapshotStore) -> None:
        for sequence, (name, text) in enumerate(TEXTS.items(), start=1):
            snapshot = build_snapshot(name)
            store.put(snapshot, at=START)
            kind = list(PublicationKind)[sequence % 2]
            actor = text if text.strip() else "ada"
            given = build_publication(snapshot, sequence=sequence, kind=kind, actor=actor, reason=text)
            store.append(given)
            assert plain(store.latest("production")) == plain(given)
            assert plain([*store.publications("production", limit=1)]) == plain([given])

    @every_instant
    def test_times_come_back_to_the_microsecond(self, store: SnapshotStore, instant: datetime) -> None:
        given = _publish(store, at=instant)
        assert plain(store.latest("production")) == plain(given)

    def test_one_that_does_not_follow_the_latest_is_a_conflict_and_changes_nothing(self, store: SnapshotStore) -> None:
        snapshot = build_snapshot()
        store.put(snapshot, at=START)
        with pytest.raises(ConflictError):
            store.append(build_publication(snapshot, sequence=2))
        assert store.latest("production") is None
        given = [_publish(store, snapshot, sequence=sequence) for sequence in (1, 2, 3)]
        for sequence in (1, 2, 3, 5, 2**53):
            with pytest.raises(ConflictError):
                store.append(build_publication(snapshot, sequence=sequence, reason="again"))
        assert plain([*store.publications("production", limit=10)]) == plain(given[::-1])

    def test_one_whose_snapshot_is_not_there_is_not_found_and_changes_nothing(self, store: SnapshotStore) -> None:
        with pytest.raises(NotFoundError):
            store.append(build_publication(build_snapshot()))
        assert store.latest("production") is None
        given = _publish(store)
        with pytest.raises(NotFoundError):
            store.append(build_publication(build_snapshot(), sequence=2))
        assert plain([*store.publications("production", limit=10)]) == plain([given])

    def test_environments_do_not_touch_one_another(self, store: SnapshotStore) -> None:
        names = ["prod", "Prod", "prod.1", "prod-1", "prod_1", "1", "a" * 64]
        given = [
            _publish(store, environment=name, sequence=sequence)
            for sequence in (1, 2)
            for name in names[: len(names) // sequence]
        ]
        for name in names:
            found = [*store.publications(name, limit=10)]
            assert plain(found) == plain([each for each in given[::-1] if each.environment == name])

    def test_of_twenty_who_append_the_same_sequence_exactly_one_wins(self, store: SnapshotStore) -> None:
        _publish(store)
        snapshots = [build_snapshot(number) for number in range(20)]
        for each in snapshots:
            store.put(each, at=START)

        def append(number: int) -> bool:
            publication = build_publication(snapshots[number], sequence=2, actor=f"caller {number}")
            return wins(lambda: store.append(publication), losing=ConflictError)

        won = together(20, append)
        assert won.count(True) == 1
        latest = store.latest("production")
        assert latest is not None
        assert (latest.digest, latest.actor) == (snapshots[won.index(True)].digest, f"caller {won.index(True)}")
        assert [each.sequence for each in store.publications("production", limit=10)] == [2, 1]

    def test_ten_who_go_on_until_they_win_leave_no_gap(self, store: SnapshotStore) -> None:
        snapshot = build_snapshot()
        store.put(snapshot, at=START)

        def append(number: int) -> None:
            for attempt in count():
                assert attempt < 100
                latest = store.latest("production")
                sequence = 1 if latest is None else latest.sequence + 1
                given = build_publication(snapshot, sequence=sequence, actor=f"{number}")
                if wins(partial(store.append, given), losing=ConflictError):
                    return

        together(10, append)
        found = store.publications("production", limit=100)
        assert [each.sequence for each in found] == list(range(10, 0, -1))
        assert {each.actor for each in found} == {f"{number}" for number in range(10)}

    def test_the_history_has_the_most_recent_first_before_the_one_asked_for(self, store: SnapshotStore) -> None:
        snapshot = build_snapshot()
        store.put(snapshot, at=START)
        given = [build_publication(snapshot, sequence=each, at=minutes_after_start(each)) for each in range(1, 26)]
        for each in given:
            store.append(each)
        expected = given[::-1]
        for before, limit in ((None, 25), (None, MAX_PAGE), (26, 7), (20, 7), (8, 7), (4, 7), (2, 1), (1_000, 3)):
            found = [*store.publications("production", before=before, limit=limit)]
            after = [each for each in expected if before is None or each.sequence < before]
            assert plain(found) == plain(after[:limit])

    @pytest.mark.parametrize("before", [1, 0, -5, -(2**63) - 1, -(10**30)])
    def test_before_the_first_there_is_none(self, store: SnapshotStore, before: int) -> None:
        _publish(store)
        assert [*store.publications("production", before=before, limit=10)] == []

    @pytest.mark.parametrize("before", [2, 2**31, 2**53, 2**63, 10**30])
    def test_before_what_is_beyond_every_sequence_there_are_all(self, store: SnapshotStore, before: int) -> None:
        given = _publish(store)
        assert plain([*store.publications("production", before=before, limit=10)]) == plain([given])

    @pytest.mark.parametrize("before", [True, False, "2", "x", 2.0, [2]], ids=repr)
    def test_before_what_is_no_whole_number_is_refused(self, store: SnapshotStore, before: Any) -> None:
        _publish(store)
        with pytest.raises(InvalidInputError, match=r"^before: must be a whole number"):
            store.publications("production", before=before, limit=10)

    @pytest.mark.parametrize("limit", [0, -1, MAX_PAGE + 1])
    def test_a_limit_of_anything_else_is_refused(self, store: SnapshotStore, limit: int) -> None:
        with pytest.raises(InvalidInputError, match=r"^limit: "):
            store.publications("production", limit=limit)

    def test_a_purge_deletes_what_was_superseded_before_and_keeps_what_is_in_force(self, store: SnapshotStore) -> None:
        given = [_publish(store, sequence=each, at=minutes_after_start(10 * each)) for each in range(1, 6)]
        # The third was superseded at minute 40, which is not before it.
        assert store.purge(superseded_before=minutes_after_start(40)) == 2
        assert [store.get(each.digest) is not None for each in given] == [False, False, True, True, True]
        assert plain([*store.publications("production", limit=10)]) == plain(given[::-1])
        assert store.purge(superseded_before=minutes_after_start(40)) == 0
        assert store.purge(superseded_before=minutes_after_start(1_000)) == 2
        assert [store.get(each.digest) is not None for each in given] == [False, False, False, False, True]

    def test_what_is_in_force_in_another_environment_or_again_stays(self, store: SnapshotStore) -> None:
        elsewhere, again = build_snapshot(), build_snapshot()
        _publish(store, elsewhere, sequence=1)
        _publish(store, again, sequence=2)
        middle = _publish(store, sequence=3)
        _publish(store, again, sequence=4)
        _publish(store, elsewhere, environment="staging")
        assert store.purge(superseded_before=minutes_after_start(1)) == 1
        assert store.get(middle.digest) is None
        assert (store.get(elsewhere.digest), store.get(again.digest)) == (elsewhere, again)

    def test_what_was_put_and_not_yet_published_stays_where_it_is_as_new(self, store: SnapshotStore) -> None:
        old, new = _of_kilobytes(1_000), _of_kilobytes(1_001)
        store.put(old, at=START)
        store.put(new, at=minutes_after_start(1))
        assert store.purge(superseded_before=START) == 0
        assert store.purge(superseded_before=minutes_after_start(1)) == 1
        assert (store.get(old.digest), store.get(new.digest)) == (None, new)

    def test_what_is_put_again_is_as_new_as_the_latest_put(self, store: SnapshotStore) -> None:
        snapshot = build_snapshot()
        for minutes in (0, 2, 1):
            store.put(snapshot, at=minutes_after_start(minutes))
        assert store.purge(superseded_before=minutes_after_start(2)) == 0
        assert store.get(snapshot.digest) == snapshot

    def test_what_was_purged_cannot_be_published_until_it_is_put_again(self, store: SnapshotStore) -> None:
        snapshot = _of_kilobytes(1_000)
        store.put(snapshot, at=START)
        assert store.purge(superseded_before=minutes_after_start(1)) == 1
        with pytest.raises(NotFoundError):
            store.append(build_publication(snapshot))
        given = _publish(store, snapshot, at=minutes_after_start(2))
        assert store.get(snapshot.digest) == snapshot
        assert plain(store.latest("production")) == plain(given)

    def test_what_is_published_while_it_is_purged_is_there_or_was_refused(self, store: SnapshotStore) -> None:
        snapshots, later = [build_snapshot(number) for number in range(10)], minutes_after_start(2)
        for each in snapshots:
            store.put(each, at=START)

        def act(number: int) -> bool:
            if number % 2:
                store.purge(superseded_before=minutes_after_start(1))
                return False
            publication = build_publication(snapshots[number // 2], environment=f"env-{number}", at=later)
            return wins(lambda: store.append(publication), losing=NotFoundError)

        published = together(20, act)[::2]
        assert [store.get(each.digest) is not None for each in snapshots] == published
        assert [store.latest(f"env-{number}") is not None for number in range(0, 20, 2)] == published


def _publish(
    store: SnapshotStore,
    snapshot: Snapshot | None = None,
    *,
    environment: str = "production",
    sequence: int = 1,
    at: datetime = START,
) -> Publication:
    """Put a snapshot, a new one where none is given, and make it the latest."""
    chosen = build_snapshot() if snapshot is None else snapshot
    store.put(chosen, at=at)
    publication = build_publication(chosen, environment=environment, sequence=sequence, at=at)
    store.append(publication)
    return publication


def _of_kilobytes(kilobytes: int) -> Snapshot:
    """A snapshot of as many kilobytes, of which half are left after compression."""
    size = kilobytes * 1_024
    return Snapshot.of(hashlib.shake_256(f"{kilobytes}".encode()).hexdigest(size // 2))
