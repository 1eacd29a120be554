"""The suite of ``SnapshotStore`` passes on one that is obviously right, and finds faults."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import pytest

from tests.unit.testing.reference_snapshots import ReferenceSnapshotStore
from tests.unit.testing.rivals import Rivals
from variate.errors import ConflictError
from variate.model.snapshot import Publication, Snapshot
from variate.testing.conformance import SnapshotStoreConformance
from variate.testing.conformance.unreadable import Spoil

suite = SnapshotStoreConformance()


class TestSnapshotStore(SnapshotStoreConformance):
    @pytest.fixture
    def store(self) -> ReferenceSnapshotStore:
        return ReferenceSnapshotStore()

    @pytest.fixture
    def spoil(self, store: ReferenceSnapshotStore) -> Spoil:
        return store.damaged.add


class LooksThenAppends(ReferenceSnapshotStore):
    def __init__(self) -> None:
        super().__init__()
        self.rivals = Rivals(20)

    def append(self, publication: Publication) -> None:
        history = self.history.get(publication.environment, [])
        if publication.sequence != len(history) + 1:
            raise ConflictError("another was first")
        if history:  # the first of all is appended by one alone
            self.rivals.have_looked()
        self.history[publication.environment] = [*history, publication]


class LeavesGaps(ReferenceSnapshotStore):
    def append(self, publication: Publication) -> None:
        latest = self.latest(publication.environment)
        if latest is not None and publication.sequence <= latest.sequence:
            raise ConflictError("another was first")
        self.history.setdefault(publication.environment, []).append(publication)


class ListsTheOldestFirst(ReferenceSnapshotStore):
    def publications(self, environment: str, *, before: int | None = None, limit: int) -> Sequence[Publication]:
        found = super().publications(environment, before=before, limit=1_000)
        return found[::-1][:limit]


class TakesAnyBefore(ReferenceSnapshotStore):
    def publications(self, environment: str, *, before: Any = None, limit: int) -> Sequence[Publication]:
        return super().publications(environment, before=None if before is None else int(before), limit=limit)


class LosesWhatIsMended(ReferenceSnapshotStore):
    def put(self, snapshot: Snapshot, *, at: datetime) -> None:
        was_damaged = snapshot.digest in self.damaged
        super().put(snapshot, at=at)
        if was_damaged:
            del self.snapshots[snapshot.digest]


class IsAsOldAsTheLatestPut(ReferenceSnapshotStore):
    def use(self, digest: str, at: datetime) -> None:
        self.used[digest] = at


class PurgesWhatIsInForce(ReferenceSnapshotStore):
    def purge(self, *, superseded_before: datetime) -> int:
        gone = [each for each in self.snapshots if self.used[each] < superseded_before]
        for digest in gone:
            del self.snapshots[digest]
        return len(gone)


class ForgetsThatItWasPutAgain(ReferenceSnapshotStore):
    def use(self, digest: str, at: datetime) -> None:
        self.used.setdefault(digest, at)


class GoesByTheTimeItWasPublished(ReferenceSnapshotStore):
    """What was in force until a moment ago is purged, if it came into force long ago."""

    def append(self, publication: Publication) -> None:
        before = dict(self.used)
        super().append(publication)
        self.used = before


class KeepsAMegabyte(ReferenceSnapshotStore):
    def put(self, snapshot: Snapshot, *, at: datetime) -> None:
        super().put(Snapshot(snapshot.text[: 2**20], snapshot.digest), at=at)


FOUND: dict[str, Callable[[], None]] = {
    "the latest is looked at, then replaced": lambda: (
        suite.test_of_twenty_who_append_the_same_sequence_exactly_one_wins(LooksThenAppends())
    ),
    "sequences have gaps": lambda: suite.test_one_that_does_not_follow_the_latest_is_a_conflict_and_changes_nothing(
        LeavesGaps()
    ),
    "a publication of nothing is taken": lambda: (
        suite.test_one_whose_snapshot_is_not_there_is_not_found_and_changes_nothing(LeavesGaps())
    ),
    "the oldest come first": lambda: suite.test_the_history_has_the_most_recent_first_before_the_one_asked_for(
        ListsTheOldestFirst()
    ),
    "a bool is taken as a sequence": lambda: suite.test_before_what_is_no_whole_number_is_refused(
        TakesAnyBefore(), before=True
    ),
    "what was damaged is lost": lambda: suite.test_what_was_damaged_is_refused_until_it_is_put_again(
        faulty := LosesWhatIsMended(), faulty.damaged.add
    ),
    "what is mended is as old as the mending": lambda: suite.test_what_was_damaged_and_put_again_is_as_new_as_it_was(
        faulty := IsAsOldAsTheLatestPut(), faulty.damaged.add
    ),
    "what is in force is purged": lambda: (
        suite.test_a_purge_deletes_what_was_superseded_before_and_keeps_what_is_in_force(PurgesWhatIsInForce())
    ),
    "what was put again is purged": lambda: suite.test_what_is_put_again_is_as_new_as_the_latest_put(
        ForgetsThatItWasPutAgain()
    ),
    "what was superseded just now is purged": lambda: (
        suite.test_a_purge_deletes_what_was_superseded_before_and_keeps_what_is_in_force(GoesByTheTimeItWasPublished())
    ),
    "a large snapshot is cut": lambda: suite.test_megabytes_that_hardly_compress_come_back(
        KeepsAMegabyte(), kilobytes=6_000
    ),
}


@pytest.mark.parametrize("fault", list(FOUND))
def test_the_suite_finds_it(fault: str) -> None:
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        FOUND[fault]()
