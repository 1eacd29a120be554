"""Each change of a flag is one step with its audit entry."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.definition.stage import Stage
from variate.errors import ConflictError, InvalidInputError, NotFoundError

RULES = [{"country": "NL", "percentage": 12.5}]


def test_a_new_flag_is_inactive_and_keeps_its_rules(stage: Stage) -> None:
    made = stage.flags.create_feature_flag("nav", description="new", rules=RULES)
    assert stage.flags.get_feature_flag(made.id) == made
    assert (made.status, made.rules.value) == ("inactive", RULES)
    assert [(entry.entity_type, entry.action) for entry in stage.entries()] == [("flag", "created")]


def test_a_flag_is_switched_and_the_log_says_from_what_to_what(stage: Stage) -> None:
    made = stage.flags.create_feature_flag("nav", rules=[])
    stage.flags.update_feature_flag_status(made.id, "active")
    assert stage.entries()[0].data == {"previous_status": "inactive", "new_status": "active"}
    assert [flag.id for flag in stage.flags.get_active_feature_flags()] == [made.id]


def test_a_status_it_has_already_leaves_no_trace(stage: Stage) -> None:
    made = stage.flags.create_feature_flag("nav", rules=[])
    assert stage.flags.update_feature_flag_status(made.id, "inactive") == made
    assert len(stage.entries()) == 1


def test_an_update_logs_what_it_changes(stage: Stage) -> None:
    made = stage.flags.create_feature_flag("nav", rules=[])
    stage.flags.update_feature_flag(made.id, rules=RULES, expected_revision=1)
    assert stage.entries()[0].data == {"before": {"rules": []}, "after": {"rules": RULES}}


def test_a_change_on_an_expected_revision_is_refused_once_another_was_first(stage: Stage) -> None:
    made = stage.flags.create_feature_flag("nav", rules=[])
    stage.flags.update_feature_flag(made.id, name="nav 2")
    with pytest.raises(ConflictError):
        stage.flags.update_feature_flag_status(made.id, "active", expected_revision=1)


def test_an_archived_flag_is_kept_but_not_active(stage: Stage) -> None:
    made = stage.flags.create_feature_flag("nav", rules=[], status="active")
    stage.flags.archive_feature_flag(made.id)
    assert list(stage.flags.get_active_feature_flags()) == []
    assert [flag.id for flag in stage.flags.list_feature_flags(status="archived")] == [made.id]


def test_an_unknown_flag_is_not_made(stage: Stage) -> None:
    with pytest.raises(NotFoundError):
        stage.flags.update_feature_flag_status("nobody", "active")
    assert list(stage.flags.list_feature_flags()) == []


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": ""}, "flag.name"),
        ({"rules": float("nan")}, "rules"),
        ({"rules": {"a": object()}}, "rules"),
        ({"rules": "x" * 120_000}, "rules"),
        ({"status": "on"}, "status"),
        ({"description": 7}, "flag.description"),
    ],
)
def test_bad_input_names_the_field_and_nothing_is_written(stage: Stage, given: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        stage.flags.create_feature_flag(**{"name": "nav", "rules": [], **given})
    assert caught.value.field == field
    assert stage.entries() == []
