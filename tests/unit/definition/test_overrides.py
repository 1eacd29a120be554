"""An override is logged first and then carried out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.unit.definition.stage import Stage
from variate.errors import InvalidInputError, NotFoundError, StoreUnavailableError
from variate.model import OverrideTarget, format_instant
from variate.model.record import override_from_record


@pytest.fixture
def experiment_id(stage: Stage) -> str:
    return stage.experiments.create_experiment("Prices", variations=[{"name": "a"}, {"name": "b"}]).id


def test_an_override_is_logged_with_the_message_that_carries_it_out(stage: Stage, experiment_id: str) -> None:
    made = stage.overrides.create_override("u", experiment_id, "b", reason="a test", actor="ana")
    entry, message = stage.entries()[0], stage.messages()[-1]
    assert (entry.action, entry.actor) == ("override_added", "ana")
    assert made.expires_at is not None
    ends = format_instant(made.expires_at)
    assert entry.data == {"user_id": "u", "value": "b", "reason": "a test", "expires_at": ends, "before": None}
    assert override_from_record(message.document.value).value == made.value


def test_an_override_that_stands_can_be_read_and_removed(stage: Stage, experiment_id: str) -> None:
    made = stage.overrides.create_override("u", experiment_id, "b")
    stage.override_store.put(made)
    assert stage.overrides.get_override("u", experiment_id) == made
    assert list(stage.overrides.list_overrides(experiment_id)) == [made]
    assert list(stage.overrides.get_user_overrides("u")) == [made]
    assert stage.overrides.remove_override("u", experiment_id)
    assert stage.entries()[0].action == "override_removed"
    assert stage.messages()[-1].kind == "override_removed"


def test_removing_none_writes_nothing(stage: Stage, experiment_id: str) -> None:
    before = stage.entries()
    assert not stage.overrides.remove_override("u", experiment_id)
    assert stage.entries() == before


def test_an_override_has_to_be_of_an_experiment_and_its_variations(stage: Stage, experiment_id: str) -> None:
    with pytest.raises(NotFoundError):
        stage.overrides.create_override("u", "nobody", "b")
    with pytest.raises(InvalidInputError, match="variation: must be one of a, b, not 'c'"):
        stage.overrides.create_override("u", experiment_id, "c")


def test_without_an_end_it_stands_for_ever(stage: Stage, experiment_id: str) -> None:
    assert stage.overrides.create_override("u", experiment_id, "b", ttl_days=None).expires_at is None


def test_an_override_may_end_at_a_moment(stage: Stage, experiment_id: str) -> None:
    ends = stage.time() + timedelta(hours=3)
    assert stage.overrides.create_override("u", experiment_id, "b", expires_at=ends).expires_at == ends
    with pytest.raises(InvalidInputError, match="expires_at: must be after created_at"):
        stage.overrides.create_override("u", experiment_id, "b", expires_at=stage.time() - timedelta(hours=3))


def test_all_overrides_of_a_kind_are_listed_and_the_log_says_who_made_each(stage: Stage, experiment_id: str) -> None:
    flag_id = stage.flags.create_feature_flag("nav", type="boolean").id
    made = [stage.overrides.create_override(unit, experiment_id, "b", actor=f"by-{unit}") for unit in ("v", "u")]
    of_flag = stage.overrides.create_flag_override("u", flag_id, "off", actor="ben")
    for each in (*made, of_flag):
        stage.override_store.put(each)
    assert list(stage.overrides.list_all_overrides("experiment")) == made[::-1]
    assert list(stage.overrides.list_all_overrides(OverrideTarget.FLAG)) == [of_flag]
    entries = [stage.overrides.get_override_entry(each) for each in (*made, of_flag)]
    assert [entry and entry.actor for entry in entries] == ["by-v", "by-u", "ben"]
    assert stage.overrides.get_override_entry(replace(of_flag, unit="w")) is None
    with pytest.raises(InvalidInputError, match="type: must be one of experiment, flag"):
        stage.overrides.list_all_overrides("metric")


@pytest.fixture
def flag_id(stage: Stage) -> str:
    return stage.flags.create_feature_flag("nav", type="boolean").id


def test_an_override_of_a_flag_is_logged_with_the_message_that_carries_it_out(stage: Stage, flag_id: str) -> None:
    made = stage.overrides.create_flag_override("u", flag_id, "off", reason="a test", actor="ana")
    assert (made.target, made.target_id, made.value) == (OverrideTarget.FLAG, flag_id, "off")
    assert made.expires_at == made.created_at + timedelta(days=30)
    entry, message = stage.entries()[0], stage.messages()[-1]
    assert (entry.entity_type, entry.entity_id, entry.action, entry.actor) == ("flag", flag_id, "override_added", "ana")
    ends = format_instant(made.expires_at)
    assert entry.data == {"user_id": "u", "value": "off", "reason": "a test", "expires_at": ends, "before": None}
    assert override_from_record(message.document.value).target is OverrideTarget.FLAG


def test_an_override_of_a_flag_is_one_of_the_flag_alone(stage: Stage, flag_id: str) -> None:
    made = stage.overrides.create_flag_override("u", flag_id, "off", ttl_days=None)
    stage.override_store.put(made)
    assert stage.overrides.get_flag_override("u", flag_id) == made
    assert stage.overrides.get_override("u", flag_id) is None
    assert list(stage.overrides.list_flag_overrides(flag_id)) == [made]
    assert list(stage.overrides.list_overrides(flag_id)) == []
    assert list(stage.overrides.get_user_overrides("u")) == [made]
    assert not stage.overrides.remove_override("u", flag_id)
    assert stage.overrides.remove_flag_override("u", flag_id, actor="ana")
    message = stage.messages()[-1]
    assert (message.kind, message.document.value["type"]) == ("override_removed", "flag")
    assert (stage.entries()[0].entity_type, stage.entries()[0].actor) == ("flag", "ana")


def test_an_override_has_to_be_of_a_flag_and_its_variations(stage: Stage, flag_id: str) -> None:
    with pytest.raises(NotFoundError):
        stage.overrides.create_flag_override("u", "nobody", "on")
    with pytest.raises(InvalidInputError, match="variation: must be one of on, off, not 'red'"):
        stage.overrides.create_flag_override("u", flag_id, "red")
    assert [entry.action for entry in stage.entries()] == ["created"]


def test_a_flag_without_rules_can_be_forced_on_or_off_and_one_with_free_form_rules_cannot(stage: Stage) -> None:
    plain = stage.flags.create_feature_flag("plain")
    assert stage.overrides.create_flag_override("u", plain.id, "on").value == "on"
    free = stage.flags.create_feature_flag("free", rules=[{"country": "NL"}])
    with pytest.raises(InvalidInputError, match=r"^flag_id: is of a flag with free-form rules"):
        stage.overrides.create_flag_override("u", free.id, "on")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"unit": ""}, "user_id"),
        ({"flag_id": ""}, "flag_id"),
        ({"ttl_days": 0}, "ttl_days"),
        ({"reason": 7}, "reason"),
        ({"variation": 7}, "variation"),
    ],
)
def test_a_wrong_override_of_a_flag_is_refused_by_its_field(
    stage: Stage, flag_id: str, given: dict[str, Any], field: str
) -> None:
    before = stage.state()
    with pytest.raises(InvalidInputError) as refusal:
        stage.overrides.create_flag_override(**{"unit": "u", "flag_id": flag_id, "variation": "on", **given})
    assert refusal.value.field == field
    assert stage.state() == before


def test_where_the_store_is_away_the_log_says_that_what_stood_is_not_known(
    stage: Stage, experiment_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(**_: object) -> None:
        raise StoreUnavailableError("the table is away")

    monkeypatch.setattr(stage.override_store, "get", away)
    stage.overrides.create_override("u", experiment_id, "b")
    stage.experiments.update_experiment_with_override(experiment_id, "active", unit="v", variation="a")
    added = [each.data for each in stage.entries() if each.action == "override_added"]
    assert [each["before_unknown"] for each in added] == ["the table is away"] * 2
    assert all("before" not in each for each in added)
