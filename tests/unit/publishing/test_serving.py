"""A process decides from the snapshot in force, follows each that comes, and goes on where one does not."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import pytest

from tests.unit.publishing.following import follower
from tests.unit.publishing.world import PATIENCE, World
from variate.decision import CompiledSnapshot
from variate.errors import StoreUnavailableError
from variate.model.decision import Reason
from variate.model.snapshot import Publication, PublicationKind, Snapshot
from variate.patience import WouldWaitError, at_once, within
from variate.publishing.serving import Serving
from variate.testing.builders import build_publication
from variate.testing.conformance.concurrency import together

ALL_ON = [{"name": "a"}]


def publish_spoilt(world: World, text: str | None) -> Publication:
    """Bring a snapshot into force that nobody can load: of this text, or one that is not there."""
    spoilt = Snapshot("{}" if text is None else text)
    latest = world.snapshots.history["prod"][-1]
    world.snapshots.put(spoilt, at=world.clock())
    made = build_publication(spoilt, environment="prod", sequence=latest.sequence + 1, at=world.clock())
    world.snapshots.append(made)
    if text is None:
        del world.snapshots.snapshots[spoilt.digest]
    return made


def test_nothing_is_read_before_the_first_decision_which_publishes_what_there_is(world: World) -> None:
    world.started(variations=ALL_ON)
    serving = world.serve()
    assert (world.snapshots.asked, follower()) == ([], [])
    assert serving.engine.decide("u", "e").variation == "a"
    assert world.sequences() == [1]
    assert serving.engine.decide("u", "nobody").reason is Reason.UNKNOWN


def test_what_is_in_force_already_is_served_as_it_is(world: World) -> None:
    world.publisher.publish("prod")
    world.started(variations=ALL_ON)
    assert world.serve().engine.decide("u", "e").reason is Reason.UNKNOWN
    assert world.sequences() == [1]


def test_each_serves_its_own_environment(world: World) -> None:
    world.flags.create_feature_flag("nav", flag_id="f", type="boolean", status="active")
    world.flags.update_flag_environment("f", "prod", default="off")
    for environment, value in (("dev", True), ("prod", False)):
        assert world.serve(environment).engine.evaluate_flag("u", "f").value is value


def test_where_nothing_can_be_loaded_at_first_the_decision_says_so_and_the_next_one_tries_again(world: World) -> None:
    world.started(variations=ALL_ON)
    serving = world.serve()
    world.snapshots.away = True
    for _ in range(2):
        with pytest.raises(StoreUnavailableError):
            serving.engine.decide("u", "e")
        with pytest.raises(StoreUnavailableError):
            serving.status()
    world.snapshots.away = False
    assert serving.engine.decide("u", "e").variation == "a"


def test_decisions_ask_the_store_nothing_once_the_snapshot_is_loaded(world: World) -> None:
    world.started(variations=ALL_ON)
    serving = world.serve()
    serving.engine.decide("u", "e")
    world.snapshots.await_followed()
    before = len(world.snapshots.asked)
    for number in range(100):
        serving.engine.decide(f"u-{number}", "e")
    assert len(world.snapshots.asked) == before


def test_of_many_first_decisions_at_once_one_loads(world: World) -> None:
    world.started(variations=ALL_ON)
    serving = world.serve()
    assert together(8, lambda number: serving.engine.decide(f"u-{number}", "e").variation) == ["a"] * 8
    assert (world.snapshots.asked.count("get"), world.sequences()) == (1, [1])
    assert len(follower()) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "is not there"),
        ('{"format": 2, "audiences": {}, "experiments": {}, "flags": {}}', "upgrade variate"),
    ],
)
def test_a_snapshot_that_cannot_be_loaded_leaves_the_old_one_and_the_status_says_why(
    world: World, caplog: pytest.LogCaptureFixture, text: str | None, said: str
) -> None:
    world.started(variations=ALL_ON)
    serving = world.serve()
    serving.engine.decide("u", "e")
    assert serving.status().error is None
    publish_spoilt(world, text)
    with caplog.at_level(logging.WARNING, logger="variate.serving"):
        for _ in range(3):
            serving.refresh()
    assert serving.engine.decide("u", "e").variation == "a"
    status = serving.status()
    assert status.error is not None
    assert said in status.error
    assert status.sequence == 1
    assert caplog.text.count("decisions go on from the last one") == 1, "once, not at each look"
    world.draft("another")
    world.publisher.publish("prod")
    serving.refresh()
    assert (serving.status().sequence, serving.status().error) == (3, None)


def test_a_flag_that_only_a_newer_release_can_compile_is_logged_once_and_holds_up_no_other(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    for each in ("newer", "good"):
        world.flags.create_feature_flag("nav", flag_id=each, type="boolean", status="active")
    world.publisher.publish("prod")
    content = world.content()
    content["flags"]["newer"]["default"] = {"bandit": "it"}
    publish_spoilt(world, Snapshot.of(content).text)
    serving = world.serve()
    with caplog.at_level(logging.ERROR, logger="variate.serving"):
        for _ in range(3):
            found = serving.engine.evaluate_all_flags("u")
    assert (found["newer"].reason, found["good"].value) == (Reason.UNKNOWN, True)
    (said,) = caplog.messages
    assert said.startswith("flag 'newer' does not compile, and is unknown where all flags are evaluated: flag: 'newer'")


def test_while_the_store_is_away_decisions_go_on_and_the_status_says_for_how_long(world: World) -> None:
    world.started(variations=ALL_ON)
    serving = world.serve()
    serving.engine.decide("u", "e")
    world.snapshots.await_followed()
    world.snapshots.away = True
    world.time.advance(seconds=90)
    serving.refresh()
    assert serving.engine.decide("u", "e").variation == "a"
    status = serving.status()
    assert (status.error, round(status.age_seconds)) == ("away", 90)
    world.snapshots.away = False
    serving.refresh()
    assert (serving.status().error, round(serving.status().age_seconds)) == (None, 0)


def test_the_status_says_what_is_served(world: World) -> None:
    published = world.publisher.publish("prod").publication
    world.time.advance(seconds=10)
    status = world.serve().status()
    assert (status.environment, status.sequence, status.digest) == ("prod", 1, published.digest)
    assert (status.kind, status.published_at, status.error) == (PublicationKind.PUBLISH, published.at, None)
    assert (status.loaded_at - published.at).total_seconds() == pytest.approx(10, abs=0.001)


def test_one_that_was_frozen_looks_for_a_newer_snapshot_once_its_own_was_seen_long_enough_ago(world: World) -> None:
    serving = world.serve(poll_seconds=3_600.0)
    serving.refresh_if_older(0)
    assert world.snapshots.asked == [], "nothing was decided yet"
    serving.status()
    world.snapshots.await_followed()
    world.started()
    world.publisher.publish("prod")

    world.time.advance(seconds=3_000)
    serving.refresh_if_older()
    assert serving.status().sequence == 1
    world.time.advance(seconds=601)
    serving.refresh_if_older()
    assert (serving.status().sequence, serving.engine.decide("u", "e").reason) == (2, Reason.SPLIT)

    world.draft("new")
    world.publisher.publish("prod")
    world.time.advance(seconds=10)
    serving.refresh_if_older(11)
    assert serving.status().sequence == 2
    serving.refresh_if_older(9)
    assert serving.status().sequence == 3


def test_one_that_was_frozen_and_finds_the_store_away_goes_on_from_what_it_has(world: World) -> None:
    serving = world.serve()
    serving.status()
    world.snapshots.await_followed()
    world.time.advance(days=1)
    world.snapshots.away = True
    serving.refresh_if_older()
    assert serving.engine.decide("u", "e").reason is Reason.UNKNOWN
    assert serving.status().error == "away"


def test_a_publication_of_the_same_content_is_told_and_loads_nothing(world: World) -> None:
    serving = world.serve()
    serving.engine.decide("u", "e")
    loaded = world.snapshots.asked.count("get")
    first = serving.status()
    world.publisher.rollback("prod", to=1)
    asked = world.snapshots.asked.count("get") - loaded
    serving.refresh()
    status = serving.status()
    assert (status.sequence, status.kind, status.loaded_at) == (2, PublicationKind.ROLLBACK, first.loaded_at)
    assert asked == 2, "by the rollback itself: the older one, and the one in force"
    assert world.snapshots.asked.count("get") == loaded + asked


def test_a_rollback_is_followed(world: World) -> None:
    world.publisher.publish("prod")
    world.started(variations=ALL_ON)
    world.publisher.publish("prod")
    serving = world.serve()
    assert serving.engine.decide("u", "e").variation == "a"
    world.publisher.rollback("prod", to=1)
    serving.refresh()
    assert serving.engine.decide("u", "e").reason is Reason.UNKNOWN


def test_to_refresh_before_the_first_decision_reads_nothing(world: World) -> None:
    world.serve().refresh()
    assert world.snapshots.asked == []


def test_whoever_changed_something_decides_from_it(world: World) -> None:
    """The next decision after ``suspend`` catches up first, and those after it do not."""
    caught_up: list[str] = []

    def catch_up() -> None:
        caught_up.append("published")
        world.publisher.publish_changes()

    serving = world.serve(catch_up=catch_up)
    assert serving.engine.decide("u", "e").reason is Reason.UNKNOWN
    world.started(variations=ALL_ON)
    assert serving.engine.decide("u", "e").reason is Reason.UNKNOWN, "nobody said that there is a change"
    serving.expect_changes()
    assert serving.engine.decide("u", "e").variation == "a"
    assert serving.engine.decide("u", "e").variation == "a"
    assert caught_up == ["published"] * 2, "at the first decision of all and after suspend"


def test_also_flags_many_units_and_the_status_catch_up_first(world: World) -> None:
    def catch_up() -> None:
        world.publisher.publish_changes()

    serving = world.serve(catch_up=catch_up)
    serving.engine.decide("u", "e")
    world.started(variations=ALL_ON)
    serving.expect_changes()
    assert list(serving.engine.decide_many("e", ["u", "v"])) == [0, 0]
    world.flags.create_feature_flag("nav", flag_id="f", type="boolean", status="active")
    serving.expect_changes()
    assert serving.engine.evaluate_flag("u", "f").value is True
    world.flags.update_feature_flag("f", default="off")
    serving.expect_changes()
    assert serving.engine.evaluate_all_flags("u")["f"].value is False
    world.draft("another")
    serving.expect_changes()
    assert serving.status().sequence == len(world.sequences())


def test_after_suspend_while_the_store_is_away_the_old_snapshot_decides(world: World) -> None:
    world.started(variations=ALL_ON)
    serving = world.serve()
    serving.engine.decide("u", "e")
    world.snapshots.away = True
    serving.expect_changes()
    assert serving.engine.decide("u", "e").variation == "a"


def test_where_what_was_changed_cannot_be_published_in_time_the_old_snapshot_is_in_force_again(world: World) -> None:
    hanging, hangs = threading.Event(), threading.Event()

    def catch_up() -> None:
        if hangs.is_set():
            assert hanging.wait(PATIENCE)
            world.publisher.publish_changes()

    world.publisher.publish("prod")
    serving = world.serve(catch_up=catch_up)
    serving.engine.decide("u", "e")
    hangs.set()
    world.started(variations=ALL_ON)
    serving.expect_changes()
    with within(0.01):
        assert serving.engine.decide("u", "e").reason is Reason.UNKNOWN
    assert at_once().run(serving.engine.decide, "u", "e").reason is Reason.UNKNOWN, "nobody has to wait any more"
    hanging.set()
    serving.expect_changes()
    assert serving.engine.decide("u", "e").variation == "a"


def test_who_must_not_wait_is_told_so_before_the_first_snapshot_and_after_a_change(world: World) -> None:
    world.started(variations=ALL_ON)
    serving = world.serve()
    assert serving.in_force() is None
    with pytest.raises(WouldWaitError):
        at_once().run(serving.engine.decide, "u", "e")
    with within(0), pytest.raises(StoreUnavailableError):
        serving.engine.decide("u", "e")
    assert world.snapshots.asked == []
    serving.engine.decide("u", "e")
    serving.expect_changes()
    with pytest.raises(WouldWaitError):
        at_once().run(serving.engine.decide, "u", "e")
    in_force = at_once().run(serving.in_force)
    assert in_force is not None
    assert (in_force.publication.sequence, in_force.active_experiments) == (1, ("e",))


def late(serving: Serving, monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], object]) -> None:
    """Let something happen once a decision has found what to decide from, before it decides from that."""
    load, happening = serving.engine._load, iter([meanwhile])

    def load_late() -> CompiledSnapshot:
        found = load()
        for each in happening:
            each()
        return found

    monkeypatch.setattr(serving.engine, "_load", load_late)


def test_a_snapshot_that_comes_while_a_decision_loads_the_one_before_stays_in_force(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.publisher.publish("prod")
    serving = world.serve()

    def publish() -> None:
        world.started(variations=ALL_ON)
        world.publisher.publish("prod")
        serving.refresh()

    late(serving, monkeypatch, publish)
    serving.engine.decide("u", "e")
    serving.refresh()
    assert serving.engine.decide("u", "e").variation == "a"


def test_whoever_changes_something_while_another_loads_decides_from_the_change(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def catch_up() -> None:
        world.publisher.publish_changes()

    serving = world.serve(catch_up=catch_up)

    def change() -> None:
        world.started(variations=ALL_ON)
        serving.expect_changes()

    late(serving, monkeypatch, change)
    serving.engine.decide("another", "e")
    assert serving.engine.decide("u", "e").variation == "a"


def test_a_publication_by_another_does_not_keep_whoever_changed_something_from_seeing_it(world: World) -> None:
    def catch_up() -> None:
        world.publisher.publish_changes()

    serving = world.serve(catch_up=catch_up)
    serving.engine.decide("u", "e")
    world.snapshots.await_followed()
    old = world.snapshots.history["prod"][-1]
    world.draft("of another")
    world.another_publisher(announcements=type(world.announcements)()).publish("prod")
    world.started(variations=ALL_ON)
    serving.expect_changes()
    serving.refresh()  # as the thread that follows does: it finds what another published before the change
    assert world.snapshots.history["prod"][-1] != old
    assert serving.engine.decide("u", "e").variation == "a"


def test_while_snapshots_are_exchanged_every_decision_is_of_one_of_them(world: World) -> None:
    world.started(variations=[{"name": "a", "weight": 1}, {"name": "b", "weight": 0}])
    serving = world.serve()
    serving.engine.decide("u", "e")
    stop = threading.Event()

    def decide(number: int) -> set[str | None]:
        if number == 0:
            for weights in ((0, 1), (1, 0)) * 10:
                parts = [{"name": name, "weight": weight} for name, weight in zip("ab", weights, strict=True)]
                world.experiments.update_experiment_status("e", "paused")
                world.experiments.start_new_version("e", variations=parts)
                world.experiments.update_experiment_status("e", "active")
                world.publisher.publish("prod")
                serving.refresh()
            stop.set()
            return {"a"}
        seen = set()
        while not stop.is_set():
            seen.add(serving.engine.decide("u", "e").variation)
        return seen

    assert set().union(*together(3, decide)) <= {"a", "b"}
