"""A flag may differ in an environment: in what is said there, and in nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.unit.definition.stage import BETA, Stage
from variate.errors import ConflictError, InvalidInputError, NotFoundError
from variate.model import format_instant
from variate.testing.clocks import START

AS_EVERYWHERE = {"enabled": True, "rules": None, "default": None, "off": None, "starts_at": None, "ends_at": None}
RULE = {"name": "rule 1", "condition": BETA, "serve": "off"}


@pytest.fixture
def flagged(stage: Stage) -> Stage:
    stage.flags.create_feature_flag("nav", flag_id="f", type="boolean")
    return stage


def environments(stage: Stage) -> dict[str, Any]:
    found = stage.flags.get_feature_flag("f")
    assert found is not None
    assert found.targeting is not None
    states: dict[str, Any] = found.targeting.value["environments"]
    return states


def test_what_is_said_of_an_environment_stands_and_the_rest_is_as_everywhere(flagged: Stage) -> None:
    flagged.flags.update_flag_environment("f", "prod", enabled=False, actor="ana")
    assert environments(flagged) == {"prod": AS_EVERYWHERE | {"enabled": False}}
    entry = flagged.entries()[0]
    assert (entry.action, entry.actor) == ("environment_updated", "ana")
    assert entry.data["before"] == {"environments": {}}
    assert entry.data["after"] == {"environments": environments(flagged)}


def test_what_is_said_later_is_added_and_none_takes_it_back(flagged: Stage) -> None:
    end = START + timedelta(days=1)
    flagged.flags.update_flag_environment("f", "prod", enabled=False, default="off", rules=[RULE])
    flagged.flags.update_flag_environment("f", "prod", off="on", starts_at=START, ends_at=format_instant(end))
    assert environments(flagged)["prod"] == {
        "enabled": False,
        "rules": [RULE],
        "default": "off",
        "off": "on",
        "starts_at": format_instant(START),
        "ends_at": format_instant(end),
    }
    flagged.flags.update_flag_environment(
        "f", "prod", enabled=None, rules=None, default=None, off=None, starts_at=None, ends_at=None
    )
    assert environments(flagged)["prod"] == AS_EVERYWHERE


def test_no_rules_in_an_environment_are_something_else_than_those_of_everywhere(flagged: Stage) -> None:
    flagged.flags.update_flag_environment("f", "prod", rules=[])
    assert environments(flagged)["prod"]["rules"] == []


def test_one_environment_says_nothing_of_another(flagged: Stage) -> None:
    flagged.flags.update_flag_environment("f", "prod", enabled=False)
    flagged.flags.update_flag_environment("f", "dev", default={"rollout": {"on": 1, "off": 1}})
    assert environments(flagged) == {
        "dev": AS_EVERYWHERE | {"default": {"rollout": [["on", 1], ["off", 1]]}},
        "prod": AS_EVERYWHERE | {"enabled": False},
    }


@pytest.mark.parametrize(
    ("state", "field"),
    [
        ({"enabled": "yes"}, "environments.prod.enabled"),
        ({"enabld": True}, "environments.prod.enabld"),
        ({"default": "green"}, "environments.prod.default"),
        ({"default": {"experiment": "e"}}, "environments.prod.default"),
        ({"off": "green"}, "environments.prod.off"),
        ({"off": 7}, "environments.prod.off"),
        ({"rules": [{"serve": "green"}]}, "environments.prod.rules[0].serve"),
        ({"rules": [{"serve": {"experiment": "nobody"}}]}, "environments.prod.rules[0].serve.experiment"),
        ({"rules": "all"}, "environments.prod.rules"),
        ({"starts_at": "soon"}, "environments.prod.starts_at"),
        ({"starts_at": START, "ends_at": START}, "environments.prod.ends_at"),
    ],
)
def test_a_wrong_state_is_refused_at_its_place_and_nothing_is_written(
    flagged: Stage, state: dict[str, Any], field: str
) -> None:
    before = flagged.state()
    with pytest.raises(InvalidInputError) as refusal:
        flagged.flags.update_flag_environment("f", "prod", **state)
    assert refusal.value.field == field
    assert flagged.state() == before


def test_an_environment_that_there_is_not_is_refused_and_those_there_are_are_named(flagged: Stage) -> None:
    with pytest.raises(InvalidInputError, match=r"^environments: must be among dev, staging, prod, not 'live'"):
        flagged.flags.update_flag_environment("f", "live", enabled=False)
    with pytest.raises(InvalidInputError, match=r"^environments: must be among"):
        flagged.flags.update_feature_flag("f", environments={"live": {}})
    with pytest.raises(InvalidInputError, match=r"^environment: must be 1 to 64 characters"):
        flagged.flags.update_flag_environment("f", "the moon", enabled=False)


def test_an_environment_whose_state_is_as_it_was_leaves_no_trace(flagged: Stage) -> None:
    flagged.flags.update_flag_environment("f", "prod", enabled=False)
    before = flagged.state()
    flagged.flags.update_flag_environment("f", "prod", enabled=False, default=None)
    assert flagged.state() == before


def test_to_promote_copies_all_of_one_environment_to_another(flagged: Stage) -> None:
    flagged.flags.update_flag_environment("f", "staging", rules=[RULE], default="off")
    flagged.flags.update_flag_environment("f", "prod", enabled=False, off="on")
    flagged.flags.promote_feature_flag("f", source="staging", target="prod", actor="ana")
    assert environments(flagged)["prod"] == environments(flagged)["staging"]
    assert environments(flagged)["prod"] == AS_EVERYWHERE | {"rules": [RULE], "default": "off"}
    assert (flagged.entries()[0].action, flagged.entries()[0].actor) == ("promoted", "ana")


def test_to_promote_from_where_nothing_differs_takes_away_what_differs_there(flagged: Stage) -> None:
    flagged.flags.update_flag_environment("f", "prod", enabled=False)
    flagged.flags.update_flag_environment("f", "dev", default="off")
    flagged.flags.promote_feature_flag("f", source="staging", target="prod")
    assert list(environments(flagged)) == ["dev"]


def test_to_promote_what_is_the_same_leaves_no_trace(flagged: Stage) -> None:
    flagged.flags.update_flag_environment("f", "prod", enabled=False)
    before = flagged.state()
    flagged.flags.promote_feature_flag("f", source="prod", target="prod")
    flagged.flags.promote_feature_flag("f", source="dev", target="staging")
    assert flagged.state() == before


@pytest.mark.parametrize(("given", "field"), [(("a b", "prod"), "source"), (("dev", ""), "target")])
def test_to_promote_needs_two_environments(flagged: Stage, given: tuple[str, str], field: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        flagged.flags.promote_feature_flag("f", source=given[0], target=given[1])
    assert refusal.value.field == field


@pytest.mark.parametrize(("source", "target", "field"), [("stagging", "prod", "source"), ("staging", "live", "target")])
@pytest.mark.parametrize("states", [{"prod": {"enabled": False}}, {}], ids=["off in prod", "nothing said"])
def test_to_promote_from_or_to_an_environment_there_is_not_is_refused(
    flagged: Stage, states: dict[str, Any], source: str, target: str, field: str
) -> None:
    flagged.flags.update_feature_flag("f", environments=states)
    before = flagged.state()
    with pytest.raises(InvalidInputError, match=f"^{field}: must be among dev, staging, prod, not "):
        flagged.flags.promote_feature_flag("f", source=source, target=target)
    assert flagged.state() == before


def test_an_environment_that_is_gone_may_be_promoted_as_long_as_the_flag_has_it(flagged: Stage) -> None:
    flagged.flags.update_flag_environment("f", "prod", enabled=False)
    references = replace(flagged.flags.references, environments=("dev", "live"))
    flags = replace(flagged.flags, references=references)
    flags.promote_feature_flag("f", source="prod", target="live")
    assert environments(flagged)["live"] == environments(flagged)["prod"]


def test_a_change_of_an_environment_on_an_expected_revision_is_made_once(flagged: Stage) -> None:
    flagged.flags.update_flag_environment("f", "prod", enabled=False, expected_revision=1)
    with pytest.raises(ConflictError):
        flagged.flags.update_flag_environment("f", "prod", enabled=True, expected_revision=1)
    with pytest.raises(ConflictError):
        flagged.flags.promote_feature_flag("f", source="prod", target="dev", expected_revision=1)
    with pytest.raises(NotFoundError):
        flagged.flags.update_flag_environment("nobody", "prod", enabled=True)


def test_a_flag_without_rules_becomes_typed_by_what_is_said_of_an_environment(stage: Stage) -> None:
    stage.flags.create_feature_flag("nav", flag_id="f")
    stage.flags.update_flag_environment("f", "prod", enabled=False)
    assert environments(stage) == {"prod": AS_EVERYWHERE | {"enabled": False}}


def test_what_changes_nothing_of_an_environment_leaves_a_free_form_flag_free(stage: Stage) -> None:
    for rules in ([], [{"country": "NL"}], {"min_age": 18}):
        stage.flags.create_feature_flag("nav", flag_id=f"f-{len(stage.memory.flags)}", rules=rules)
    before = stage.state()
    for flag_id in list(stage.memory.flags):
        assert stage.flags.promote_feature_flag(flag_id, source="dev", target="prod").targeting is None
    assert stage.state() == before


def test_free_form_rules_have_no_environments(stage: Stage) -> None:
    stage.flags.create_feature_flag("nav", flag_id="f", rules=[{"country": "NL"}])
    before = stage.state()
    with pytest.raises(InvalidInputError, match=r"^rules\[0\].country: is not known"):
        stage.flags.update_flag_environment("f", "prod", enabled=False)
    assert stage.state() == before
