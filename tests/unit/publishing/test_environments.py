"""A change is published in every environment that is served, and none of them holds up another."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from tests.unit.definition.stage import ENVIRONMENTS
from tests.unit.publishing.world import World
from variate.errors import StoreError, StoreUnavailableError
from variate.publishing.catalogue import Catalogue, Definitions


@pytest.fixture
def served(world: World) -> World:
    """A world with something in force in each environment."""
    world.flags.create_feature_flag("nav", flag_id="f", type="boolean")
    for environment in ENVIRONMENTS:
        world.flags.update_flag_environment("f", environment, enabled=environment == "dev")
        world.publisher.publish(environment)
    return world


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[Definitions]:
    """What was read of the definitions from here on, as often as it was."""
    found: list[Definitions] = []
    read = Catalogue.read

    def reading(catalogue: Catalogue) -> Definitions:
        found.append(read(catalogue))
        return found[-1]

    monkeypatch.setattr(Catalogue, "read", reading)
    return found


def sequences(world: World) -> dict[str, int]:
    return {each: world.sequences(each)[-1] for each in ENVIRONMENTS}


def experiments(world: World) -> dict[str, list[str]]:
    return {each: sorted(world.content(each)["experiments"]) for each in ENVIRONMENTS}


def test_one_change_reads_the_definitions_once_and_asks_once_what_is_in_force(
    served: World, readings: list[Definitions]
) -> None:
    served.draft()
    served.snapshots.asked.clear()
    assert served.publisher.publish_changes()
    assert experiments(served) == {each: ["e"] for each in ENVIRONMENTS}
    assert (len(readings), served.snapshots.asked.count("latest")) == (1, len(ENVIRONMENTS))


def test_where_every_environment_is_at_a_rollback_nothing_is_read(served: World, readings: list[Definitions]) -> None:
    for environment in ENVIRONMENTS:
        served.publisher.rollback(environment, to=1)
    served.draft()
    assert served.publisher.publish_changes()
    assert (readings, sequences(served)) == ([], dict.fromkeys(ENVIRONMENTS, 2))


def test_an_environment_in_which_another_published_meanwhile_is_published_of_what_there_is_then(
    served: World, readings: list[Definitions]
) -> None:
    rivals = iter([served.another_publisher()])

    def overtaken() -> None:
        for rival in rivals:  # when the definitions were read and only one environment is about to have them
            served.draft("new")
            rival.publish("prod")

    served.draft("old")
    served.snapshots.before["put"] = overtaken
    assert served.publisher.publish_changes()
    assert experiments(served) == {"dev": ["old"], "staging": ["old"], "prod": ["new", "old"]}
    assert sequences(served) == dict.fromkeys(ENVIRONMENTS, 2)
    assert len(readings) == 3, "once for all, once by the rival, and once for the environment that it overtook"


def test_one_whose_snapshot_in_force_is_damaged_holds_up_no_other(
    served: World, caplog: pytest.LogCaptureFixture
) -> None:
    served.snapshots.damaged.add(served.snapshots.history["dev"][-1].digest)
    served.memory.spoilt.add(("flag", "f"))  # so that what is in force has to be read
    served.draft()
    with (
        caplog.at_level(logging.WARNING, logger="variate.publishing"),
        pytest.raises(StoreError, match="damaged"),
    ):
        served.publisher.publish_changes()
    assert sequences(served) == {"dev": 1, "staging": 2, "prod": 2}
    assert "nothing was published in dev: " in caplog.text


def test_of_several_that_fail_the_first_is_raised(served: World) -> None:
    dev, staging = (served.snapshots.history[each][-1].digest for each in ("dev", "staging"))
    assert dev != staging
    served.snapshots.damaged |= {dev, staging}
    served.memory.spoilt.add(("flag", "f"))
    served.draft()
    with pytest.raises(StoreError, match=dev):
        served.publisher.publish_changes()
    assert sequences(served) == {"dev": 1, "staging": 1, "prod": 2}


@pytest.mark.parametrize("call", ["latest", "put"])
def test_a_store_that_is_away_is_asked_no_more(served: World, call: str) -> None:
    served.draft()
    tries: list[Any] = []

    def away() -> None:
        tries.append(call)
        raise StoreUnavailableError("away")

    served.snapshots.before[call] = away
    with pytest.raises(StoreUnavailableError):
        served.publisher.publish_changes()
    assert tries == [call]
