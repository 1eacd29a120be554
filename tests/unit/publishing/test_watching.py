"""Whoever watches is told of each snapshot that a process comes to decide from."""

from __future__ import annotations

from tests.unit.publishing.world import World

ALL_ON = [{"name": "a"}]


def test_nothing_is_in_force_before_the_first_decision(world: World) -> None:
    world.started(variations=ALL_ON)
    serving = world.serve()
    assert serving.in_force() is None
    assert world.snapshots.asked == []


def test_what_is_in_force_is_told_with_what_it_holds(world: World) -> None:
    world.started(variations=ALL_ON)
    world.flags.create_feature_flag("nav", flag_id="f", type="boolean", status="active")
    serving = world.serve()
    serving.engine.decide("u", "e")
    served = serving.in_force()
    assert served is not None
    assert (served.publication.sequence, served.active_experiments) == (1, ("e",))
    assert "f" in served.flags
    assert "e" not in served.flags


def test_who_watches_is_told_of_each_exchange_until_that_is_ended(world: World) -> None:
    serving = world.serve()
    told = list[int]()

    def heard() -> None:
        served = serving.in_force()
        told.append(0 if served is None else served.publication.sequence)

    end = serving.watch(heard)
    serving.engine.decide("u", "e")
    world.started(variations=ALL_ON)
    world.publisher.publish("prod")
    serving.refresh()
    serving.refresh()  # the same again: nothing is exchanged
    assert told == [1, 2]
    end()
    world.flags.create_feature_flag("nav", flag_id="f", type="boolean", status="active")
    world.publisher.publish("prod")
    serving.refresh()
    assert told == [1, 2]
