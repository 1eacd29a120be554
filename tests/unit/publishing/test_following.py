"""A process follows each publication in a thread of its own, which nothing but closing ends."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.unit.publishing.following import Exchanged, ended, follower
from tests.unit.publishing.world import FOLLOWER, World
from variate.errors import StoreUnavailableError
from variate.model.decision import Reason
from variate.model.snapshot import Publication
from variate.publishing.publisher import channel

ALL_ON = [{"name": "a"}]


def test_what_is_announced_is_served_soon_after(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    serving = world.serve(poll_seconds=3_600)
    assert serving.engine.decide("u", "e").reason is Reason.UNKNOWN
    world.snapshots.await_followed()
    exchanged = Exchanged(serving, monkeypatch)
    world.started(variations=ALL_ON)
    world.publisher.publish("prod")
    exchanged.wait(1)
    assert serving.engine.decide("u", "e").variation == "a"
    assert serving.status().sequence == 2


def test_what_was_announced_to_nobody_is_found_by_looking(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    deaf = world.another_publisher(announcements=type(world.announcements)())
    serving = world.serve(poll_seconds=0.01)
    serving.engine.decide("u", "e")
    exchanged = Exchanged(serving, monkeypatch)
    world.started(variations=ALL_ON)
    deaf.publish("prod")
    exchanged.wait(1)
    assert serving.engine.decide("u", "e").variation == "a"


def test_what_is_announced_in_another_environment_is_not_looked_for(world: World) -> None:
    serving = world.serve("prod", poll_seconds=3_600)
    serving.engine.decide("u", "e")
    world.snapshots.await_followed()
    world.announcements.announce(channel("dev"), "7")
    world.announcements.announce(channel("prod"), "1")
    world.snapshots.await_followed(times=2)
    assert world.snapshots.askers.count(f"latest by {FOLLOWER}") == 2


def test_where_listening_fails_it_looks_now_and_then(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(channel: str) -> None:
        raise StoreUnavailableError("nobody to listen to")

    monkeypatch.setattr(world.announcements, "listen", refuse)
    serving = world.serve(poll_seconds=0.01)
    serving.engine.decide("u", "e")
    exchanged = Exchanged(serving, monkeypatch)
    world.started(variations=ALL_ON)
    world.publisher.publish("prod")
    exchanged.wait(1)
    assert serving.engine.decide("u", "e").variation == "a"
    assert ended(serving)


def test_a_subscription_that_is_lost_is_made_anew_and_what_came_meanwhile_is_found(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost: list[Any] = []

    class Losing(world.announcements.subscription):  # type: ignore[name-defined,misc]  # the class it makes
        def next(self, *, timeout_seconds: float) -> str | None:
            if not lost:
                lost.append(self)
                world.started(variations=ALL_ON)
                world.another_publisher(announcements=type(world.announcements)()).publish("prod")
                raise StoreUnavailableError("the connection was lost")
            heard: str | None = super().next(timeout_seconds=timeout_seconds)
            return heard

    monkeypatch.setattr(world.announcements, "subscription", Losing)
    serving = world.serve(poll_seconds=0.01)
    exchanged = Exchanged(serving, monkeypatch)
    serving.engine.decide("u", "e")
    exchanged.wait(2)
    assert serving.engine.decide("u", "e").variation == "a"
    assert lost[0].closed, "the lost one is let go"


def test_whatever_is_raised_untyped_does_not_end_the_thread_that_follows(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = ["listen", "next", "latest"]
    listen, latest = world.announcements.listen, world.snapshots.latest

    def fail_once(what: str) -> None:
        if threading.current_thread().name == FOLLOWER and what in failing:
            failing.remove(what)
            raise OSError(what)

    class Failing(world.announcements.subscription):  # type: ignore[name-defined,misc]  # the class it makes
        def next(self, *, timeout_seconds: float) -> str | None:
            fail_once("next")
            heard: str | None = super().next(timeout_seconds=timeout_seconds)
            return heard

    def listening(channel: str) -> Any:
        fail_once("listen")
        return listen(channel)

    def looking(environment: str) -> Publication | None:
        fail_once("latest")
        return latest(environment)

    monkeypatch.setattr(world.announcements, "subscription", Failing)
    monkeypatch.setattr(world.announcements, "listen", listening)
    monkeypatch.setattr(world.snapshots, "latest", looking)
    serving = world.serve(poll_seconds=0.01)
    serving.engine.decide("u", "e")
    exchanged = Exchanged(serving, monkeypatch)
    world.started(variations=ALL_ON)
    world.publisher.publish("prod")
    exchanged.wait(1)
    assert not failing
    assert serving.engine.decide("u", "e").variation == "a"
    assert ended(serving)


def test_to_close_ends_the_thread_at_once_and_decisions_go_on(world: World) -> None:
    world.started(variations=ALL_ON)
    serving = world.serve(poll_seconds=3_600)
    serving.engine.decide("u", "e")
    world.snapshots.await_followed()
    assert ended(serving)
    assert serving.engine.decide("u", "e").variation == "a"


def test_to_close_while_it_looks_ends_the_thread_too(world: World) -> None:
    serving = world.serve(poll_seconds=0.001)
    serving.engine.decide("u", "e")
    world.snapshots.await_followed(times=5)
    assert ended(serving)


def test_what_was_closed_before_the_first_decision_loads_once_and_follows_nothing(world: World) -> None:
    world.started(variations=ALL_ON)
    serving = world.serve()
    serving.close()
    assert serving.engine.decide("u", "e").variation == "a"
    assert follower() == []
