"""Snapshots and publications in dicts, obviously right; see ``reference.py``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from threading import RLock

from variate.errors import ConflictError, NotFoundError, StoreError
from variate.model import MAX_PAGE
from variate.model.rules import check_whole
from variate.model.snapshot import Publication, Snapshot, check_digest, check_environment, check_sequence


class ReferenceSnapshotStore:
    def __init__(self) -> None:
        self.lock = RLock()
        self.snapshots: dict[str, Snapshot] = {}
        self.used: dict[str, datetime] = {}
        self.history: dict[str, list[Publication]] = {}
        self.damaged: set[str] = set()

    def put(self, snapshot: Snapshot, *, at: datetime) -> None:
        with self.lock:
            self.snapshots.setdefault(snapshot.digest, snapshot)
            self.damaged.discard(snapshot.digest)
            self.use(snapshot.digest, at)

    def use(self, digest: str, at: datetime) -> None:
        self.used[digest] = max(self.used.get(digest, at), at)

    def get(self, digest: str) -> Snapshot | None:
        if check_digest("digest", digest) in self.damaged:
            raise StoreError(f"{digest} was damaged")
        return self.snapshots.get(digest)

    def append(self, publication: Publication) -> None:
        with self.lock:
            history = self.history.get(publication.environment, [])
            if publication.sequence != len(history) + 1:
                raise ConflictError("another was first")
            if publication.digest not in self.snapshots:
                raise NotFoundError("snapshot", publication.digest)
            for each in (publication, *history[-1:]):
                self.use(each.digest, publication.at)
            self.history[publication.environment] = [*history, publication]

    def latest(self, environment: str) -> Publication | None:
        history = self.history.get(check_environment("environment", environment))
        return history[-1] if history else None

    def publications(self, environment: str, *, before: int | None = None, limit: int) -> Sequence[Publication]:
        check_whole("limit", limit, minimum=1, maximum=MAX_PAGE)
        history = self.history.get(check_environment("environment", environment), [])
        end = None if before is None else check_sequence("before", before)
        return [each for each in reversed(history) if end is None or each.sequence < end][:limit]

    def purge(self, *, superseded_before: datetime) -> int:
        with self.lock:
            in_force = {history[-1].digest for history in self.history.values()}
            gone = [each for each in self.snapshots if each not in in_force and self.used[each] < superseded_before]
            for digest in gone:
                del self.snapshots[digest]
            return len(gone)
