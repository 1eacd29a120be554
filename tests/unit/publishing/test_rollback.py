"""A rollback moves nobody: who was assigned after the older snapshot is looked up from then on."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.definition.stage import BETA, DELAY
from tests.unit.publishing.world import World
from variate.model.decision import Reason
from variate.model.snapshot import Publication

UNITS = [f"u-{number}" for number in range(100)]


def weighted(**weights: int) -> list[dict[str, Any]]:
    return [{"name": name, "weight": weight} for name, weight in weights.items()]


def read(world: World) -> dict[str, bool | None]:
    """Return by experiment whether its ledger is read in what is in force; None where it is not active there."""
    return {key: record.get("reads_ledger") for key, record in world.content()["experiments"].items()}


def publish(world: World) -> Publication:
    return world.publisher.publish("prod").publication


def test_whoever_was_assigned_since_keeps_the_variation_and_the_others_are_drawn_as_before(world: World) -> None:
    ledger: dict[str, str] = {}
    serving = world.serve(kept=lambda _experiment, _version, unit: ledger.get(unit))
    world.started(variations=weighted(a=1, b=0))
    assert {serving.engine.decide(unit, "e").variation for unit in UNITS} == {"a"}
    world.experiments.update_experiment("e", variations=weighted(a=0, b=1))
    world.time.advance(seconds=DELAY.total_seconds() + 1)
    publish(world)
    serving.refresh()
    assigned, others = UNITS[:50], UNITS[50:]
    for unit in assigned:
        decision = serving.engine.decide(unit, "e")
        assert decision.variation == "b"
        ledger[unit] = "b"

    world.publisher.rollback("prod", to=1)
    serving.refresh()
    decisions = [serving.engine.decide(unit, "e") for unit in assigned]
    assert {(each.variation, each.reason) for each in decisions} == {("b", Reason.KEPT)}
    assert {serving.engine.decide(unit, "e").variation for unit in others} == {"a"}


@pytest.mark.parametrize(
    "change",
    [{"variations": weighted(a=1, b=1)}, {"traffic": 50}, {"audience": BETA}],
    ids=lambda change: next(iter(change)),
)
def test_whatever_of_the_allocation_changed_since_the_ledger_is_read(world: World, change: dict[str, Any]) -> None:
    world.started(variations=weighted(a=1, b=3))
    first = publish(world)
    older = world.content()
    world.experiments.update_experiment("e", **change)
    publish(world)
    back = world.publisher.rollback("prod", to=1)
    assert back.digest != first.digest
    record = older["experiments"]["e"] | {"reads_ledger": True}
    assert world.content() == older | {"experiments": {"e": record}}
    assert world.snapshots.snapshots[first.digest].content == older, "the older one stays as it was"


def test_back_to_weights_that_were_changed_twice_the_ledger_is_read_though_they_are_the_same_again(
    world: World,
) -> None:
    world.started(variations=weighted(a=1, b=3))
    publish(world)
    for weights in (weighted(a=1, b=0), weighted(a=1, b=3)):
        world.experiments.update_experiment("e", variations=weights)
        world.time.advance(seconds=DELAY.total_seconds() + 1)
        publish(world)
    world.publisher.rollback("prod", to=1)
    assert read(world) == {"e": True}


def test_only_the_experiments_that_share_units_out_otherwise_read_their_ledger(world: World) -> None:
    world.started("changed")
    world.started("same")
    publish(world)
    world.experiments.update_experiment("changed", traffic=50)
    world.experiments.update_experiment("same", ends_at="2041-01-01T00:00:00Z", takes_new_units=False)
    publish(world)
    world.publisher.rollback("prod", to=1)
    assert read(world) == {"changed": True, "same": False}


def test_where_no_experiment_shares_units_out_otherwise_the_digest_is_the_older_ones(world: World) -> None:
    world.started()
    first = publish(world)
    world.draft("new")
    world.flags.create_feature_flag("nav", flag_id="f", type="boolean")
    world.overrides.create_override("u", "e", "b")
    publish(world)
    assert world.publisher.rollback("prod", to=1).digest == first.digest
    assert read(world) == {"e": False}


@pytest.mark.parametrize("then", ["a new version", "archived"])
def test_whoever_was_assigned_before_a_new_version_or_the_end_keeps_the_variation(world: World, then: str) -> None:
    ledger: dict[tuple[int, str], str] = {}
    serving = world.serve(kept=lambda _experiment, version, unit: ledger.get((version, unit)))
    world.started(variations=weighted(a=1, b=0))
    publish(world)
    world.experiments.update_experiment("e", variations=weighted(a=0, b=1))
    world.time.advance(seconds=DELAY.total_seconds() + 1)
    publish(world)
    assert serving.engine.decide("u", "e").variation == "b"
    ledger[(1, "u")] = "b"
    if then == "archived":
        world.experiments.update_experiment_status("e", "completed")
        world.experiments.archive_experiment("e")
    else:
        world.experiments.start_new_version("e", variations=weighted(a=1, b=1))
        ledger[(2, "u")] = "a"
    publish(world)

    world.publisher.rollback("prod", to=1)
    serving.refresh()
    decision = serving.engine.decide("u", "e")
    assert (decision.variation, decision.reason, decision.version) == ("b", Reason.KEPT, 1)


def test_to_another_version_the_ledger_is_read_since_the_last_allocation_of_that_one_is_not_known(world: World) -> None:
    world.started()
    publish(world)
    world.experiments.start_new_version("e", variations=weighted(a=1, b=1))
    publish(world)
    world.publisher.rollback("prod", to=1)
    assert read(world) == {"e": True}
    world.publisher.rollback("prod", to=2)
    assert read(world) == {"e": True}


def test_to_what_is_not_there_now_the_ledger_is_read_and_of_what_was_not_running_there_is_none(world: World) -> None:
    world.draft("launched")
    world.started("gone")
    publish(world)
    world.experiments.update_experiment_status("launched", "active")
    world.experiments.update_experiment("launched", traffic=50)
    for status in ("completed", "archived"):
        world.experiments.update_experiment_status("gone", status)
    publish(world)
    world.publisher.rollback("prod", to=1)
    assert read(world) == {"launched": None, "gone": True}


def test_a_rollback_that_loses_a_race_is_compared_with_what_the_rival_brought(world: World) -> None:
    world.started()
    publish(world)
    rivals = iter([world.another_publisher()])

    def overtaken() -> None:
        for rival in rivals:
            world.experiments.update_experiment("e", traffic=50)
            rival.publish("prod")

    world.snapshots.before["append"] = overtaken
    assert world.publisher.rollback("prod", to=1).sequence == 3
    assert read(world) == {"e": True}


def test_what_is_published_after_a_rollback_is_as_the_definitions_are(world: World) -> None:
    world.started()
    publish(world)
    world.experiments.update_experiment("e", traffic=50)
    second = publish(world)
    world.publisher.rollback("prod", to=1)
    assert publish(world).digest == second.digest
    assert read(world) == {"e": False}
