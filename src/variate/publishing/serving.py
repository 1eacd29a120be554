"""Serving: the engine of this process, kept at the snapshot in force."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from variate.decision import CompiledSnapshot, Engine, Surroundings
from variate.errors import StoreError, StoreUnavailableError, VariateError
from variate.model.snapshot import Publication, PublicationKind
from variate.patience import seconds_left, within
from variate.publishing.catching_up import OVERDUE_SECONDS, CatchingUp
from variate.publishing.publisher import Publisher, channel
from variate.stores.ports import Announcements, SnapshotStore, Subscription

LOAD_SECONDS = 30.0
"""How long the store may take to give the snapshot in force: after that it counts as away."""
PUBLISH_SECONDS = 60.0
"""How long the stores may take for a publication."""

logger = logging.getLogger("variate.serving")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingStatus:
    """What this process decides from. ``age_seconds`` is since it was last seen to be the one in force."""

    environment: str
    sequence: int
    digest: str
    kind: PublicationKind
    published_at: datetime
    loaded_at: datetime
    age_seconds: float
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """What a process decides from, and what that holds. ``age_seconds`` is since it was last seen to be in force."""

    publication: Publication
    age_seconds: float
    flags: Collection[str]
    active_experiments: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Loaded:
    publication: Publication
    snapshot: CompiledSnapshot
    at: datetime
    confirmed: datetime


def _log_refused(flag_id: str, error: VariateError) -> None:
    logger.error("flag %r does not compile, and is unknown where all flags are evaluated: %s", flag_id, error)


class Serving:
    """Loads the snapshot in force at the first decision and follows every publication after it.

    Publications are announced, and looked for every ``poll_seconds`` besides. A new snapshot is exchanged for the old
    one between two decisions. One that cannot be loaded is not: the old one stays, and ``status`` says why. While the
    store is away, decisions go on.

    ``catch_up`` publishes what this process changed and has not published yet; it raises nothing. It is called where a
    decision begins after ``expect_changes``, which waits for it as long as it may, and five seconds at most: then a
    store is away, and the last snapshot is in force again.
    """

    def __init__(
        self,
        *,
        environment: str,
        store: SnapshotStore,
        announcements: Announcements,
        publisher: Publisher,
        around: Surroundings,
        clock: Callable[[], datetime],
        poll_seconds: float,
        catch_up: Callable[[], None],
    ) -> None:
        self.engine = Engine(self._current)
        self._environment = environment
        self._store = store
        self._announcements = announcements
        self._publisher = publisher
        self._around = replace(around, refused=_log_refused)
        self._clock = clock
        self._poll_seconds = poll_seconds
        self._catch_up = catch_up
        self._catching_up = CatchingUp(self._bring_changes)
        self._loading = threading.Lock()
        self._exchanging = threading.Lock()
        self._expecting = False
        self._closed = threading.Event()
        self._loaded: _Loaded | None = None
        self._error: str | None = None
        self._follower: threading.Thread | None = None
        self._subscription: Subscription | None = None
        self._watchers: tuple[Callable[[], object], ...] = ()

    def in_force(self) -> InForce | None:
        """Return what is decided from; None where nothing is loaded yet. It loads nothing and waits for nothing."""
        loaded = self._loaded
        if loaded is None:
            return None
        return InForce(
            publication=loaded.publication,
            age_seconds=self._age(loaded),
            flags=loaded.snapshot.flag_ids,
            active_experiments=loaded.snapshot.active_experiments,
        )

    def watch(self, heard: Callable[[], object]) -> Callable[[], None]:
        """Have ``heard`` called after each exchange of the snapshot, in whatever thread; return what ends that.

        It has to be quick and to raise nothing: decisions may wait for it.
        """
        with self._exchanging:
            self._watchers = (*self._watchers, heard)

        def end() -> None:
            with self._exchanging:
                self._watchers = tuple(each for each in self._watchers if each is not heard)

        return end

    def status(self) -> ServingStatus:
        """Return what is served here, loading it where nothing is yet."""
        _ = self.engine.snapshot
        loaded = self._loaded or self._load_first()
        return ServingStatus(
            environment=self._environment,
            sequence=loaded.publication.sequence,
            digest=loaded.publication.digest,
            kind=loaded.publication.kind,
            published_at=loaded.publication.at,
            loaded_at=loaded.at,
            age_seconds=self._age(loaded),
            error=self._error,
        )

    def expect_changes(self) -> None:
        """Have the next decision of this process wait for what it changed: see ``catch_up``."""
        with self._exchanging:
            self._expecting = True
            self.engine.suspend()

    def refresh(self) -> None:
        """Decide from the snapshot in force from now on. Raises nothing: what goes wrong is in ``status``."""
        if self._loaded is None:
            return
        with self._loading, within(LOAD_SECONDS):
            try:
                latest = self._store.latest(self._environment)
                if latest is not None:
                    self._bring_up(latest)
                self._error = None
            except Exception as error:  # noqa: BLE001 - whatever is the matter, decisions go on, and so does who follows
                if self._error is None:
                    logger.warning(
                        "the snapshot in force cannot be loaded, decisions go on from the last one: %s", error
                    )
                self._error = str(error)

    def refresh_if_older(self, seconds: float | None = None) -> None:
        """Look for a newer snapshot, unless that was done within so many seconds (the polling interval, if None).

        For a process that was frozen, as between the invocations of a Lambda function: its thread that follows
        publications was frozen too. Where nothing was decided yet, nothing is loaded.
        """
        longest = self._poll_seconds if seconds is None else seconds
        loaded = self._loaded
        if loaded is not None and (self._clock() - loaded.confirmed).total_seconds() > longest:
            self.refresh()

    def close(self) -> None:
        """Stop following."""
        self._closed.set()
        subscription = self._subscription
        if subscription is not None:
            subscription.close()

    def _age(self, loaded: _Loaded) -> float:
        return max(0.0, (self._clock() - loaded.confirmed).total_seconds())

    def _current(self) -> CompiledSnapshot:
        """Return the snapshot in force, once what this process changed is in it."""
        left = seconds_left()
        with self._exchanging:
            self._expecting = False  # what is changed from here on is expected anew
        if left:
            self._await_changes(left)
        loaded = self._loaded
        if loaded is None:
            raise StoreUnavailableError("no snapshot was loaded here yet, and loading one takes too long: try again")
        self._put_in_force(loaded.snapshot)
        return loaded.snapshot

    def _await_changes(self, seconds: float) -> None:
        """Wait until what was changed before is loaded, or, where something is loaded already, until that is late."""
        longest = seconds if self._loaded is None else min(seconds, OVERDUE_SECONDS)
        try:
            self._catching_up.wait(None if longest == math.inf else longest)
        except TimeoutError:
            logger.warning("what this process changed is not published yet, decisions go on from the last snapshot")

    def _bring_changes(self) -> None:
        with within(PUBLISH_SECONDS):
            self._catch_up()
            if self._loaded is None:
                self._load_first()
            else:
                self.refresh()

    def _load_first(self) -> _Loaded:
        with self._loading:
            loaded = self._loaded
            if loaded is None:
                loaded = self._bring_up(self._publisher.first_publication(self._environment))
            if self._follower is None and not self._closed.is_set():
                self._follower = threading.Thread(target=self._follow, name="variate-snapshots", daemon=True)
                self._follower.start()
            return loaded

    def _bring_up(self, latest: Publication) -> _Loaded:
        """Load the publication's snapshot unless it is loaded, and decide from it."""
        at = self._clock()
        loaded = self._loaded
        if loaded is not None and latest.digest == loaded.publication.digest:
            self._loaded = replace(loaded, publication=latest, confirmed=at)
            return self._loaded
        found = self._store.get(latest.digest)
        if found is None:
            raise StoreError(f"snapshot {latest.digest} of publication {latest.sequence} is not there")
        snapshot = CompiledSnapshot(found.content, self._around)
        self._loaded = _Loaded(publication=latest, snapshot=snapshot, at=at, confirmed=at)
        self._put_in_force(snapshot)
        for heard in self._watchers:
            heard()
        return self._loaded

    def _put_in_force(self, snapshot: CompiledSnapshot) -> None:
        """Decide from this one, unless it was loaded before a change that this process has still to publish."""
        with self._exchanging:
            if not self._expecting and self._loaded is not None and self._loaded.snapshot is snapshot:
                self.engine.use(snapshot)

    def _follow(self) -> None:
        """Refresh at each announcement, and once in ``poll_seconds`` in any case."""
        while not self._closed.is_set():
            try:
                self._follow_till_lost()
            except Exception:  # a thread that ended would leave this process with an old snapshot for ever
                logger.exception("following the publications failed; it goes on")
                self._closed.wait(self._poll_seconds)

    def _follow_till_lost(self) -> None:
        try:
            self._subscription = self._announcements.listen(channel(self._environment))
        except VariateError:
            self._subscription = None
        self.refresh()
        self._hear()

    def _hear(self) -> None:
        """Refresh at what is heard until the subscription is lost or this is closed; without one, wait a while."""
        subscription = self._subscription
        if subscription is None:
            self._closed.wait(self._poll_seconds)
            return
        try:
            while not self._closed.is_set():
                subscription.next(timeout_seconds=self._poll_seconds)
                if not self._closed.is_set():
                    self.refresh()
        except VariateError:
            # It was lost: what was announced meanwhile is found by the refresh after listening anew.
            self._closed.wait(min(1.0, self._poll_seconds))
        finally:
            subscription.close()
