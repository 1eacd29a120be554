"""A definition that cannot be served holds up no other; the same definitions make the same snapshot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from tests.unit.definition.stage import BETA
from tests.unit.publishing.world import World
from variate.decision import CompiledSnapshot, Surroundings
from variate.errors import InvalidInputError
from variate.model import Document, FeatureFlag, FlagStatus
from variate.model.snapshot import SNAPSHOT_FORMAT, Snapshot
from variate.publishing.building import Builder, Built
from variate.publishing.content import flag_content
from variate.testing.builders import build_flag, build_override

GUARDRAIL = {"metric": "latency", "role": "guardrail"}


def nothing() -> None:
    return None


def build(world: World, *, before: Callable[[], Mapping[str, Any] | None] = nothing) -> Built:
    """Build anew, as a process that just began."""
    built = Builder("prod").build(world.catalogue.read(), before=before)
    around = Surroundings(clock=lambda: 0.0, kept=lambda *_: None)
    compiled = CompiledSnapshot(built.content, around)
    keys = [(kind, key) for kind in ("experiments", "flags") for key in built.content[kind]]
    assert list(compiled.problems(keys)) == [], "everything that is served compiles"
    return built


def told(built: Built) -> dict[str, str]:
    return {f"{each.kind} {each.id}": each.served for each in built.problems}


def flag(world: World, flag_id: str, *needs: str) -> None:
    world.flags.create_feature_flag(
        flag_id,
        flag_id=flag_id,
        type="boolean",
        status="active",
        prerequisites=[{"flag": name, "variations": ["on"]} for name in needs],
    )


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


@pytest.fixture
def full(world: World) -> World:
    world.audiences.create_audience("beta", condition=BETA)
    world.layers.create_layer("checkout")
    world.holdouts.create_holdout("new", percentage=5)
    world.started(audience={"audience": "beta"}, layer="checkout", layer_range=[0, 50], holdouts=["new"])
    world.started("plain")
    for flag_id, needs in (("base", ()), ("middle", ("base",)), ("top", ("middle",)), ("beside", ())):
        flag(world, flag_id, *needs)
    world.flags.create_feature_flag("free", flag_id="free", rules={"any": "thing"}, status="active")
    return world


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


def test_what_cannot_be_read_is_served_as_it_was_before_and_the_others_as_they_are(full: World) -> None:
    before = build(full).content
    full.memory.spoilt |= {("experiment", "e"), ("flag", "base")}
    full.experiments.update_experiment("plain", traffic=50)
    built = build(full, before=lambda: before)
    assert told(built) == {"experiment e": "as it was before", "flag base": "as it was before"}
    assert built.content["experiments"]["e"] == before["experiments"]["e"]
    assert built.content["experiments"]["plain"]["traffic"] == 5_000
    assert built.content["flags"] == before["flags"]


def test_what_cannot_be_read_and_nobody_served_before_is_left_out(full: World) -> None:
    full.memory.spoilt.add(("experiment", "e"))
    built = build(full)
    assert told(built) == {"experiment e": "nothing"}
    assert list(built.content["experiments"]) == ["plain"]


def test_what_could_not_be_read_is_served_as_it_is_once_it_is_mended(full: World) -> None:
    builder = Builder("prod")
    before = builder.build(full.catalogue.read(), before=nothing).content
    full.memory.spoilt.add(("flag", "base"))
    held = builder.build(full.catalogue.read(), before=lambda: before)
    assert told(held) == {"flag base": "as it was before"}
    full.memory.spoilt.clear()
    full.flags.update_feature_flag("base", default="off")
    found = builder.build(full.catalogue.read(), before=lambda: held.content)
    assert (told(found), found.content["flags"]["base"]["default"]) == ({}, "off")


def test_an_audience_that_cannot_be_read_is_as_it_was_before(full: World) -> None:
    before = build(full).content
    full.memory.spoilt.add(("audience", "beta"))
    built = build(full, before=lambda: before)
    assert told(built) == {"audience beta": "as it was before"}
    assert built.content == before


@pytest.mark.parametrize("kind", ["layer", "holdout"])
def test_an_experiment_whose_layer_or_holdout_cannot_be_read_is_as_it_was_before(full: World, kind: str) -> None:
    before = build(full).content
    full.memory.spoilt.add((kind, {"layer": "checkout", "holdout": "new"}[kind]))
    built = build(full, before=lambda: before)
    names = {"layer": "layer checkout", "holdout": "holdout new"}
    assert told(built) == {names[kind]: "as it was before", "experiment e": "as it was before"}
    assert built.content == before


@pytest.mark.parametrize("value", ["NaN", "oops", '"\\ud800"', "[" * 100_000], ids=lambda value: value[:4])
def test_a_value_that_is_no_json_is_held_back_and_the_others_are_served(full: World, value: str) -> None:
    before = build(full).content
    full.memory.flags["beside"] = replace(full.memory.flags["beside"], targeting=Document(value), revision=2)
    experiment = full.memory.experiments["e"]
    variations = (replace(experiment.variations[0], value=Document(value)), *experiment.variations[1:])
    full.memory.experiments["e"] = replace(experiment, variations=variations, revision=experiment.revision + 1)
    built = build(full, before=lambda: before)
    assert told(built) == {"experiment e": "as it was before", "flag beside": "as it was before"}
    assert Snapshot.of(built.content).content == before


class TestAmongReleases:
    """A newer release published what this one cannot compile, and this one publishes while both are there."""

    NEWER: ClassVar[dict[str, Any]] = {"attribute": "plan", "operator": "sounds_like", "value": "beta"}

    def before(self, world: World, **changed: Any) -> dict[str, Any]:
        """What a newer release would have put into force."""
        found: dict[str, Any] = Snapshot.of(build(world).content).content
        for place, value in changed.items():
            kind, key, part = place.split("__")
            found[kind][key][part] = value
        return found

    def build(self, world: World, before: dict[str, Any]) -> Built:
        return Builder("prod").build(world.catalogue.read(), before=lambda: before)

    def test_what_this_release_can_neither_read_nor_compile_stays(self, full: World) -> None:
        before = self.before(full, experiments__plain__audience=self.NEWER)
        full.memory.spoilt.add(("experiment", "plain"))
        full.flags.update_feature_flag("base", default="off")
        built = self.build(full, before)
        assert told(built) == {"experiment plain": "as it was before"}
        assert "cannot be read" in str(built.problems[0].error)
        assert built.content["experiments"] == before["experiments"]
        assert built.content["flags"]["base"]["default"] == "off"

    @pytest.mark.parametrize(
        "rules", [[{"name": None, "condition": NEWER, "serve": "on"}], [{"serves": "on"}]], ids=str
    )
    def test_so_does_what_depends_on_it(self, full: World, rules: list[Any]) -> None:
        before = self.before(full, flags__base__rules=rules)
        full.memory.spoilt.add(("flag", "base"))
        built = self.build(full, before)
        assert told(built) == dict.fromkeys(("flag base", "flag middle", "flag top"), "as it was before")
        assert built.content["flags"] == before["flags"]

    def test_so_does_what_names_an_audience_of_it(self, full: World) -> None:
        before = self.before(full)
        before["audiences"]["beta"] = self.NEWER
        full.memory.spoilt.add(("audience", "beta"))
        built = self.build(full, before)
        assert told(built) == dict.fromkeys(("audience beta", "experiment e"), "as it was before")
        assert built.content == before

    def test_what_is_new_and_depends_on_it_is_left_out(self, full: World) -> None:
        rules = [{"name": None, "condition": self.NEWER, "serve": "on"}]
        before = self.before(full, flags__base__rules=rules)
        flag(full, "new", "base")
        full.memory.spoilt.add(("flag", "base"))
        built = self.build(full, before)
        assert told(built)["flag new"] == "nothing"
        assert built.content["flags"] == before["flags"]

    def test_a_builder_that_remembers_builds_the_same_again(self, full: World) -> None:
        builder = Builder("prod")
        builder.build(full.catalogue.read(), before=nothing)
        before = self.before(full, experiments__plain__audience=self.NEWER)
        full.memory.spoilt.add(("experiment", "plain"))
        for _ in range(2):
            built = builder.build(full.catalogue.read(), before=lambda: before)
            assert (told(built), built.content) == ({"experiment plain": "as it was before"}, before)

    def test_nothing_is_made_of_a_snapshot_of_a_newer_form(self, full: World) -> None:
        before = {**self.before(full, experiments__plain__audience=self.NEWER), "format": SNAPSHOT_FORMAT + 1}
        full.memory.spoilt.add(("experiment", "plain"))
        with pytest.raises(InvalidInputError, match="upgrade variate"):
            self.build(full, before)


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
