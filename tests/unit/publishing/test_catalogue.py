"""All definitions are read, however many, and what was changed just now also where a list is late to show it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.unit.definition.stage import BETA
from tests.unit.publishing.world import World
from variate.errors import InvalidInputError
from variate.model import FeatureFlag, Override, OverrideTarget, Page
from variate.publishing.catalogue import SETTLING
from variate.testing.builders import build_flag, build_override

EXPERIMENT, FLAG = OverrideTarget


@pytest.fixture
def late(world: World, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world whose lists of flags and overrides show what there was when this began, as a late index does."""
    flags, overrides = list(world.flag_store.list(limit=100)), world.override_store.of_type
    shown = {target: tuple(overrides(target, at=world.time(), limit=100)) for target in OverrideTarget}
    monkeypatch.setattr(world.flag_store, "list", lambda **_: Page(tuple(flags), None))
    monkeypatch.setattr(world.override_store, "of_type", lambda target, **_: Page(shown[target], None))
    return world


def put(world: World, **given: Any) -> Override:
    """Put an override made now and tell the catalogue of it, as a delivery does."""
    made = build_override("u", created_at=world.clock(), **given)
    world.override_store.put(made)
    world.catalogue.override_changed(unit=made.unit, target=made.target, target_id=made.target_id, at=made.created_at)
    return made


def test_every_page_is_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("variate.model.page.MAX_PAGE", 2)
    makers: list[Callable[[str], object]] = [
        world.draft,
        lambda name: world.flags.create_feature_flag(name, flag_id=name),
        lambda name: world.audiences.create_audience(name, condition=BETA),
        world.layers.create_layer,
        lambda name: world.holdouts.create_holdout(name, percentage=5),
        lambda name: world.override_store.put(build_override(name, target_id="d-0")),
        lambda name: world.override_store.put(build_override(name, target=FLAG, target_id=name)),
    ]
    names = [f"d-{number}" for number in range(5)]
    for make in makers:
        for name in names:
            make(name)
    found = world.catalogue.read()
    for kind in (found.experiments, found.flags, found.audiences, found.layers, found.holdouts):
        assert sorted(kind) == names
    assert [each.unit for each in found.overrides[(EXPERIMENT, "d-0")]] == names
    assert [len(found.overrides[(FLAG, name)]) for name in names] == [1] * 5


def test_an_override_that_expired_is_not_read(world: World) -> None:
    world.override_store.put(build_override("u", expires_at=world.time() + timedelta(hours=1)))
    assert len(world.catalogue.read().overrides) == 1
    world.time.advance(hours=1)
    assert world.catalogue.read().overrides == {}


def test_a_flag_that_no_list_shows_yet_is_read_once_its_change_is_told_of(late: World) -> None:
    late.flags.create_feature_flag("nav", flag_id="f")
    assert list(late.catalogue.read().flags) == []
    late.catalogue.flag_changed("f", at=late.clock())
    assert list(late.catalogue.read().flags) == ["f"]


def test_a_flag_that_a_list_shows_as_it_was_is_read_as_it_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    old = world.flags.create_feature_flag("nav", flag_id="f")
    monkeypatch.setattr(world.flag_store, "list", lambda **_: Page((old,), None))
    new = world.flags.update_feature_flag("f", name="navigation")
    assert world.catalogue.read().flags == {"f": old}
    world.catalogue.flag_changed("f", at=new.updated_at)
    assert world.catalogue.read().flags == {"f": new}
    archived = world.flags.archive_feature_flag("f")
    world.catalogue.flag_changed("f", at=archived.updated_at)
    assert world.catalogue.read().flags == {"f": archived}


def test_an_older_change_told_of_late_does_not_hide_a_newer_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first = world.flags.create_feature_flag("nav", flag_id="f")
    second = world.flags.update_feature_flag("f", name="navigation")
    monkeypatch.setattr(world.flag_store, "list", lambda **_: Page((first,), None))
    world.catalogue.flag_changed("f", at=second.updated_at)
    world.catalogue.flag_changed("f", at=first.updated_at)
    assert world.catalogue.read().flags == {"f": second}


