"""The state of the stores and of the snapshot, looked at in the background."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from variate.assignment.assigning import LedgerStatus
from variate.errors import StoreUnavailableError
from variate.model.snapshot import PublicationKind
from variate.platform.health import MIGRATE, Check
from variate.publishing.serving import ServingStatus
from variate.server.operations.draining import Draining
from variate.server.operations.health import Health
from variate.server.operations.watch import Watch
from variate.testing.waiting import wait_until

AT = datetime(2026, 1, 1, tzinfo=UTC)


def status(age_seconds: float = 0.5) -> ServingStatus:
    return ServingStatus(
        environment="dev",
        sequence=7,
        digest="d" * 64,
        kind=PublicationKind.PUBLISH,
        published_at=AT,
        loaded_at=AT,
        age_seconds=age_seconds,
        error=None,
    )


def check(*, healthy: bool, advice: str = "") -> Callable[[], Check]:
    return lambda: Check(subject="store", healthy=healthy, detail="", advice=advice)


def away() -> ServingStatus:
    raise StoreUnavailableError("away")


@contextmanager
def watching(
    probes: dict[str, Callable[[], Check]],
    serving: Callable[[], ServingStatus] = status,
    clock: Callable[[], float] = lambda: 100.0,
) -> Iterator[Watch]:
    watch = Watch(probes=probes, status=serving, clock=clock)
    watch.start()
    try:
        yield watch
    finally:
        watch.close()


def health_of(watch: Watch, draining: Draining | None = None) -> Health:
    return Health(
        watch=watch,
        draining=draining or Draining(),
        environment="dev",
        ledger=lambda: LedgerStatus(pending=3, let_go=1),
        waiting_events=lambda: 9,
        poll_seconds=2.0,
    )


def test_each_store_has_a_state() -> None:
    probes = {
        "well": check(healthy=True),
        "down": check(healthy=False, advice="see that it runs"),
        "old": check(healthy=False, advice=MIGRATE),
    }
    with watching(probes) as watch:
        wait_until(lambda: "unknown" not in watch.stores().values())
        assert watch.stores() == {"well": "up", "down": "away", "old": "not_migrated"}


def test_a_store_that_does_not_answer_a_look_is_away_and_holds_up_no_other() -> None:
    now = 100.0
    hanging = threading.Event()

    def hang() -> Check:
        hanging.wait()
        return check(healthy=True)()

    with watching({"hung": hang, "well": check(healthy=True)}, clock=lambda: now) as watch:
        wait_until(lambda: watch.stores()["well"] == "up")
        wait_until(lambda: "hung" in watch._seen)
        assert watch.stores()["hung"] == "unknown"
        now += 4
        assert watch.stores()["hung"] == "away"
        hanging.set()
        wait_until(lambda: watch.stores()["hung"] == "up")


def test_a_process_is_ready_once_a_snapshot_is_in_force() -> None:
    with watching({}, away) as watch:
        wait_until(watch._looked_at_snapshot.is_set)
        health = health_of(watch)
        assert (health.ready, health.state()["status"], health.state()["snapshot"]) == (False, "loading", None)
    with watching({}) as watch:
        wait_until(lambda: watch.serving is not None)
        assert (health_of(watch).ready, health_of(watch).state()["status"]) == (True, "ready")


def test_with_a_store_away_it_is_degraded_and_ready() -> None:
    with watching({"postgres": check(healthy=False)}) as watch:
        wait_until(lambda: watch.stores()["postgres"] == "away" and watch.serving is not None)
        assert (health_of(watch).ready, health_of(watch).state()["status"]) == (True, "degraded")


def test_the_age_goes_on_while_nobody_can_look() -> None:
    now = 100.0
    with watching({}, clock=lambda: now) as watch:
        wait_until(lambda: watch.serving is not None)
        watch.close()
        now += 30
        state = health_of(watch).state()
        assert state["snapshot"] == {"sequence": 7, "digest": "d" * 64, "age_seconds": 30.5, "confirmed": False}
        assert (state["status"], health_of(watch).ready) == ("degraded", True)


def test_a_process_that_stops_is_not_ready() -> None:
    draining = Draining()
    with watching({}) as watch:
        wait_until(lambda: watch.serving is not None)
        draining.begin()
        health = health_of(watch, draining)
        assert (health.ready, health.state()["status"]) == (False, "draining")


def test_the_gauges_are_those_of_the_state() -> None:
    with watching({}) as watch:
        wait_until(lambda: watch.serving is not None)
        assert health_of(watch).gauges() == {
            "variate_intake_waiting_events": 9.0,
            "variate_assignments_pending": 3.0,
            "variate_snapshot_age_seconds": 0.5,
            "variate_snapshot_sequence": 7.0,
        }
