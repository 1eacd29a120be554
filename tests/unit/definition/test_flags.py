"""Each change of a flag is one step with its audit entry."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.definition.stage import Stage
from variate.errors import ConflictError, InvalidInputError, NotFoundError
from variate.model import FlagStatus
from variate.testing.builders import build_flag

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


UNHEARD_OF = [{"serve": "on", "condition": {"attribute": "plan", "operator": "sounds_like", "value": "beta"}}]
UNREADABLE: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"targeting": {"type": "boolean"}, "rules": UNHEARD_OF}, {"rules": []}),
    ({"targeting": {"type": "nonsense"}, "rules": []}, {"type": "boolean"}),
    ({"targeting": {"environments": {"prod": {"default": {"experiment": "e"}}}}, "rules": []}, {"environments": {}}),
]
"""What a flag is that cannot be read, and what mends it."""


@pytest.mark.parametrize(("stored", "_mend"), UNREADABLE)
@pytest.mark.parametrize("status", ["inactive", "archived"])
def test_a_flag_that_cannot_be_read_is_taken_out_of_use_and_that_is_announced(
    stage: Stage, stored: dict[str, Any], _mend: dict[str, Any], status: str
) -> None:
    stage.memory.flags["f"] = build_flag("f", status=FlagStatus.ACTIVE, **stored)
    assert stage.flags.update_feature_flag_status("f", status).status == status
    assert (stage.entries()[0].action, stage.announced) == ("status_change", 1)


@pytest.mark.parametrize(("stored", "mend"), UNREADABLE)
def test_a_flag_that_cannot_be_read_is_mended_by_giving_what_is_wrong_anew(
    stage: Stage, stored: dict[str, Any], mend: dict[str, Any]
) -> None:
    stage.memory.flags |= {name: build_flag(name, **stored) for name in ("f", "beside")}
    before = stage.state()
    with pytest.raises(InvalidInputError):
        stage.flags.update_feature_flag("f", owner="ana")
    assert stage.state() == before
    mended = stage.flags.update_feature_flag("f", **mend)
    assert mended.targeting is not None
    assert (mended.targeting.value["type"], mended.rules.value) == ("boolean", [])
    assert stage.announced == 1


@pytest.mark.parametrize(("stored", "mend"), UNREADABLE)
def test_a_flag_that_cannot_be_read_comes_back_once_it_is_mended(
    stage: Stage, stored: dict[str, Any], mend: dict[str, Any]
) -> None:
    stage.memory.flags["f"] = build_flag("f", status=FlagStatus.ARCHIVED, **stored)
    with pytest.raises(InvalidInputError):
        stage.flags.update_feature_flag_status("f", "active")
    stage.flags.update_feature_flag("f", **mend)
    assert stage.flags.update_feature_flag_status("f", "active").status == "active"


def test_a_free_form_flag_comes_back_as_it_was(stage: Stage) -> None:
    made = stage.flags.create_feature_flag("nav", rules=RULES, status="archived")
    assert stage.flags.update_feature_flag_status(made.id, "active").rules.value == RULES


def test_to_mend_a_flag_takes_no_variation_from_one_that_requires_it(stage: Stage) -> None:
    stage.memory.flags["base"] = build_flag("base", targeting={"type": "boolean"}, rules=UNHEARD_OF)
    stage.memory.flags["top"] = build_flag(
        "top", targeting={"prerequisites": [{"flag": "base", "variations": ["on"]}]}, rules=[]
    )
    others = [{"name": "yes", "value": True}, {"name": "no", "value": False}]
    with pytest.raises(InvalidInputError, match=r"^variations: must have 'on': flag 'top' requires it"):
        stage.flags.update_feature_flag("base", rules=[], variations=others, default="yes", off="no")


def test_stale_flags_are_listed_with_their_reasons(stage: Stage) -> None:
    for name in ("a", "b", "c"):
        stage.flags.create_feature_flag(name, flag_id=name, type="boolean", status="active")
    stage.flags.create_feature_flag("d", flag_id="d", rules={"mine": 1}, status="active")
    assert list(stage.flags.list_stale_flags()) == []
    stage.time.advance(days=31)
    stage.flags.update_feature_flag("b", description="changed lately")
    page = stage.flags.list_stale_flags(limit=1)
    rest = stage.flags.list_stale_flags(limit=1, last_key=page.last_key)
    assert ({each.id for each in (*page, *rest)}, rest.last_key) == ({"a", "c"}, None)
    assert stage.flags.stale_reasons([*stage.flags.list_feature_flags()]).keys() == {"a", "c"}
    assert list(stage.flags.list_stale_flags(unchanged_days=40)) == []


def test_stale_flags_are_found_by_status_owner_tag_and_text(stage: Stage) -> None:
    for name, owner in (("a", "ada"), ("b", "bob"), ("c", "ada")):
        stage.flags.create_feature_flag(name, flag_id=name, type="boolean", owner=owner, tags=[f"tag-{name}"])
    stage.flags.update_feature_flag_status("c", "active")
    stage.time.advance(days=31)

    def found(**filters: Any) -> set[str]:
        return {each.id for each in stage.flags.list_stale_flags(**filters)}

    assert found() == {"a", "b", "c"}
    assert found(owner="ada") == {"a", "c"}
    assert found(owner="ada", status="active") == found(tag="tag-c") == found(text="C") == {"c"}
    page = stage.flags.list_stale_flags(limit=1)
    with pytest.raises(InvalidInputError, match=r"^last_key: "):
        stage.flags.list_stale_flags(limit=1, owner="ada", last_key=page.last_key)
