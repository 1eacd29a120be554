"""Each change of an experiment is one step, with who did it and what must follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.unit.definition.stage import Stage
from variate.errors import ConflictError, IllegalTransitionError, InvalidInputError, NotFoundError
from variate.model import Experiment
from variate.model.record import override_from_record

AB: Sequence[dict[str, Any]] = ({"name": "a"}, {"name": "b", "weight": 3, "value": {"n": 2.0}})


def test_a_new_experiment_is_a_draft_with_its_variations_in_order(stage: Stage) -> None:
    made = stage.experiments.create_experiment("Prices", variations=AB, owner="ana")
    assert stage.experiments.get_experiment(made.id) == made
    assert (made.status, made.owner, made.revision) == ("draft", "ana", 1)
    assert [(v.name, v.weight, v.value.text) for v in made.variations] == [("a", 1, "{}"), ("b", 3, '{"n":2.0}')]


def test_every_change_is_logged_and_has_to_reach_the_serving_copy(stage: Stage) -> None:
    made = stage.experiments.create_experiment("Prices", variations=AB, actor="ana")
    stage.experiments.update_experiment_status(made.id, "active")
    assert [(e.action, e.actor, e.entity_id) for e in stage.entries()] == [
        ("status_change", "somebody", made.id),
        ("created", "ana", made.id),
    ]
    assert stage.entries()[0].data == {"previous_status": "draft", "new_status": "active"}
    assert [message.kind for message in stage.messages()] == ["experiment_changed"] * 2
    assert stage.announced == 2


def test_the_message_to_the_serving_copy_carries_no_content(stage: Stage) -> None:
    stage.experiments.create_experiment("Prices", description="secret", variations=AB)
    assert stage.messages()[0].document.text == "{}"


def test_a_status_it_has_already_changes_nothing_but_delivers_what_is_pending(stage: Stage) -> None:
    made = stage.experiments.create_experiment("Prices", variations=AB)
    assert stage.experiments.update_experiment_status(made.id, "draft") == made
    assert len(stage.entries()) == 1
    assert stage.announced == 2


def test_a_status_that_cannot_follow_is_refused_and_says_what_may(stage: Stage) -> None:
    made = stage.experiments.create_experiment("Prices", variations=AB)
    with pytest.raises(IllegalTransitionError, match=r"draft cannot become completed.*active, archived"):
        stage.experiments.update_experiment_status(made.id, "completed")
    assert stage.experiments.get_experiment(made.id) == made
    assert len(stage.entries()) == 1


def test_the_log_names_who_owned_it_before(stage: Stage) -> None:
    made = stage.experiments.create_experiment("Prices", variations=AB, owner="ana")
    assert stage.experiments.transfer_experiment_ownership(made.id, "ben").owner == "ben"
    assert stage.entries()[0].data == {"previous_owner": "ana", "new_owner": "ben"}


@pytest.mark.parametrize("owner", ["", " ", None, 7, "\x00"])
def test_an_owner_must_have_a_name(stage: Stage, owner: Any) -> None:
    made = stage.experiments.create_experiment("Prices", variations=AB, owner="ana")
    with pytest.raises(InvalidInputError) as caught:
        stage.experiments.transfer_experiment_ownership(made.id, owner)
    assert caught.value.field == "new_owner"
    assert stage.experiments.get_experiment(made.id) == made


def test_a_change_of_an_unknown_experiment_raises_and_writes_nothing(stage: Stage) -> None:
    with pytest.raises(NotFoundError):
        stage.experiments.update_experiment_status("nobody", "active")
    with pytest.raises(NotFoundError):
        stage.experiments.update_experiment_with_override("nobody", "active", unit="u", variation="a")
    assert stage.entries() == []
    assert stage.messages() == []


def test_a_change_on_an_expected_revision_is_refused_once_another_was_first(stage: Stage) -> None:
    made = stage.experiments.create_experiment("Prices", variations=AB)
    stage.experiments.update_experiment(made.id, name="Prices 2", expected_revision=1)
    with pytest.raises(ConflictError, match="revision 2"):
        stage.experiments.update_experiment(made.id, name="Prices 3", expected_revision=1)


def test_a_change_that_loses_a_race_is_decided_again_on_the_newest(stage: Stage) -> None:
    made = stage.experiments.create_experiment("Prices", variations=AB, owner="ana")
    read = stage.store.get
    rivals = iter(["ben"])

    def read_then_lose(experiment_id: str) -> Experiment | None:
        found = read(experiment_id)
        for rival in rivals:
            assert found is not None
            changed = replace(found, owner=rival, revision=found.revision + 1)
            stage.store.replace(changed, expected_revision=found.revision, audit=[], outbox=[])
        return found

    stage.store.get = read_then_lose  # type: ignore[method-assign]  # a rival between the read and the write
    stage.experiments.transfer_experiment_ownership(made.id, "cho")
    assert stage.entries()[0].data == {"previous_owner": "ben", "new_owner": "cho"}


def test_an_update_logs_only_what_it_changes_before_and_after(stage: Stage) -> None:
    made = stage.experiments.create_experiment("Prices", variations=AB)
    stage.experiments.update_experiment(made.id, name="Prices 2", description="")
    assert stage.entries()[0].data == {"before": {"name": "Prices"}, "after": {"name": "Prices 2"}}


def test_an_update_that_changes_nothing_leaves_no_trace(stage: Stage) -> None:
    made = stage.experiments.create_experiment("Prices", variations=AB)
    assert stage.experiments.update_experiment(made.id, name="Prices", variations=AB) == made
    assert len(stage.entries()) == 1


def test_a_draft_may_change_its_variations_and_those_that_stay_keep_their_ids(stage: Stage) -> None:
    made = stage.experiments.create_experiment("Prices", variations=AB)
    changed = stage.experiments.update_experiment(made.id, variations=[{"name": "b"}, {"name": "c"}])
    assert [v.name for v in changed.variations] == ["b", "c"]
    assert changed.variations[0].id == made.variations[1].id
    assert changed.variations[0].value.value == {"n": 2.0}


def test_what_was_read_may_be_given_back_with_a_change(stage: Stage) -> None:
    from variate.model.record import experiment_record

    made = stage.experiments.create_experiment("Prices", variations=AB)
    rows = experiment_record(made)["variations"]
    rows[0]["weight"] = 7
    assert stage.experiments.update_experiment(made.id, variations=rows).variations[0].weight == 7


def test_out_of_draft_only_weights_may_change(stage: Stage) -> None:
    made = stage.experiments.create_experiment("Prices", variations=AB)
    stage.experiments.update_experiment_status(made.id, "active")
    changed = stage.experiments.update_experiment(made.id, variations=[{"name": "a", "weight": 9}, {"name": "b"}])
    assert [v.weight for v in changed.variations] == [9, 3]
    changes: list[list[dict[str, Any]]] = [[], [{"name": "b", "value": 1}], [{"name": "c"}]]
    for others in changes:
        with pytest.raises(InvalidInputError, match="variations: of an experiment that is active"):
            stage.experiments.update_experiment(made.id, variations=[{"name": "a"}, *others])


def test_an_archived_experiment_no_longer_changes(stage: Stage) -> None:
    made = stage.experiments.create_experiment("Prices", variations=AB)
    stage.experiments.archive_experiment(made.id)
    with pytest.raises(InvalidInputError, match="archived"):
        stage.experiments.update_experiment(made.id, name="Prices 2")


def test_a_misspelt_key_of_a_variation_is_refused_rather_than_dropped(stage: Stage) -> None:
    with pytest.raises(InvalidInputError) as caught:
        stage.experiments.create_experiment("Prices", variations=[{"name": "a"}, {"name": "b", "wieght": 2}])
    assert caught.value.field == "variations[1].wieght"


@pytest.mark.parametrize(
    ("variations", "field"),
    [
        ([], "variations"),
        ("ab", "variations"),
        ({"name": "a"}, "variations"),
        (7, "variations"),
        (["a"], "variations[0]"),
        ([{}], "variations[0].name"),
        ([{"name": 1}], "variations[0].name"),
        ([{"name": ""}], "variations[0].name"),
        ([{"name": "a"}, {"name": "a"}], "variations"),
        ([{"name": "a", "weight": 0}], "variations"),
        ([{"name": "a", "weight": -1}], "variations[0].weight"),
        ([{"name": "a", "weight": float("nan")}], "variations[0].weight"),
        ([{"name": "a", "weight": "1"}], "variations[0].weight"),
        ([{"name": "a", "weight": True}], "variations[0].weight"),
        ([{"name": "a", "value": float("inf")}], "variations[0].value"),
        ([{"name": "a", "value": {1: 2}}], "variations[0].value"),
        ([{"name": "a", "description": "\ud800"}], "variations[0].description"),
        ([{"name": "a", "value": "x" * 120_000}], "experiment"),
        ([{"name": str(number)} for number in range(101)], "variations"),
    ],
)
def test_bad_variations_name_the_field_and_nothing_is_written(stage: Stage, variations: Any, field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        stage.experiments.create_experiment("Prices", variations=variations)
    assert caught.value.field == field
    assert stage.entries() == []


def test_a_status_with_an_override_is_one_step(stage: Stage) -> None:
    made = stage.experiments.create_experiment("Prices", variations=AB)
    after = stage.experiments.update_experiment_with_override(made.id, "active", unit="u", variation="b")
    assert after.status == "active"
    assert {entry.action for entry in stage.entries()[:2]} == {"override_added", "status_change"}
    assert [message.kind for message in stage.messages()] == ["experiment_changed"] * 2 + ["override_put"]
    override = override_from_record(stage.messages()[-1].document.value)
    assert (override.unit, override.target_id, override.value) == ("u", made.id, "b")
    assert override.expires_at is not None
    assert timedelta(days=30) <= override.expires_at - override.created_at < timedelta(days=30, seconds=1)


def test_an_override_is_added_also_where_the_status_stays(stage: Stage) -> None:
    made = stage.experiments.create_experiment("Prices", variations=AB)
    stage.experiments.update_experiment_with_override(made.id, "draft", unit="u", variation="b")
    assert [message.kind for message in stage.messages()] == ["experiment_changed", "override_put"]


@pytest.mark.parametrize(
    ("given", "field"),
    [({"unit": "u"}, "variation"), ({"variation": "a"}, "user_id"), ({"unit": "u", "variation": "c"}, "variation")],
)
def test_an_override_needs_both_and_a_variation_of_the_experiment(
    stage: Stage, given: dict[str, str], field: str
) -> None:
    made = stage.experiments.create_experiment("Prices", variations=AB)
    with pytest.raises(InvalidInputError) as caught:
        stage.experiments.update_experiment_with_override(made.id, "active", **given)
    assert caught.value.field == field
    assert stage.experiments.get_experiment(made.id) == made
