"""What is in force is what was defined, and nothing older ever replaces it."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.publishing.world import World
from variate.errors import (
    ConflictError,
    DecryptionError,
    InvalidInputError,
    NotFoundError,
    StoreError,
    StoreUnavailableError,
    VariateError,
)
from variate.model.rules import shown
from variate.model.snapshot import PublicationKind
from variate.publishing.publisher import channel
from variate.testing.builders import build_flag
from variate.testing.conformance.concurrency import together


def test_what_is_in_force_first_is_published_once_and_then_found(world: World) -> None:
    world.started()
    first = world.publisher.first_publication("prod")
    assert (first.sequence, first.environment, first.actor, first.kind) == (1, "prod", "somebody", "publish")
    assert list(world.content()["experiments"]) == ["e"]
    world.draft("later")
    assert world.publisher.first_publication("prod") == first
    assert world.another_publisher().first_publication("prod") == first
    assert world.sequences() == [1]


def test_a_change_made_while_the_first_snapshot_is_built_is_in_force_too(world: World) -> None:
    elsewhere, changes = world.another_publisher(), iter(["new"])

    def change() -> None:
        for name in changes:
            world.draft(name)
            assert not elsewhere.publish_changes(), "nothing is served yet, so whoever changes publishes nothing"

    world.snapshots.before["put"] = change
    latest = world.publisher.first_publication("prod")
    assert list(world.content()["experiments"]) == ["new"]
    assert latest == world.snapshots.latest("prod")


def test_a_publication_is_announced_with_its_sequence_on_the_channel_of_its_environment(world: World) -> None:
    world.publisher.publish("prod")
    world.draft()
    world.publisher.publish("prod")
    world.publisher.rollback("prod", to=1)
    assert world.announcements.said == [(channel("prod"), text) for text in "123"]
    assert channel("prod") != channel("dev")


def test_content_that_did_not_change_is_not_published_again(world: World) -> None:
    first = world.publisher.publish("prod").publication
    world.publisher.publish_changes()
    assert world.publisher.publish("prod").publication == first
    assert (world.sequences(), len(world.announcements.said)) == ([1], 1)


def test_to_publish_on_purpose_mends_what_is_in_force_also_where_nothing_changed(world: World) -> None:
    world.started()
    first = world.publisher.publish("prod").publication
    world.snapshots.damaged.add(first.digest)
    starting = world.serve()
    with pytest.raises(StoreError, match="damaged"):
        starting.engine.decide("u", "e")
    assert world.another_publisher().publish("prod").publication == first
    assert starting.engine.decide("u", "e").variation is not None


def test_changes_are_published_where_anybody_ever_decided_and_nowhere_else(world: World) -> None:
    for environment in ("dev", "prod"):
        world.publisher.first_publication(environment)
    world.draft()
    assert world.publisher.publish_changes()
    assert (world.sequences("dev"), world.sequences("staging"), world.sequences("prod")) == ([1, 2], [], [1, 2])


def test_where_nobody_ever_decided_there_is_nothing_to_publish(world: World) -> None:
    world.draft()
    assert not world.publisher.publish_changes()
    assert world.snapshots.history == {}


def test_each_environment_has_its_own_state_of_a_flag(world: World) -> None:
    world.flags.create_feature_flag("nav", flag_id="f", type="boolean", status="active")
    world.flags.update_flag_environment("f", "prod", enabled=False)
    for environment in ("dev", "prod"):
        world.publisher.publish(environment)
    assert [world.content(name)["flags"]["f"]["enabled"] for name in ("dev", "prod")] == [True, False]
    assert [world.content(name)["environment"] for name in ("dev", "prod")] == ["dev", "prod"]
    world.flags.update_flag_environment("f", "prod", default="off")
    world.publisher.publish_changes()
    assert [world.content(name)["flags"]["f"]["default"] for name in ("dev", "prod")] == ["on", "off"]


def test_who_publishes_and_why_is_kept(world: World) -> None:
    made = world.publisher.publish("prod", actor="ana", reason="the release").publication
    assert (made.actor, made.reason) == ("ana", "the release")
    assert world.snapshots.latest("prod") == made
    with pytest.raises(InvalidInputError, match=r"^actor: "):
        world.publisher.publish("prod", actor=" ")
    for environment in ("", "a b", "x" * 65):
        with pytest.raises(InvalidInputError, match=r"^environment: "):
            world.publisher.publish(environment)


def test_what_was_read_before_a_change_never_replaces_what_was_read_after_it(world: World) -> None:
    world.publisher.publish("prod")
    slow, rivals = world.publisher, iter([world.another_publisher()])

    def overtaken() -> None:
        for rival in rivals:  # between the reading of the slow one and its writing
            world.draft("new")
            assert rival.publish("prod").publication.sequence == 2

    world.draft("old")
    world.snapshots.before["put"] = overtaken
    made = slow.publish("prod").publication
    assert sorted(world.content()["experiments"]) == ["new", "old"]
    assert world.sequences() == [1, 2]
    assert made.sequence == 2, "the slow one reads again, finds what it wanted in force, and publishes nothing"


def test_a_publication_that_loses_the_race_is_made_again_of_what_there_is_then(world: World) -> None:
    world.publisher.publish("prod")
    rivals = iter([world.another_publisher()])

    def overtaken() -> None:
        for rival in rivals:
            rival.publish("prod")
            world.draft("newest")  # the rival did not see it

    world.draft("old")
    world.snapshots.before["append"] = overtaken
    made = world.publisher.publish("prod").publication
    assert (made.sequence, world.sequences()) == (3, [1, 2, 3])
    assert sorted(world.content()["experiments"]) == ["newest", "old"]


def test_who_loses_every_race_says_so(world: World) -> None:
    world.publisher.publish("prod")

    def always_beaten() -> None:
        latest = world.snapshots.history["prod"][-1]
        world.snapshots.history["prod"].append(replace(latest, sequence=latest.sequence + 1, actor="rival"))

    world.draft()
    world.snapshots.before["append"] = always_beaten
    with pytest.raises(ConflictError, match="try again"):
        world.publisher.publish("prod")
    with pytest.raises(ConflictError, match="try again"):
        world.publisher.rollback("prod", to=1)


def test_many_who_publish_at_once_leave_a_history_without_a_gap_that_ends_in_the_newest(world: World) -> None:
    world.publisher.publish("prod")
    publishers = [world.another_publisher() for _ in range(6)]

    def change_and_publish(number: int) -> None:
        world.draft(f"e-{number}")
        publishers[number].publish("prod")

    together(6, change_and_publish)
    history = world.snapshots.history["prod"]
    assert [each.sequence for each in history] == list(range(1, len(history) + 1))
    sizes = [len(world.snapshots.snapshots[each.digest].content["experiments"]) for each in history]
    assert sizes == sorted(sizes), "never from more to less"
    assert sizes[-1] == 6


@pytest.mark.parametrize("by", ["sequence", "digest"])
def test_a_rollback_brings_an_older_snapshot_back_by_its_sequence_or_its_digest(world: World, by: str) -> None:
    first = world.publisher.publish("prod").publication
    world.draft()
    world.publisher.publish("prod")
    to = first.sequence if by == "sequence" else first.digest
    back = world.publisher.rollback("prod", to=to, actor="ana", reason="it broke")
    assert (back.sequence, back.digest, back.kind) == (3, first.digest, PublicationKind.ROLLBACK)
    assert (back.actor, back.reason) == ("ana", "it broke")
    assert world.content()["experiments"] == {}


def test_after_a_rollback_changes_wait_until_somebody_publishes_on_purpose(world: World) -> None:
    world.publisher.publish("prod")
    world.publisher.publish("dev")
    world.publisher.rollback("prod", to=1)
    world.draft()
    world.publisher.publish_changes()
    assert (world.content()["experiments"], list(world.content("dev")["experiments"])) == ({}, ["e"])
    assert world.publisher.first_publication("prod").kind is PublicationKind.ROLLBACK
    published = world.publisher.publish("prod")
    assert (published.publication.sequence, published.publication.kind, published.held) == (3, "publish", False)
    assert list(world.content()["experiments"]) == ["e"]
    world.draft("another")
    world.publisher.publish_changes()
    assert sorted(world.content()["experiments"]) == ["another", "e"]


def test_to_publish_lifts_a_rollback_also_where_it_brings_the_same_content(world: World) -> None:
    world.publisher.publish("prod")
    world.publisher.rollback("prod", to=1)
    assert world.publisher.publish("prod").publication.sequence == 3
    assert world.snapshots.history["prod"][-1].kind is PublicationKind.PUBLISH


def test_a_rollback_that_loses_a_race_comes_after_the_rival(world: World) -> None:
    world.publisher.publish("prod")
    rivals = iter([world.another_publisher()])

    def overtaken() -> None:
        for rival in rivals:
            world.draft()
            rival.publish("prod")

    world.snapshots.before["append"] = overtaken
    assert world.publisher.rollback("prod", to=1).sequence == 3
    assert world.content()["experiments"] == {}


@pytest.mark.parametrize("to", [0, -1, 2, 99, 2**53, 2**63, 10**30, -(10**30), 10**5_000, "0" * 64], ids=shown)
def test_a_rollback_to_what_never_was_is_not_found(world: World, to: int | str) -> None:
    world.publisher.publish("prod")
    with pytest.raises(NotFoundError):
        world.publisher.rollback("prod", to=to)
    assert world.sequences() == [1]


def test_a_rollback_to_a_snapshot_of_another_environment_is_not_found(world: World) -> None:
    world.publisher.publish("prod")
    elsewhere = world.publisher.publish("dev").publication.digest
    with pytest.raises(NotFoundError, match=elsewhere):
        world.publisher.rollback("prod", to=elsewhere)
    assert (world.sequences(), world.content()["environment"]) == ([1], "prod")


def test_a_rollback_to_a_snapshot_that_was_purged_is_not_found(world: World) -> None:
    world.publisher.publish("prod")
    world.draft()
    world.publisher.publish("prod")
    del world.snapshots.snapshots[world.snapshots.history["prod"][0].digest]
    with pytest.raises(NotFoundError, match="snapshot"):
        world.publisher.rollback("prod", to=1)


def test_a_rollback_to_what_is_no_digest_is_refused(world: World) -> None:
    world.publisher.publish("prod")
    with pytest.raises(InvalidInputError, match=r"^to: must be a digest"):
        world.publisher.rollback("prod", to="yesterday")
    with pytest.raises(InvalidInputError, match=r"^environment: "):
        world.publisher.rollback("", to=1)


@pytest.mark.parametrize("to", [True, False, None, 1.0, b"1"], ids=repr)
def test_a_rollback_to_what_is_neither_a_sequence_nor_a_digest_is_refused(world: World, to: Any) -> None:
    world.publisher.publish("prod")
    with pytest.raises(InvalidInputError, match=r"^to: must be a whole number"):
        world.publisher.rollback("prod", to=to)
    assert world.sequences() == [1]


def test_that_nobody_could_be_told_is_no_failure(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def unheard(channel: str, text: str) -> None:
        raise StoreUnavailableError("nobody there")

    monkeypatch.setattr(world.announcements, "announce", unheard)
    with caplog.at_level(logging.WARNING, logger="variate.publishing"):
        assert world.publisher.publish("prod").publication.sequence == 1
        assert world.publisher.rollback("prod", to=1).sequence == 2
    assert caplog.text.count("was not announced: nobody there") == 2


def test_while_the_store_is_away_nothing_is_published_and_what_was_in_force_stays(world: World) -> None:
    world.publisher.publish("prod")
    world.draft()
    world.snapshots.away = True
    for call in (lambda: world.publisher.publish("prod"), world.publisher.publish_changes):
        with pytest.raises(StoreUnavailableError):
            call()
    world.snapshots.away = False
    assert world.sequences() == [1]
    world.publisher.publish_changes()
    assert world.sequences() == [1, 2]


def test_what_is_held_back_is_told_and_logged_and_what_was_served_before_stays(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.flags.create_feature_flag("nav", flag_id="f", type="boolean")
    world.publisher.publish("prod")
    served = world.content()["flags"]["f"]
    world.memory.flags["f"] = build_flag("f", targeting={"type": "nonsense"}, rules=[], revision=2)
    world.draft()
    with caplog.at_level(logging.ERROR, logger="variate.publishing"):
        published = world.publisher.publish("prod")
    (problem,) = published.problems
    assert (problem.kind, problem.id, problem.served) == ("flag", "f", "as it was before")
    assert "flag 'f' is held back, as it was before is served: type: must be one of" in caplog.text
    assert (world.content()["flags"]["f"], list(world.content()["experiments"])) == (served, ["e"])


@pytest.mark.parametrize("error", [StoreUnavailableError("away"), DecryptionError("another key")], ids=repr)
def test_while_the_snapshot_in_force_cannot_be_read_nothing_is_published_that_would_lose_what_is_held_back(
    world: World, error: VariateError
) -> None:
    world.flags.create_feature_flag("nav", flag_id="f", type="boolean")
    world.publisher.publish("prod")
    served = world.content()["flags"]["f"]
    world.memory.spoilt.add(("flag", "f"))
    world.draft()

    def gone() -> None:
        raise error

    world.snapshots.before["get"] = gone
    with pytest.raises(type(error)):
        world.publisher.publish("prod")
    assert world.sequences() == [1]
    world.snapshots.before.clear()
    world.publisher.publish("prod")
    assert (world.content()["flags"]["f"], list(world.content()["experiments"])) == (served, ["e"])


def test_a_snapshot_in_force_that_cannot_be_read_does_not_hold_up_sound_definitions(world: World) -> None:
    world.publisher.publish("prod")
    world.draft()

    def gone() -> None:
        raise StoreUnavailableError("away")

    world.snapshots.before["get"] = gone
    assert world.publisher.publish("prod").problems == ()
    assert world.sequences() == [1, 2]


@pytest.mark.parametrize("kind", ["experiment", "flag"])
def test_what_cannot_be_read_stays_as_it_was_and_the_others_are_published(
    world: World, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    world.draft("one")
    world.flags.create_feature_flag("nav", flag_id="one", type="boolean")
    world.publisher.publish("prod")
    served = world.content()
    world.memory.spoilt.add((kind, "one"))
    world.draft("other")
    with caplog.at_level(logging.ERROR, logger="variate.publishing"):
        assert world.publisher.publish_changes()
    assert world.content()[f"{kind}s"]["one"] == served[f"{kind}s"]["one"]
    assert "other" in world.content()["experiments"]
    assert f"{kind} 'one' is held back, as it was before is served: {kind}: 'one' cannot be read" in caplog.text
    world.memory.spoilt.clear()
    assert world.publisher.publish("prod").problems == ()
