"""A definition that cannot be served holds up no other; the same definitions make the same snapshot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.definition.stage import BETA
from tests.unit.publishing.built import build, flag, nothing, told
from tests.unit.publishing.world import World
from variate.model import Document, FeatureFlag, FlagStatus
from variate.model.condition import read_condition
from variate.model.snapshot import Snapshot
from variate.publishing.building import Builder
from variate.publishing.content import flag_content
from variate.testing.builders import build_flag, build_override

GUARDRAIL = {"metric": "latency", "role": "guardrail"}


def spoil(world: World, flag_id: str, **fields: Any) -> None:
    """Write a flag's row by hand, past all checks."""
    found = world.memory.flags[flag_id]
    standing = {} if found.targeting is None else found.targeting.value
    world.memory.flags[flag_id] = build_flag(
        flag_id,
        targeting={**standing, **(fields or {"type": "nonsense"})},
        rules=[],
        status=FlagStatus.ACTIVE,
        revision=found.revision + 1,
    )


def test_of_sound_definitions_all_are_there_and_nothing_was_asked_of_before(full: World) -> None:
    def ask() -> None:
        raise AssertionError("what is in force was asked for")

    built = build(full, before=ask)
    assert built.problems == ()
    assert sorted(built.content["experiments"]) == ["e", "plain"]
    assert sorted(built.content["flags"]) == ["base", "beside", "free", "middle", "top"]


def test_the_same_definitions_have_the_same_digest_in_whatever_order_they_were_written(full: World) -> None:
    for unit in ("u", "v"):
        full.override_store.put(build_override(unit, target_id="plain", value="a"))
    first = Snapshot.of(build(full).content).digest
    memory = full.memory
    stored: list[dict[Any, Any]] = [memory.experiments, memory.flags, memory.definitions, full.override_store.overrides]
    for each in stored:
        items = list(each.items())
        each.clear()
        each.update(reversed(items))
    assert Snapshot.of(build(full).content).digest == first


def test_what_decides_nothing_is_not_in_the_digest(full: World) -> None:
    first = Snapshot.of(build(full).content).digest
    full.audiences.update_audience("beta", name="Testers", description="early")
    full.define("latency")
    full.experiments.update_experiment("plain", name="Colours", description="x", metrics=[GUARDRAIL])
    full.experiments.transfer_experiment_ownership("plain", "ana")
    assert Snapshot.of(build(full).content).digest == first


def test_a_bad_flag_is_served_as_it_was_before_and_the_others_as_they_are(full: World) -> None:
    before = build(full).content
    spoil(full, "beside")
    full.flags.update_feature_flag("base", default="off")
    built = build(full, before=lambda: before)
    assert told(built) == {"flag beside": "as it was before"}
    assert built.problems[0].error.code == "invalid_input"
    assert built.content["flags"]["beside"] == before["flags"]["beside"]
    assert built.content["flags"]["base"]["default"] == "off"


def test_a_bad_flag_that_nobody_served_before_is_left_out(full: World) -> None:
    spoil(full, "beside")
    built = build(full)
    assert told(built) == {"flag beside": "nothing"}
    assert sorted(built.content["flags"]) == ["base", "free", "middle", "top"]


def test_what_depends_on_one_that_is_left_out_is_left_out_too_however_far(full: World) -> None:
    spoil(full, "base")
    built = build(full)
    assert told(built) == {"flag base": "nothing", "flag middle": "nothing", "flag top": "nothing"}
    assert sorted(built.content["flags"]) == ["beside", "free"]


def test_what_depends_on_one_that_is_served_as_before_is_served_as_it_is(full: World) -> None:
    before = build(full).content
    spoil(full, "base")
    spoil(full, "middle", default="off")
    built = build(full, before=lambda: before)
    assert told(built) == {"flag base": "as it was before"}
    assert built.content["flags"]["middle"]["default"] == "off"


def test_what_was_before_is_no_help_where_it_does_not_work_any_more_either(full: World) -> None:
    before = build(full).content
    spoil(full, "middle")
    del full.memory.flags["base"]
    built = build(full, before=lambda: before)
    assert told(built) == {"flag middle": "nothing", "flag top": "nothing"}
    assert sorted(built.content["flags"]) == ["beside", "free"]


def test_a_circle_that_somebody_wrote_by_hand_is_broken_and_the_rest_served(full: World) -> None:
    before = build(full).content
    spoil(full, "base", prerequisites=[{"flag": "top", "variations": ["on"]}])
    built = build(full, before=lambda: before)
    assert "flag base" in told(built)
    assert {"base", "middle", "top", "beside", "free"} == set(built.content["flags"])
    assert built.content["flags"]["base"]["prerequisites"] == []


