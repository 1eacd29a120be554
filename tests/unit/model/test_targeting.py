"""A flag's targeting is true once read, and its record is one form that reads as itself."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.decision.condition_strategies import conditions
from tests.unit.model.values import ids, instants, json_values, names, texts
from variate.errors import InvalidInputError
from variate.model import Document
from variate.model.condition import condition_record
from variate.model.targeting import (
    EnvironmentState,
    FlagType,
    FlagVariation,
    ServeRollout,
    ServeVariation,
    Targeting,
    is_of_type,
)
from variate.model.targeting_record import read_rules, read_targeting, rules_record, serve_record, targeting_record
from variate.testing.clocks import START

Fields = dict[str, Any]


@st.composite
def schedules(draw: st.DrawFn) -> Fields:
    start, end = sorted(draw(st.lists(instants, min_size=2, max_size=2, unique=True)))
    return draw(st.sampled_from([{}, {"starts_at": start}, {"ends_at": end}, {"starts_at": start, "ends_at": end}]))


@st.composite
def given_flags(draw: st.DrawFn) -> tuple[Fields, list[Any]]:
    """The fields and rules of a flag, as a caller may write them."""
    listed = draw(st.lists(ids, min_size=1, max_size=4, unique=True))
    one = st.sampled_from(listed)
    weights = st.integers(1, 100) | st.floats(0.01, 100)
    shares = st.dictionaries(one, weights, min_size=min(2, len(listed)))
    serves = one | shares.map(lambda found: {"rollout": found})
    through = ids.map(lambda name: {"experiment": name})

    def rules() -> list[Any]:
        return [
            {
                "name": name,
                "serve": draw(serves | through),
                "condition": draw(st.none() | conditions().map(condition_record)),
            }
            for name in draw(st.lists(names, max_size=3, unique=True))
        ]

    fields: Fields = {
        "variations": [{"name": name, "value": draw(json_values), "description": draw(texts)} for name in listed],
        "type": "json",
        "default": draw(serves),
        "off": draw(one),
        "prerequisites": [
            {"flag": name, "variations": draw(st.lists(ids, min_size=1, max_size=2))}
            for name in draw(st.lists(ids, max_size=2))
        ],
        "environments": {
            name: {
                "enabled": draw(st.booleans()),
                "rules": draw(st.sampled_from([None, []])) if draw(st.booleans()) else rules(),
                "default": draw(st.none() | serves),
                "off": draw(st.none() | one),
                **draw(schedules()),
            }
            for name in draw(st.lists(st.sampled_from(["dev", "staging", "prod"]), max_size=2, unique=True))
        },
        "salt": draw(st.none() | ids),
        "owner": draw(st.none() | names),
        "tags": draw(st.lists(names, max_size=3, unique=True)),
        **draw(schedules()),
    }
    return fields, rules()


@settings(deadline=None, max_examples=50)
@given(given_flags())
def test_the_record_of_a_targeting_reads_as_itself(flag: tuple[Fields, list[Any]]) -> None:
    targeting = read_targeting(*flag)
    record, rules = targeting_record(targeting), rules_record(targeting.rules)
    again = read_targeting(json.loads(json.dumps(record)), json.loads(json.dumps(rules)))
    assert again == targeting
    assert (targeting_record(again), rules_record(again.rules)) == (record, rules)


def test_the_order_of_a_rollout_is_kept_as_it_was_given() -> None:
    shares = {"z": 1, "a": 2, "m": 3}
    variations = [{"name": name, "value": name} for name in "amz"]
    targeting = read_targeting({"variations": variations, "default": {"rollout": shares}, "off": "a"}, [])
    assert isinstance(targeting.default, ServeRollout)
    assert targeting.default.weights == (("z", 1), ("a", 2), ("m", 3))
    assert serve_record(targeting.default) == {"rollout": [["z", 1], ["a", 2], ["m", 3]]}


def test_a_rollout_may_have_variations_whose_names_differ_late() -> None:
    names = ["v" * 120 + end for end in "ab"]
    variations = [{"name": name, "value": name} for name in names]
    shares = dict.fromkeys(names, 1)
    targeting = read_targeting({"variations": variations, "default": {"rollout": shares}, "off": names[0]}, [])
    assert serve_record(targeting.default) == {"rollout": [[name, 1] for name in names]}


def test_a_share_of_one_variation_alone_is_refused_and_the_rest_asked_for() -> None:
    """Weights are shares of their sum: on for 20 % has to say what the others get."""
    with pytest.raises(InvalidInputError) as refusal:
        read_targeting({"default": {"rollout": {"on": 20}}}, [])
    assert refusal.value.field == "default.rollout"
    assert 'must name the others too, such as {"on": 20, "off": 80}' in refusal.value.rule


@pytest.mark.parametrize("shares", [{"on": 100}, {"on": 20, "off": 0}, {"on": 1, "off": 4}])
def test_a_rollout_that_says_what_everybody_gets_is_taken(shares: dict[str, float]) -> None:
    targeting = read_targeting({"default": {"rollout": shares}}, [])
    assert serve_record(targeting.default) == {"rollout": [[name, weight] for name, weight in shares.items()]}


def test_a_rollout_of_a_flag_s_only_variation_is_taken() -> None:
    fields = {"variations": [{"name": "a", "value": 1}], "default": {"rollout": {"a": 1}}, "off": "a"}
    assert serve_record(read_targeting(fields, []).default) == {"rollout": [["a", 1]]}


@pytest.mark.parametrize("given", [{}, {"type": None}, {"type": "boolean"}, {"variations": None}])
def test_a_flag_of_which_nothing_is_said_is_on_or_off(given: Fields) -> None:
    targeting = read_targeting(given, [])
    assert (targeting.type, targeting.names) == (FlagType.BOOLEAN, ["on", "off"])
    assert (targeting.default, targeting.off) == (ServeVariation(variation="on"), "off")


@pytest.mark.parametrize("rules", [None, {}, [], ()])
def test_no_rules_may_be_written_in_several_ways(rules: Any) -> None:
    assert read_rules("rules", rules) == ()


def test_a_rule_without_a_name_is_called_by_its_place() -> None:
    rules = read_rules("rules", [{"serve": "on"}, {"serve": "on", "name": "wave"}, {"serve": "on"}])
    assert [rule.name for rule in rules] == ["rule 1", "wave", "rule 3"]


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (FlagType.BOOLEAN, [True, False], [0, 1, None, "true", [], {}]),
        (FlagType.STRING, ["", "a"], [0, None, True, [], {}]),
        (FlagType.NUMBER, [0, 1.5, -1], [True, "1", None, [], {}]),
        (FlagType.JSON, [True, "", 0, None, [], {}], []),
    ],
)
def test_each_type_has_its_values(kind: FlagType, good: list[Any], bad: list[Any]) -> None:
    assert all(is_of_type(kind, Document.of(value, field="v")) for value in good)
    assert not any(is_of_type(kind, Document.of(value, field="v")) for value in bad)


def test_what_is_built_past_the_reader_is_checked_all_the_same() -> None:
    on = FlagVariation(name="on", value=Document("true"))
    plain: Fields = {
        "type": FlagType.BOOLEAN,
        "variations": (on,),
        "default": ServeVariation(variation="on"),
        "off": "on",
    }
    assert Targeting(**plain).names == ["on"]
    wrong: list[tuple[Fields, str]] = [
        ({"off": "off"}, "off"),
        ({"default": ServeVariation(variation="off")}, "default"),
        ({"default": ServeRollout(weights=(("on", 0),))}, "default.rollout"),
        ({"variations": (on, on)}, "variations"),
        ({"variations": ()}, "variations"),
        ({"type": FlagType.STRING}, "variations[0].value"),
        ({"environments": {"the moon": EnvironmentState()}}, "environments"),
        ({"environments": {"dev": EnvironmentState(off="off")}}, "environments.dev.off"),
        ({"starts_at": START, "ends_at": START}, "ends_at"),
        ({"starts_at": START.replace(tzinfo=None)}, "starts_at"),
    ]
    for fields, field in wrong:
        with pytest.raises(InvalidInputError) as refusal:
            Targeting(**{**plain, **fields})
        assert refusal.value.field == field


def test_an_environment_has_a_schedule_of_its_own() -> None:
    state = EnvironmentState(starts_at=START, ends_at=START + timedelta(days=1))
    assert state.ends_at == START + timedelta(days=1)
    with pytest.raises(InvalidInputError, match=r"^ends_at: must be after starts_at"):
        EnvironmentState(starts_at=START, ends_at=START)
    with pytest.raises(InvalidInputError, match=r"^enabled: must be true or false"):
        EnvironmentState(enabled=1)  # type: ignore[arg-type]  # what is refused
