"""What a change is shown as: the fields that differ, each by its path."""

from __future__ import annotations

import pytest

from variate.model import Json
from variate.server.dashboard.changes_shown import MOST_DIFFERENCES, Changed, Difference, changed, differences
from variate.testing.builders import build_audit_entry


def test_only_what_differs_is_told_by_its_path() -> None:
    before = {"name": "a", "plan": {"units": 100, "looks": 5}, "traffic": 50}
    after = {"name": "a", "plan": {"units": 200, "looks": 5}, "traffic": 50}
    assert differences(before, after) == [Difference("plan.units", "100", "200")]
    assert differences(before, before) == []


def test_items_of_a_list_are_told_apart_by_their_names() -> None:
    before = {"variations": [{"name": "control", "weight": 1}, {"name": "blue", "weight": 1}]}
    after = {"variations": [{"name": "red", "weight": 0}, {"name": "control", "weight": 3}]}
    assert differences(before, after) == [
        Difference("variations[control].weight", "1", "3"),
        Difference("variations[blue].name", "blue", None),
        Difference("variations[blue].weight", "1", None),
        Difference("variations[red].name", None, "red"),
        Difference("variations[red].weight", None, "0"),
    ]
    assert differences({"rules": [{"name": "a"}, {"name": "b"}]}, {"rules": [{"name": "b"}, {"name": "a"}]}) == [
        Difference("rules", "a, b", "b, a")
    ]


def test_no_more_is_looked_for_than_a_page_shows_and_that_there_is_more() -> None:
    after: dict[str, Json] = {f"field {number}": number for number in range(1_000)}
    found = differences({}, after)
    assert [each.after for each in found] == [str(number) for number in range(MOST_DIFFERENCES + 1)]


def test_a_list_without_names_is_one_value() -> None:
    assert differences({"holdouts": ["a"]}, {"holdouts": ["a", "b"]}) == [Difference("holdouts", '["a"]', '["a", "b"]')]
    twice = {"rules": [{"name": "a"}, {"name": "a"}]}
    assert [each.path for each in differences(twice, {"rules": [{"name": "b"}]})] == ["rules"]


def test_what_came_whole_is_told_field_by_field_without_what_is_empty() -> None:
    layer: Json = {"id": "checkout", "start": 0, "owner": None, "holdouts": [], "on": False}
    assert differences({}, {"layer": layer}) == [
        Difference("layer.id", None, "checkout"),
        Difference("layer.start", None, "0"),
        Difference("layer.on", None, "false"),
    ]
    assert differences({"value": {}}, {"value": {"text": ""}}) == [Difference("value.text", None, '""')]
    assert differences({}, {"value": {}}) == [Difference("value", None, "{}")]


@pytest.mark.parametrize(
    ("value", "said"),
    [(None, "none"), ("none", '"none"'), ("3", '"3"'), (3, "3"), ("", '""'), (" a", '" a"'), ("a b", "a b")],
)
def test_no_value_is_taken_for_another(value: Json, said: str) -> None:
    assert differences({"field": "x"}, {"field": value}) == [Difference("field", "x", said)]


_DE = {"attribute": "country", "operator": "in", "value": ["DE"]}


@pytest.mark.parametrize("path", ["audience", "condition"])
def test_a_condition_is_told_in_words(path: str) -> None:
    condition = {"all": [_DE, {"audience": "staff"}]}
    told = 'country in ["DE"] and audience staff'
    assert differences({path: None}, {path: condition}) == [Difference(path, "none", told)]
    ruled = {"rules": [{"name": "a", "condition": condition}]}, {"rules": [{"name": "a", "condition": _DE}]}
    assert differences(*ruled) == [Difference("rules[a].condition", told, 'country in ["DE"]')]
    assert differences({}, {path: _DE}) == [Difference(path, None, 'country in ["DE"]')]


def test_what_is_no_condition_of_ours_is_told_field_by_field() -> None:
    assert differences({"condition": {"x": 1}}, {"condition": {"x": 2}}) == [Difference("condition.x", "1", "2")]
    value = {"value": {"condition": _DE}}
    (*_, found) = differences({}, value)
    assert found == Difference("value.condition.value", None, '["DE"]')
    share = {"percentage": 5, "salt": "s"}
    assert [each.path for each in differences({"condition": share}, {"condition": {**share, "percentage": 5.0}})] != [
        "condition"
    ], "what differs does not look alike"


def test_moments_are_told_without_what_computers_alone_want() -> None:
    before = {"ends_at": "2026-03-16T08:00:00.000000Z", "name": "2026-03-16T08:00:00.000000Z"}
    after = {"ends_at": "2026-03-16T08:00:00.000008Z", "name": "x"}
    assert differences(before, after) == [
        Difference("ends_at", "2026-03-16 08:00:00 UTC", "2026-03-16 08:00:00.000008 UTC"),
        Difference("name", "2026-03-16T08:00:00.000000Z", "x"),
    ]


def test_true_is_not_one_and_order_of_fields_is_no_change() -> None:
    assert differences({"on": 1}, {"on": True}) == [Difference("on", "1", "true")]
    assert differences({"list": [{"a": 1, "b": 2}]}, {"list": [{"b": 2, "a": 1}]}) == []


def test_a_long_value_is_told_by_its_beginning_and_its_end() -> None:
    (found,) = differences({"text": "a"}, {"text": "b" * 100_000})
    assert found.after is not None
    assert len(found.after) <= 2_000


@pytest.mark.parametrize(
    ("action", "data", "told"),
    [
        (
            "created",
            {"experiment": {"name": "a", "revision": 1, "variations": [{"id": "v1", "name": "b", "created_at": "x"}]}},
            Changed((), (Difference("name", None, "a"), Difference("variations[b].name", None, "b"))),
        ),
        (
            "removed",
            {"experiment": {"name": "a"}},
            Changed((), (Difference("name", "a", None),)),
        ),
        (
            "updated",
            {"before": {"traffic": 5, "updated_at": "x"}, "after": {"traffic": 6, "updated_at": "y"}},
            Changed((), (Difference("traffic", "5", "6"),)),
        ),
        (
            "status_change",
            {"previous_status": "active", "new_status": "completed", "conclusion": {"decision": "ship"}},
            Changed((), (Difference("status", "active", "completed"), Difference("conclusion.decision", None, "ship"))),
        ),
        (
            "ownership_change",
            {"previous_owner": None, "new_owner": "ada"},
            Changed((), (Difference("owner", "none", "ada"),)),
        ),
        (
            "override_added",
            {"user_id": "u1", "value": "blue", "reason": "r", "before": {"value": "red", "reason": "r"}},
            Changed((("user_id", "u1"),), (Difference("value", "red", "blue"),)),
        ),
        (
            "override_added",
            {"user_id": "u1", "value": "blue", "before_unknown": "it is away"},
            Changed((("user_id", "u1"), ("before_unknown", "it is away")), (Difference("value", None, "blue"),)),
        ),
        (
            "override_removed",
            {"user_id": "u1", "value": "blue", "expires_at": None},
            Changed((("user_id", "u1"),), (Difference("value", "blue", None),)),
        ),
        (
            "range_changed",
            {"experiment_id": "e1", "before": None, "after": [0, 50]},
            Changed((("experiment_id", "e1"),), (Difference("experiment", "none", "[0, 50]"),)),
        ),
        ("imported", [1, 2], Changed((), (Difference("", None, "[1, 2]"),))),
    ],
)
def test_each_kind_of_entry_is_read(action: str, data: Json, told: Changed) -> None:
    assert changed(build_audit_entry(action=action, data=data)) == told
