"""Layers and holdouts: made, changed and removed, but not from under an experiment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.definition.stage import Stage, beside
from variate.errors import ConflictError, InvalidInputError, NotFoundError, StoreUnavailableError
from variate.model import AuditEntry


@pytest.fixture
def held(stage: Stage) -> Stage:
    stage.holdouts.create_holdout("new", percentage=5)
    stage.layers.create_layer("checkout")
    return stage


def test_a_layer_is_made_with_all_its_buckets_free(held: Stage) -> None:
    made = held.layers.create_layer("search", name="Search", description="results", salt="s", actor="ana")
    assert held.layers.get_layer("search") == made
    assert (made.name, made.description, made.salt, made.ranges, made.revision) == ("Search", "results", "s", {}, 1)
    assert [each.id for each in held.layers.list_layers()] == ["checkout", "search"]
    entry = held.entries()[0]
    assert (entry.entity_type, entry.action, entry.actor, entry.data["layer"]["salt"]) == (
        "layer",
        "created",
        "ana",
        "s",
    )
    assert held.messages()[-1].kind == "definition_changed"


def test_name_and_salt_are_the_id_where_they_are_not_given(held: Stage) -> None:
    layer, holdout = held.layers.get_layer("checkout"), held.holdouts.get_holdout("new")
    assert layer is not None
    assert holdout is not None
    assert (layer.name, layer.salt) == ("checkout", "checkout")
    assert (holdout.name, holdout.salt) == ("new", "new")


def test_a_layer_goes_only_once_no_experiment_holds_a_range(held: Stage) -> None:
    held.draft("b", layer="checkout", layer_range=[0, 10])
    held.draft("a", layer="checkout", layer_range=[10, 20])
    before = held.state()
    with pytest.raises(InvalidInputError, match=r"^layer_id: is in use by experiment 'a'"):
        held.layers.remove_layer("checkout")
    assert held.state() == before
    for name in "ab":
        held.experiments.archive_experiment(name)
    assert held.layers.remove_layer("checkout", actor="ana").id == "checkout"
    assert held.layers.get_layer("checkout") is None
    assert (held.entries()[0].action, held.entries()[0].actor) == ("removed", "ana")


def test_a_holdout_is_made_read_and_listed(held: Stage) -> None:
    made = held.holdouts.create_holdout(
        "old", percentage=0.07, name="Old", description="of 2039", salt="s", actor="ana"
    )
    assert held.holdouts.get_holdout("old") == made
    assert (made.percentage, made.buckets, made.salt) == (0.07, 7, "s")
    assert [each.id for each in held.holdouts.list_holdouts()] == ["new", "old"]
    entry = held.entries()[0]
    assert (entry.entity_type, entry.actor, entry.data["holdout"]["percentage"]) == ("holdout", "ana", 0.07)


def test_a_change_of_a_holdout_keeps_what_is_not_given(held: Stage) -> None:
    changed = held.holdouts.update_holdout("new", percentage=7.5, actor="ana")
    assert (changed.percentage, changed.name, changed.revision) == (7.5, "new", 2)
    assert held.entries()[0].data["before"]["percentage"] == 5
    assert held.entries()[0].data["after"]["percentage"] == 7.5
    assert held.holdouts.update_holdout("new", name="New", description="of 2040").percentage == 7.5
    before = held.state()
    held.holdouts.update_holdout("new", percentage=7.5)
    assert held.state() == before


@pytest.mark.parametrize("status", ["active", "paused"])
def test_a_holdout_that_a_started_experiment_names_keeps_its_percentage(held: Stage, status: str) -> None:
    held.started(holdouts=["new"])
    if status != "active":
        held.experiments.update_experiment_status("e", status)
    before = held.state()
    with pytest.raises(InvalidInputError, match=f"^percentage: cannot change: experiment 'e', which is {status}"):
        held.holdouts.update_holdout("new", percentage=10)
    with pytest.raises(InvalidInputError, match=r"^holdout_id: cannot change: experiment 'e'"):
        held.holdouts.remove_holdout("new")
    assert held.state() == before
    assert held.holdouts.update_holdout("new", name="New").name == "New"


def test_a_holdout_that_a_draft_names_may_change_but_not_go(held: Stage) -> None:
    held.draft(holdouts=["new"])
    assert held.holdouts.update_holdout("new", percentage=10).percentage == 10
    with pytest.raises(InvalidInputError, match=r"^holdout_id: .*which is draft, uses it"):
        held.holdouts.remove_holdout("new")


def test_a_holdout_of_experiments_that_ended_may_change_and_go(held: Stage) -> None:
    held.started(holdouts=["new"])
    held.experiments.update_experiment_status("e", "completed")
    held.holdouts.update_holdout("new", percentage=10)
    assert held.holdouts.remove_holdout("new").percentage == 10
    assert held.holdouts.get_holdout("new") is None


@pytest.mark.parametrize("percentage", [-1, 100.01, 0.005, "5", True, float("nan")])
def test_a_percentage_that_is_none_is_refused(held: Stage, percentage: Any) -> None:
    before = held.state()
    with pytest.raises(InvalidInputError, match=r"^holdout.percentage: must be"):
        held.holdouts.create_holdout("other", percentage=percentage)
    with pytest.raises(InvalidInputError, match=r"^holdout.percentage: must be"):
        held.holdouts.update_holdout("new", percentage=percentage)
    assert held.state() == before


def test_ids_are_taken_once_and_an_unknown_one_is_not_found(held: Stage) -> None:
    with pytest.raises(ConflictError):
        held.layers.create_layer("checkout")
    with pytest.raises(ConflictError):
        held.holdouts.create_holdout("new", percentage=1)
    calls: list[Callable[[str], object]] = [
        held.layers.remove_layer,
        held.holdouts.remove_holdout,
        held.holdouts.update_holdout,
    ]
    for call in calls:
        with pytest.raises(NotFoundError):
            call("nobody")
    gets: list[Callable[[str], object]] = [held.layers.get_layer, held.holdouts.get_holdout]
    for get in gets:
        assert get("nobody") is None
        with pytest.raises(InvalidInputError, match="_id: must not be empty"):
            get("")


def test_a_salt_or_a_name_that_is_none_is_refused(held: Stage) -> None:
    for given, field in (({"salt": ""}, "layer.salt"), ({"name": " "}, "layer.name")):
        with pytest.raises(InvalidInputError) as refusal:
            held.layers.create_layer("other", **given)
        assert refusal.value.field == field


def test_an_experiment_made_while_a_layer_goes_cannot_claim_it(held: Stage) -> None:
    read = held.layer_store.get
    rivals = iter(["e"])

    def read_then_lose(definition_id: str) -> Any:
        found = read(definition_id)
        for rival in rivals:
            held.draft(rival, layer="checkout", layer_range=[0, 10])
        return found

    held.layer_store.get = read_then_lose  # type: ignore[method-assign]  # a rival between the read and the removal
    with pytest.raises(InvalidInputError, match=r"^layer_id: is in use by experiment 'e'"):
        held.layers.remove_layer("checkout")


def of_holdouts(stage: Stage) -> list[AuditEntry]:
    return [each for each in stage.entries() if each.entity_type == "holdout"]


def test_a_holdout_keeps_its_percentage_though_the_experiment_starts_meanwhile(
    held: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    held.draft(holdouts=["new"])
    beside(held.holdout_store, monkeypatch, "replace", lambda: held.experiments.update_experiment_status("e", "active"))
    announced = held.announced
    with pytest.raises(InvalidInputError, match=r"^percentage: cannot change: experiment 'e', which is active"):
        held.holdouts.update_holdout("new", percentage=50, actor="ana")
    found = held.holdouts.get_holdout("new")
    assert found is not None
    assert (found.percentage, found.revision) == (5, 3)
    withdrawn, updated = of_holdouts(held)[:2]
    assert (withdrawn.action, withdrawn.actor, updated.action) == ("withdrawn", "ana", "updated")
    assert (withdrawn.data["before"]["percentage"], withdrawn.data["after"]["percentage"]) == (50, 5)
    assert held.messages()[-1].entity_id == "new"
    assert held.announced == announced + 2, "the launch, and what came of this"


def test_a_change_that_is_stored_is_announced_though_nobody_can_look_again(
    held: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose_the_experiments() -> None:
        monkeypatch.setattr(held.store, "list", lose)

    def lose(**_: Any) -> Any:
        raise StoreUnavailableError("away")

    beside(held.holdout_store, monkeypatch, "replace", lose_the_experiments)
    announced = held.announced
    with pytest.raises(StoreUnavailableError):
        held.holdouts.update_holdout("new", percentage=50)
    found = held.holdouts.get_holdout("new")
    assert found is not None
    assert (found.percentage, held.announced) == (50, announced + 1)


def test_what_somebody_changed_again_is_left_to_them(held: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    held.draft(holdouts=["new"])
    beside(held.holdout_store, monkeypatch, "replace", lambda: held.experiments.update_experiment_status("e", "active"))
    look = held.store.list

    def look_beside_another(**named: Any) -> Any:
        if of_holdouts(held)[0].action == "updated":
            monkeypatch.setattr(held.store, "list", look)
            held.holdouts.update_holdout("new", name="Renamed")
        return look(**named)

    monkeypatch.setattr(held.store, "list", look_beside_another)
    with pytest.raises(InvalidInputError, match=r"^percentage: cannot change"):
        held.holdouts.update_holdout("new", percentage=50)
    found = held.holdouts.get_holdout("new")
    assert found is not None
    assert found.name == "Renamed"


def test_a_holdout_stays_though_an_experiment_that_names_it_is_made_meanwhile(
    held: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside(held.holdout_store, monkeypatch, "remove", lambda: held.started(holdouts=["new"]))
    with pytest.raises(InvalidInputError, match=r"^holdout_id: cannot change: experiment 'e', which is active"):
        held.holdouts.remove_holdout("new", actor="ana")
    found = held.holdouts.get_holdout("new")
    assert found is not None
    assert (found.percentage, found.revision) == (5, 2)
    assert [(each.action, each.actor) for each in of_holdouts(held)[:2]] == [("withdrawn", "ana"), ("removed", "ana")]
    assert held.messages()[-1].entity_id == "new"


def test_an_id_that_was_taken_again_stays_with_who_took_it(held: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    beside(held.holdout_store, monkeypatch, "remove", lambda: held.started(holdouts=["new"]))
    look = held.store.list

    def look_beside_another(**named: Any) -> Any:
        if held.holdout_store.get("new") is None:
            monkeypatch.setattr(held.store, "list", look)
            held.holdouts.create_holdout("new", percentage=70)
        return look(**named)

    monkeypatch.setattr(held.store, "list", look_beside_another)
    with pytest.raises(InvalidInputError, match=r"^holdout_id: cannot change"):
        held.holdouts.remove_holdout("new")
    found = held.holdouts.get_holdout("new")
    assert found is not None
    assert found.percentage == 70