def test_a_chain_that_is_too_long_is_said_to_be_that(full: World) -> None:
    for number in range(250):
        targeting = {"prerequisites": [{"flag": f"f-{number + 1}", "variations": ["on"]}]} if number < 249 else {}
        full.memory.flags[f"f-{number}"] = build_flag(
            f"f-{number}", targeting=targeting, rules=[], status=FlagStatus.ACTIVE
        )
    first = build(full).problems[0]
    assert (first.id, first.served) == ("f-0", "nothing")
    assert first.error.code == "invalid_input"
    assert "depends on itself, or on too long a chain of others" in str(first.error)


@pytest.mark.parametrize("gone", [("audience", "beta"), ("layer", "checkout"), ("holdout", "new")])
def test_an_experiment_that_names_what_is_gone_is_held_back_alone(full: World, gone: tuple[str, str]) -> None:
    before = build(full).content
    del full.memory.definitions[gone]
    full.experiments.update_experiment("plain", traffic=50)
    built = build(full, before=lambda: before)
    stands = "nothing" if gone[0] == "audience" else "as it was before"
    assert told(built) == {"experiment e": stands}
    assert built.content["experiments"]["plain"]["traffic"] == 5_000
    assert built.content["experiments"].get("e") == (None if stands == "nothing" else before["experiments"]["e"])


def test_a_flag_that_serves_an_experiment_that_is_left_out_is_left_out_too(full: World) -> None:
    full.started("served", variations=[{"name": "on"}, {"name": "off"}], audience={"audience": "beta"})
    full.flags.create_feature_flag(
        "f", flag_id="f", type="boolean", status="active", rules=[{"serve": {"experiment": "served"}}]
    )
    del full.memory.definitions[("audience", "beta")]
    built = build(full)
    assert told(built) == {"experiment e": "nothing", "experiment served": "nothing", "flag f": "nothing"}


def test_what_was_held_back_is_served_once_it_is_mended(full: World) -> None:
    builder = Builder("prod")
    before = builder.build(full.catalogue.read(), before=nothing).content
    mended = full.memory.flags["base"]
    spoil(full, "base")
    held = builder.build(full.catalogue.read(), before=lambda: before)
    assert told(held) == {"flag base": "as it was before"}
    again = builder.build(full.catalogue.read(), before=lambda: held.content)
    assert (told(again), again.content) == (told(held), held.content)
    full.memory.flags["base"] = mended
    full.flags.update_feature_flag("base", default="off")
    found = builder.build(full.catalogue.read(), before=lambda: held.content)
    assert (told(found), found.content["flags"]["base"]["default"]) == ({}, "off")


def unlike_experiment(world: World) -> None:
    design = replace(world.memory.experiments["plain"].design, traffic=50)
    world.memory.experiments["plain"] = replace(world.memory.experiments["plain"], design=design)


def unlike_variation(world: World) -> None:
    first, *others = world.memory.experiments["plain"].variations
    variations = (replace(first, weight=7), *others)
    world.memory.experiments["plain"] = replace(world.memory.experiments["plain"], variations=variations)


def unlike_flag(world: World) -> None:
    rules = Document.of([{"name": "all", "serve": "off"}], field="rules")
    world.memory.flags["base"] = replace(world.memory.flags["base"], rules=rules)


def no_flag_any_more(world: World) -> None:
    nonsense = Document.of({"type": "nonsense"}, field="targeting")
    world.memory.flags["base"] = replace(world.memory.flags["base"], targeting=nonsense)


def unlike_group(world: World, kind: str, name: str, **fields: Any) -> None:
    key = (kind, name)
    world.memory.definitions[key] = replace(world.memory.definitions[key], **fields)


@pytest.mark.parametrize(
    "write",
    [
        unlike_experiment,
        unlike_variation,
        unlike_flag,
        no_flag_any_more,
        lambda world: unlike_group(world, "layer", "checkout", salt="another"),
        lambda world: unlike_group(world, "layer", "checkout", ranges={}),
        lambda world: unlike_group(world, "holdout", "new", percentage=50),
        lambda world: unlike_group(world, "audience", "beta", condition=read_condition("condition", {"not": BETA})),
    ],
)
def test_a_row_that_was_changed_by_hand_is_seen_though_its_revision_was_left(
    full: World, write: Callable[[World], None]
) -> None:
    builder = Builder("prod")
    sound = builder.build(full.catalogue.read(), before=nothing).content
    write(full)
    found = builder.build(full.catalogue.read(), before=lambda: sound)
    fresh = build(full, before=lambda: sound)
    assert (found.content, told(found)) == (fresh.content, told(fresh))
    assert found.content != sound or told(found)


