"""What cannot be read, or not be compiled by this release, stays as it was and holds up no other."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import pytest

from tests.unit.publishing.built import build, flag, nothing, told
from tests.unit.publishing.world import World
from variate.errors import InvalidInputError
from variate.model import Document
from variate.model.snapshot import SNAPSHOT_FORMAT, Snapshot
from variate.publishing.building import Builder, Built


def test_what_cannot_be_read_is_served_as_it_was_before_and_the_others_as_they_are(full: World) -> None:
    before = build(full).content
    full.memory.spoilt |= {("experiment", "e"), ("flag", "base")}
    full.experiments.update_experiment("plain", traffic=50)
    built = build(full, before=lambda: before)
    assert told(built) == {"experiment e": "as it was before", "flag base": "as it was before"}
    assert built.content["experiments"]["e"] == before["experiments"]["e"]
    assert built.content["experiments"]["plain"]["traffic"] == 5_000
    assert built.content["flags"] == before["flags"]


def test_a_flag_that_was_switched_off_is_off_though_its_rules_cannot_be_read(full: World) -> None:
    before = build(full).content
    switched = full.flags.update_feature_flag_status("base", "inactive")
    full.memory.flags["base"] = replace(switched, rules=Document.of([{"serve": "nowhere"}], field="rules"))
    built = build(full, before=lambda: before)
    assert "flag base" in told(built)
    assert built.content["flags"]["base"] == {**before["flags"]["base"], "enabled": False}
    assert before["flags"]["base"]["enabled"] is True


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


def test_what_is_archived_stays_where_a_flag_that_cannot_be_read_named_it(world: World) -> None:
    flag(world, "base")
    flag(world, "top", "base")
    world.flags.archive_feature_flag("base")
    before = build(world).content
    world.memory.spoilt.add(("flag", "top"))
    built = build(world, before=lambda: before)
    assert (told(built), built.content) == ({"flag top": "as it was before"}, before)
