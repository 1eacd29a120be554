"""The stages `define` and `publish` over stores in memory, and what a test needs to see them work."""

from __future__ import annotations

from collections.abc import Callable
from threading import Condition, current_thread
from threading import enumerate as enumerate_threads
from typing import Any

from tests.unit.definition.stage import ENVIRONMENTS, Stage
from tests.unit.testing.reference_announcements import ReferenceAnnouncements
from tests.unit.testing.reference_snapshots import ReferenceSnapshotStore
from variate.decision import Surroundings
from variate.decision.context import Kept
from variate.errors import StoreUnavailableError
from variate.model.snapshot import Publication, Snapshot
from variate.publishing.catalogue import Catalogue
from variate.publishing.publisher import Publisher
from variate.publishing.serving import Serving

PATIENCE = 20.0
"""Seconds after which something that is awaited did not come; far above what any test takes."""


FOLLOWER = "variate-snapshots"
"""The name of the thread that follows publications."""


class WatchedSnapshots(ReferenceSnapshotStore):
    """Snapshots in memory. It counts what is asked, says so, and may be away; ``before`` runs in front of a call."""

    def __init__(self) -> None:
        super().__init__()
        self.changed = Condition()
        self.asked: list[str] = []
        self.askers: list[str] = []
        self.away = False
        self.before: dict[str, Callable[[], object]] = {}

    def note(self, name: str) -> None:
        run = self.before.get(name)
        if run is not None:
            run()
        with self.changed:
            self.asked.append(name)
            self.askers.append(f"{name} by {current_thread().name}")
            self.changed.notify_all()
        if self.away:
            raise StoreUnavailableError("away")

    def put(self, snapshot: Snapshot, **named: Any) -> None:
        self.note("put")
        super().put(snapshot, **named)

    def get(self, digest: str) -> Snapshot | None:
        self.note("get")
        return super().get(digest)

    def append(self, publication: Publication) -> None:
        self.note("append")
        super().append(publication)

    def latest(self, environment: str) -> Publication | None:
        self.note("latest")
        return super().latest(environment)

    def await_followed(self, *, times: int = 1) -> None:
        """Return once the thread that follows publications has looked for one so many times from the beginning."""
        with self.changed:
            looked = f"latest by {FOLLOWER}"
            assert self.changed.wait_for(lambda: self.askers.count(looked) >= times, PATIENCE), self.askers


class World(Stage):
    """All that is defined, published and served."""

    def __init__(self) -> None:
        super().__init__()
        self.snapshots = WatchedSnapshots()
        self.announcements = ReferenceAnnouncements()
        self.catalogue = Catalogue(
            experiments=self.store,
            flags=self.flag_store,
            audiences=self.audience_store,
            layers=self.layer_store,
            holdouts=self.holdout_store,
            overrides=self.override_store,
            clock=self.clock,
        )
        self.publisher = self.another_publisher()
        self.servings: list[Serving] = []

    def another_publisher(self, **instead: Any) -> Publisher:
        """Return a publisher over the same stores, as another process has it."""
        parts: dict[str, Any] = {
            "catalogue": self.catalogue,
            "store": self.snapshots,
            "announcements": self.announcements,
            "environments": ENVIRONMENTS,
            "clock": self.clock,
            "actor": "somebody",
        }
        return Publisher(**{**parts, **instead})

    def serve(
        self,
        environment: str = "prod",
        *,
        poll_seconds: float = 3_600.0,
        catch_up: Callable[[], None] = lambda: None,
        kept: Kept = lambda *_: None,
        **instead: Any,
    ) -> Serving:
        """Return what serves an environment in a process of its own; it is closed with the world."""
        parts: dict[str, Any] = {
            "store": self.snapshots,
            "announcements": self.announcements,
            "publisher": self.publisher,
            "around": Surroundings(clock=lambda: self.time().timestamp(), kept=kept),
            "clock": self.clock,
        }
        serving = Serving(environment=environment, poll_seconds=poll_seconds, catch_up=catch_up, **{**parts, **instead})
        self.servings.append(serving)
        return serving

    def content(self, environment: str = "prod") -> dict[str, Any]:
        """Return what is in force."""
        latest = self.snapshots.history[environment][-1]
        content: dict[str, Any] = self.snapshots.snapshots[latest.digest].content
        return content

    def sequences(self, environment: str = "prod") -> list[int]:
        """Return the sequence of every publication, the first one first."""
        return [each.sequence for each in self.snapshots.history.get(environment, [])]

    def close(self) -> None:
        for serving in self.servings:
            serving.close()
        for thread in enumerate_threads():
            if thread.name == FOLLOWER:
                thread.join(PATIENCE)