def test_a_builder_that_remembers_builds_what_one_that_just_began_builds(full: World) -> None:
    """Each kind of change, in turn, is seen by a builder that has built before."""
    full.flags.create_feature_flag(
        "nav",
        flag_id="for beta",
        status="active",
        rules=[{"condition": {"audience": "beta"}, "serve": "on"}],
        owner="a",
    )
    builder = Builder("prod")
    changes: list[Callable[[], object]] = [
        lambda: full.experiments.update_experiment("plain", traffic=50),
        lambda: full.experiments.update_experiment_status("plain", "paused"),
        lambda: full.flags.update_feature_flag("base", default="off"),
        lambda: full.flags.update_feature_flag_status("base", "inactive"),
        lambda: full.flags.update_flag_environment("base", "prod", off="on"),
        lambda: full.override_store.put(build_override("u", target_id="e", value="b")),
        full.override_store.overrides.clear,
        lambda: full.experiments.update_experiment_status("e", "completed"),
        lambda: full.audiences.update_audience("beta", condition={"not": BETA}),
        lambda: full.holdouts.update_holdout("new", percentage=6),
        lambda: full.started("again", layer="checkout", layer_range=[0, 10], holdouts=["new"]),
        lambda: full.memory.definitions.pop(("holdout", "new")),
        lambda: full.holdouts.create_holdout("new", percentage=7),
        lambda: full.memory.definitions.pop(("audience", "beta")),
        lambda: spoil(full, "beside"),
        lambda: full.memory.flags.pop("beside"),
        lambda: full.flags.archive_feature_flag("top"),
        lambda: full.memory.flags.pop("base"),
    ]
    before: Mapping[str, Any] | None = None
    for change in changes:
        full.time.advance(seconds=1)
        change()
        served = before
        found = builder.build(full.catalogue.read(), before=lambda served=served: served)  # type: ignore[misc]
        fresh = Builder("prod").build(full.catalogue.read(), before=lambda served=served: served)  # type: ignore[misc]
        assert found.content == fresh.content
        assert sorted(told(found).items()) == sorted(told(fresh).items())
        before = Snapshot.of(found.content).content


def test_what_did_not_change_is_not_written_out_again(full: World, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []

    def writing(found: FeatureFlag, **named: Any) -> dict[str, Any]:
        written.append(found.id)
        return flag_content(found, **named)

    monkeypatch.setattr("variate.publishing.building.flag_content", writing)
    builder = Builder("prod")
    for _ in range(2):
        builder.build(full.catalogue.read(), before=nothing)
    assert sorted(written) == ["base", "beside", "free", "middle", "top"]
    full.flags.update_feature_flag("base", default="off")
    builder.build(full.catalogue.read(), before=nothing)
    assert written[5:] == ["base"]


def test_two_flags_of_one_id_in_turn_are_two(full: World) -> None:
    builder = Builder("prod")
    builder.build(full.catalogue.read(), before=nothing)
    found = full.memory.flags.pop("beside")
    full.time.advance(seconds=1)
    flag(full, "beside")
    full.memory.flags["beside"] = build_flag(
        "beside", rules={"free": "form"}, status=FlagStatus.ACTIVE, created_at=full.time(), revision=found.revision
    )
    built = builder.build(full.catalogue.read(), before=nothing)
    assert built.content["flags"]["beside"]["variations"] is None


def test_an_archived_experiment_that_a_flag_serves_gives_nothing_and_the_flag_goes_on(world: World) -> None:
    world.started(variations=[{"name": "on"}, {"name": "off"}])
    world.flags.create_feature_flag(
        "nav", flag_id="f", status="active", default="off", rules=[{"serve": {"experiment": "e"}}]
    )
    assert set(_published(world)["experiments"]) == {"e"}
    for status in ("completed", "archived"):
        world.experiments.update_experiment_status("e", status)
        content = _published(world)
        assert content["experiments"]["e"] == {"status": status, "version": 1}
        assert set(content["flags"]) == {"f"}


def test_an_archived_flag_that_another_requires_gives_its_off_value_and_the_other_goes_on(world: World) -> None:
    world.flags.create_feature_flag("base", flag_id="base", status="active", type="boolean")
    world.flags.create_feature_flag(
        "top", flag_id="top", status="active", prerequisites=[{"flag": "base", "variations": ["on"]}]
    )
    world.flags.archive_feature_flag("base")
    content = _published(world)
    assert (content["flags"]["base"]["enabled"], content["flags"]["top"]["enabled"]) == (False, True)
    world.flags.archive_feature_flag("top")
    assert _published(world)["flags"] == {}


def _published(world: World) -> Any:
    world.publisher.publish("prod")
    return world.content()
