"""A definition as a snapshot holds it: resolved for one environment, and nothing left to look up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.unit.definition.stage import BETA
from tests.unit.publishing.world import World
from variate.errors import InvalidInputError
from variate.model import FeatureFlag, FlagStatus, format_instant
from variate.model.snapshot import SNAPSHOT_FORMAT
from variate.model.targeting_record import read_targeting, targeting_record
from variate.publishing.content import experiment_content, flag_content
from variate.testing.builders import build_experiment, build_flag, build_override
from variate.testing.clocks import START

LATER = START + timedelta(days=14)


def test_an_active_experiment_is_there_with_all_that_decides(world: World) -> None:
    world.audiences.create_audience("beta", condition=BETA)
    world.layers.create_layer("checkout", salt="layer-salt")
    world.holdouts.create_holdout("new", percentage=0.07, salt="holdout-salt")
    world.started(
        audience={"audience": "beta"},
        traffic=12.34,
        layer="checkout",
        layer_range=[10, 20.5],
        holdouts=["new"],
        starts_at=START,
        ends_at=LATER,
        control="b",
        unit_type="account",
    )
    world.override_store.put(build_override("u", target_id="e", value="b", expires_at=LATER))
    world.override_store.put(build_override("v", target_id="e", value="a"))
    world.publisher.publish("prod")
    assert world.content() == {
        "format": SNAPSHOT_FORMAT,
        "environment": "prod",
        "audiences": {"beta": BETA},
        "flags": {},
        "experiments": {
            "e": {
                "status": "active",
                "version": 1,
                "salt": "e",
                "unit_type": "account",
                "control": "b",
                "starts_at": format_instant(START),
                "ends_at": format_instant(LATER),
                "variations": [{"name": "a", "value": {}}, {"name": "b", "value": {"n": 2.0}}],
                "weights": [1, 3],
                "traffic": 1_234,
                "audience": {"audience": "beta"},
                "layer": {"id": "checkout", "salt": "layer-salt", "start": 1_000, "end": 2_050},
                "holdouts": [{"id": "new", "salt": "holdout-salt", "buckets": 7}],
                "takes_new_units": True,
                "keeps_outside_audience": False,
                "reads_ledger": False,
                "past": [],
                "overrides": {
                    "u": {"variation": "b", "until": format_instant(LATER)},
                    "v": {"variation": "a", "until": None},
                },
            }
        },
    }


def test_a_salt_of_its_own_and_what_is_remembered_are_there_too(world: World) -> None:
    world.started(salt="mine")
    changed = world.experiments.update_experiment("e", traffic=50, audience=BETA)
    world.publisher.publish("prod")
    found = world.content()["experiments"]["e"]
    assert (found["salt"], found["traffic"]) == ("mine", 5_000)
    assert found["past"] == [
        {
            "weights": [1, 3],
            "traffic": 10_000,
            "audience": None,
            "until": format_instant(changed.design.past[0].until),
        }
    ]


@pytest.mark.parametrize("status", ["draft", "paused", "completed"])
def test_an_experiment_that_is_not_active_is_there_to_say_so(world: World, status: str) -> None:
    world.draft() if status == "draft" else world.started()
    if status in ("paused", "completed"):
        world.experiments.update_experiment_status("e", status)
    world.publisher.publish("prod")
    assert world.content()["experiments"] == {"e": {"status": status, "version": 1}}


def test_what_is_archived_is_not_there(world: World) -> None:
    world.draft()
    world.experiments.archive_experiment("e")
    world.flags.create_feature_flag("nav", flag_id="f", type="boolean", status="active")
    world.flags.archive_feature_flag("f")
    world.publisher.publish("prod")
    assert (world.content()["experiments"], world.content()["flags"]) == ({}, {})


@pytest.mark.parametrize(
    ("ranges", "said"),
    [(None, "layer: 'checkout' does not hold"), ({"other": (0, 50)}, "layer: 'checkout' does not hold")],
)
def test_an_experiment_whose_range_is_not_its_own_cannot_be_served(world: World, ranges: Any, said: str) -> None:
    layer = world.layers.create_layer("checkout")
    made = world.started(layer="checkout", layer_range=[0, 50])
    layers = {} if ranges is None else {"checkout": layer}
    with pytest.raises(InvalidInputError, match=said):
        experiment_content(made, layers=layers, holdouts={}, overrides=())


def test_an_experiment_whose_holdout_is_gone_cannot_be_served(world: World) -> None:
    world.holdouts.create_holdout("new", percentage=5)
    made = world.started(holdouts=["new"])
    with pytest.raises(InvalidInputError, match=r"^holdouts: 'new' is not there"):
        experiment_content(made, layers={}, holdouts={}, overrides=())


def test_weights_are_written_alike_whatever_number_they_were_given_as() -> None:
    whole, broken = (
        experiment_content(
            build_experiment("e", variations=weights, status="active"),  # type: ignore[arg-type]  # by its name
            layers={},
            holdouts={},
            overrides=(),
        )
        for weights in ({"a": 1, "b": 3}, {"a": 1.0, "b": 3.0})
    )
    assert repr(whole["weights"]) == repr(broken["weights"]) == "[1, 3]"


def typed(rules: Any = (), status: FlagStatus = FlagStatus.ACTIVE, **given: Any) -> FeatureFlag:
    """Build a flag of red and blue."""
    variations = [{"name": "red", "value": "#f00"}, {"name": "blue", "value": "#00f"}]
    fields = {"variations": variations, "default": "red", "off": "blue", **given}
    canonical = targeting_record(read_targeting(fields, list(rules)))
    return build_flag("f", targeting=canonical, rules=list(rules), status=status, revision=7)


def content(flag: FeatureFlag, environment: str = "prod", **overrides: Any) -> dict[str, Any]:
    return flag_content(flag, environment=environment, overrides=overrides.get("overrides", ()))


def test_a_flag_is_there_with_all_that_decides() -> None:
    rules = [{"name": "beta", "condition": BETA, "serve": {"rollout": {"blue": 20, "red": 80}}}]
    flag = typed(
        rules, prerequisites=[{"flag": "other", "variations": ["on"]}], starts_at=START, ends_at=LATER, salt="mine"
    )
    override = build_override("u", target="flag", target_id="f", value="blue")  # type: ignore[arg-type]  # by its name
    assert content(flag, overrides=[override]) == {
        "enabled": True,
        "version": 7,
        "type": "string",
        "salt": "mine",
        "variations": [{"name": "red", "value": "#f00"}, {"name": "blue", "value": "#00f"}],
        "rules": [{"name": "beta", "condition": BETA, "serve": {"rollout": [["blue", 20], ["red", 80]]}}],
        "default": "red",
        "off": "blue",
        "prerequisites": [{"flag": "other", "variations": ["on"]}],
        "starts_at": format_instant(START),
        "ends_at": format_instant(LATER),
        "overrides": {"u": {"variation": "blue", "until": None}},
    }


def test_what_is_not_said_of_an_environment_is_as_everywhere_and_the_salt_is_the_id() -> None:
    found = content(typed(environments={"dev": {"enabled": False, "default": "blue", "off": "red"}}))
    assert (found["enabled"], found["default"], found["off"], found["salt"]) == (True, "red", "blue", "f")


def test_what_is_said_of_an_environment_goes_before_what_is_said_of_all() -> None:
    here = {
        "enabled": False,
        "rules": [],
        "default": {"rollout": {"red": 1, "blue": 1}},
        "off": "red",
        "starts_at": LATER,
    }
    flag = typed([{"serve": "blue"}], starts_at=START, ends_at=LATER + timedelta(1), environments={"prod": here})
    found = content(flag)
    assert (found["enabled"], found["rules"], found["off"]) == (False, [], "red")
    assert found["default"] == {"rollout": [["red", 1], ["blue", 1]]}
    assert (found["starts_at"], found["ends_at"]) == (format_instant(LATER), format_instant(LATER + timedelta(1)))
    assert content(flag, "dev")["rules"] == [{"name": "rule 1", "condition": None, "serve": "blue"}]


@pytest.mark.parametrize(("status", "on"), [(FlagStatus.ACTIVE, True), (FlagStatus.INACTIVE, False)])
def test_a_flag_that_is_not_active_is_on_nowhere(status: FlagStatus, on: bool) -> None:
    assert content(typed(status=status, environments={"prod": {"enabled": True}}))["enabled"] is on


@pytest.mark.parametrize("rules", [[{"country": "NL"}], {"on": True}, "all", 0, None, [[]]])
def test_of_free_form_rules_a_snapshot_says_only_whether_the_flag_is_on(rules: Any) -> None:
    for status, on in ((FlagStatus.ACTIVE, True), (FlagStatus.INACTIVE, False)):
        flag = build_flag("f", rules=[] if rules is None else rules, status=status, revision=3)
        if rules is not None:
            assert content(flag) == {"enabled": on, "version": 3, "variations": None}


@pytest.mark.parametrize("rules", [[], {}])
def test_a_flag_without_rules_and_targeting_is_on_or_off(rules: Any) -> None:
    found = content(build_flag("f", rules=rules, status=FlagStatus.ACTIVE))
    assert (found["type"], found["default"], found["off"], found["rules"]) == ("boolean", "on", "off", [])
    assert found["variations"] == [{"name": "on", "value": True}, {"name": "off", "value": False}]