def test_what_a_list_shows_already_is_not_read_by_its_id(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    made = world.flags.create_feature_flag("nav", flag_id="f")
    world.catalogue.flag_changed("f", at=made.updated_at)
    put(world, target_id="e")

    def read(*_: object, **__: object) -> None:
        raise AssertionError("read by its id")

    monkeypatch.setattr(world.flag_store, "get", read)
    monkeypatch.setattr(world.override_store, "get", read)
    assert list(world.catalogue.read().flags) == ["f"]
    assert list(world.catalogue.read().overrides) == [(EXPERIMENT, "e")]


def test_a_change_of_a_flag_that_is_gone_leaves_what_the_list_shows(world: World) -> None:
    world.catalogue.flag_changed("nobody", at=world.clock())
    assert world.catalogue.read().flags == {}


def test_after_a_minute_the_lists_are_believed(late: World) -> None:
    late.flags.create_feature_flag("nav", flag_id="f")
    late.catalogue.flag_changed("f", at=late.time())
    put(late, target_id="e")
    late.time.advance(seconds=SETTLING.total_seconds() - 1)
    assert (len(late.catalogue.read().flags), len(late.catalogue.read().overrides)) == (1, 1)
    late.time.advance(seconds=2)
    assert (len(late.catalogue.read().flags), len(late.catalogue.read().overrides)) == (0, 0)


@pytest.mark.parametrize("target", OverrideTarget)
def test_an_override_that_no_list_shows_yet_is_read_once_it_is_told_of(late: World, target: OverrideTarget) -> None:
    made = put(late, target=target, target_id="e")
    assert late.catalogue.read().overrides == {(target, "e"): (made,)}


def test_an_override_that_a_list_still_shows_is_gone_once_its_removal_is_told_of(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, other = put(world, target_id="e"), build_override("v", target_id="e")
    shown = {EXPERIMENT: (made, other), FLAG: ()}
    monkeypatch.setattr(world.override_store, "of_type", lambda target, **_: Page(shown[target], None))
    removed = world.clock()
    world.override_store.remove(unit="u", target=EXPERIMENT, target_id="e", at=removed)
    world.catalogue.override_changed(unit="u", target=EXPERIMENT, target_id="e", at=removed)
    assert world.catalogue.read().overrides == {(EXPERIMENT, "e"): (other,)}


def test_an_override_put_over_another_is_read_as_it_is(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    old = put(world, target_id="e", value="a")
    shown = {EXPERIMENT: (old,), FLAG: ()}
    monkeypatch.setattr(world.override_store, "of_type", lambda target, **_: Page(shown[target], None))
    new = put(world, target_id="e", value="b")
    assert world.catalogue.read().overrides == {(EXPERIMENT, "e"): (new,)}


def test_an_older_override_told_of_late_does_not_hide_a_newer_one(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = put(world, target_id="e", value="a")
    second = put(world, target_id="e", value="b")
    shown = {EXPERIMENT: (first,), FLAG: ()}
    monkeypatch.setattr(world.override_store, "of_type", lambda target, **_: Page(shown[target], None))
    world.catalogue.override_changed(unit="u", target=EXPERIMENT, target_id="e", at=first.created_at)
    assert world.catalogue.read().overrides == {(EXPERIMENT, "e"): (second,)}


def test_overrides_stand_in_order_of_their_units(world: World) -> None:
    for unit in ("v", "u", "w"):
        world.override_store.put(build_override(unit, target_id="e"))
    assert [each.unit for each in world.catalogue.read().overrides[(EXPERIMENT, "e")]] == ["u", "v", "w"]


def test_a_free_form_flag_is_read_as_any_other(world: World) -> None:
    world.memory.flags["f"] = build_flag("f", rules=[{"country": "NL"}])
    assert world.catalogue.read().flags["f"].targeting is None


@pytest.mark.parametrize("kind", ["experiments", "flags", "audiences", "layers", "holdouts"])
def test_what_cannot_be_read_is_told_and_the_others_are_read(
    world: World, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr("variate.model.page.MAX_PAGE", 2)
    names = [f"d-{number}" for number in range(5)]
    for name in names:
        world.draft(name)
        world.flags.create_feature_flag(name, flag_id=name)
        world.audiences.create_audience(name, condition=BETA)
        world.layers.create_layer(name)
        world.holdouts.create_holdout(name, percentage=5)
    world.memory.spoilt.add((kind.removesuffix("s"), "d-2"))
    found = world.catalogue.read()
    read = {each: sorted(getattr(found, each)) for each in ("experiments", "flags", "audiences", "layers", "holdouts")}
    assert read == {each: [name for name in names if (each, name) != (kind, "d-2")] for each in read}
    assert list(found.unreadable) == [(kind, "d-2")]
    assert "'d-2' cannot be read" in str(found.unreadable[(kind, "d-2")])


@pytest.mark.parametrize("shown", [True, False])
def test_a_flag_that_a_list_shows_as_it_was_cannot_be_read_as_it_is(
    world: World, monkeypatch: pytest.MonkeyPatch, *, shown: bool
) -> None:
    made = world.flags.create_feature_flag("nav", flag_id="f")
    monkeypatch.setattr(world.flag_store, "list", lambda **_: Page((made,) if shown else (), None))
    world.memory.spoilt.add(("flag", "f"))
    world.time.advance(seconds=1)
    world.catalogue.flag_changed("f", at=world.clock())
    found = world.catalogue.read()
    assert (dict(found.flags), list(found.unreadable)) == ({}, [("flags", "f")])


def test_a_flag_that_a_list_shows_as_it_could_not_be_read_is_read_as_it_is(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = world.flags.create_feature_flag("nav", flag_id="f")
    late = Page[FeatureFlag]((), None, {"f": InvalidInputError("flag", "'f' cannot be read")})
    monkeypatch.setattr(world.flag_store, "list", lambda **_: late)
    world.catalogue.flag_changed("f", at=made.updated_at)
    found = world.catalogue.read()
    assert (dict(found.flags), dict(found.unreadable)) == ({"f": made}, {})
