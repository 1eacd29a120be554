"""What is published is what ``spec/snapshot.schema.json`` describes, no less and no more."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from tests.unit.decision.condition_strategies import conditions
from tests.unit.decision.spec import SPEC, errors_of, spec_file
from variate.errors import InvalidInputError
from variate.model import ExperimentStatus, FlagStatus
from variate.model.condition import Condition, condition_record, read_condition
from variate.model.design import Design, PastAllocation
from variate.model.design_record import DesignFields, revised
from variate.model.experiment import PLAIN
from variate.model.operators import Operator
from variate.model.snapshot import SNAPSHOT_FORMAT, Snapshot
from variate.model.targeting_record import TARGETING_FIELDS, read_targeting, targeting_record
from variate.publishing.content import experiment_content, flag_content
from variate.testing.builders import (
    build_experiment,
    build_flag,
    build_holdout,
    build_layer,
    build_override,
    build_variation,
)
from variate.testing.clocks import START

BETA = {"attribute": "plan", "operator": "equals", "value": "beta"}
EVERY_FORM = {
    "all": [
        {"any": [{"audience": "beta"}, {"percentage": 0.07, "salt": "wave-1"}]},
        {"not": {"attribute": "account.owner.age", "operator": "less_than", "value": 18}},
        {"attribute": "country", "operator": "exists"},
    ]
}
DESIGN = {
    "hypothesis": "Green sells",
    "unit_type": "account",
    "salt": "a:salt",
    "audience": EVERY_FORM,
    "traffic": 12.34,
    "layer": "checkout",
    "layer_range": [0.01, 99.99],
    "holdouts": ["nobody", "new"],
    "starts_at": START,
    "ends_at": START + timedelta(days=14),
    "control": "treatment",
    "metrics": ["revenue", {"metric": "latency", "role": "guardrail"}],
    "plan": {"units": 10_000},
    "takes_new_units": False,
    "keeps_outside_audience": True,
    "reads_ledger": True,
}
PAST = (
    PastAllocation(weights=(1, 0.5), traffic=5, audience=None, until=START + timedelta(days=1)),
    PastAllocation(weights=(0, 1e308), traffic=100, audience=read_condition("", BETA), until=START + timedelta(days=2)),
)
TARGETING = {
    "type": "json",
    "schema": {"type": "object"},
    "variations": [
        {"name": "on", "value": {"sizes": [1, 2.5], "nested": {"a": None}}, "description": "All of it"},
        {"name": "off", "value": {}},
    ],
    "default": {"rollout": {"on": 0.01, "off": 99.99}},
    "off": "off",
    "prerequisites": [{"flag": "plain", "variations": ["on"]}],
    "environments": {
        "staging": {"enabled": True, "rules": [{"serve": "on"}], "default": "on", "off": "on"},
        "production": {"starts_at": START, "ends_at": START + timedelta(days=1)},
    },
    "starts_at": START,
    "ends_at": START + timedelta(days=400),
    "salt": "b:salt",
    "owner": "ada",
    "tags": ["checkout"],
}
RULES = [
    {"name": "staff", "condition": EVERY_FORM, "serve": "on"},
    {"condition": BETA, "serve": {"rollout": {"on": 1, "off": 2.5}}},
    {"serve": {"experiment": "full"}},
]


def _content() -> Any:
    """Return the content of a snapshot in which each field of a definition is set once, and once is as it comes."""
    full = build_experiment(
        "full",
        status=ExperimentStatus.ACTIVE,
        variations=[build_variation("control", value={"a": 1}, weight=2), build_variation("treatment", weight=0.5)],
        design=_with_past(),
        version=3,
    )
    canonical = targeting_record(read_targeting(TARGETING, RULES))
    flags = [
        build_flag("full", rules=RULES, targeting=canonical, status=FlagStatus.ACTIVE, revision=7),
        build_flag("plain", status=FlagStatus.ACTIVE),
        build_flag("free", rules={"anything": ["goes"]}),
        build_flag("word", targeting=_typed("x", "y"), status=FlagStatus.ACTIVE),
        build_flag("number", targeting=_typed(1, 2.5)),
        build_flag("truth", targeting=_typed(True, False)),
    ]
    experiments = [full, build_experiment("plain", status=ExperimentStatus.ACTIVE), build_experiment("draft")]
    experiments += [build_experiment(status.value, status=status) for status in ExperimentStatus if status != "active"]
    expiring = build_override("😀", value="treatment", expires_at=START + timedelta(days=1))
    overrides = {"full": (build_override("user-1", value="gone"), expiring)}
    layers = {"checkout": build_layer("checkout", ranges={"full": (0.01, 99.99)})}
    holdouts = {name: build_holdout(name, percentage=share) for name, share in (("nobody", 0), ("new", 5.5))}
    content: dict[str, Any] = {
        "format": SNAPSHOT_FORMAT,
        "environment": "production",
        "audiences": {"beta": BETA},
        "experiments": {
            each.id: experiment_content(each, layers=layers, holdouts=holdouts, overrides=overrides.get(each.id, ()))
            for each in experiments
        },
        "flags": {
            each.id: flag_content(each, environment="production", overrides=[build_override("user-1", value="on")])
            for each in flags
        },
    }
    return Snapshot.of(content).content


def _with_past() -> Design:
    return replace(revised(PLAIN, DESIGN), past=PAST)


def _typed(first: Any, second: Any) -> Any:
    variations = [{"name": "on", "value": first}, {"name": "off", "value": second}]
    return targeting_record(read_targeting({"variations": variations}, []))


def _records(value: Any, name: str = "") -> Iterator[dict[str, Any]]:
    """Yield each object whose keys the schema fixes: neither those by id, nor a variation's value."""
    if isinstance(value, dict):
        if name not in {"audiences", "experiments", "flags", "overrides"}:
            yield value
        for key, item in value.items():
            if key != "value":
                yield from _records(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from _records(item)


def test_a_snapshot_with_everything_in_it_is_as_the_schema_says() -> None:
    assert errors_of(_content()) == []


def test_the_snapshot_has_every_field_there_is() -> None:
    assert set(DESIGN) == set(DesignFields.__annotations__)
    assert set(TARGETING) == set(TARGETING_FIELDS)
    schema = spec_file(SPEC / "snapshot.schema.json")["$defs"]
    content = _content()
    assert set(content["experiments"]["full"]) == set(schema["activeExperiment"]["properties"])
    assert set(content["flags"]["full"]) == set(schema["typedFlag"]["properties"])
    assert set(content["flags"]["free"]) == set(schema["freeFormFlag"]["properties"])
    assert set(content["experiments"]["draft"]) == set(schema["inactiveExperiment"]["properties"])


@pytest.mark.slow
def test_no_key_may_be_missing_or_added_anywhere() -> None:
    content = _content()
    records = list(_records(content))
    assert len(records) > 50
    for record in records:
        for key, value in list(record.items()):
            del record[key]
            assert errors_of(content), f"{key} may be left out of {record}"
            record[key] = value
        record["more"] = None
        assert errors_of(content), f"{record} may have another key"
        del record["more"]
    assert errors_of(content) == []


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("format", 2),
        ("environment", "the moon"),
        ("experiments.full.status", "draft"),
        ("experiments.full.version", 0),
        ("experiments.full.salt", ""),
        ("experiments.full.salt", "a\x00b"),
        ("experiments.full.starts_at", "2040-02-29T09:30:00Z"),
        ("experiments.full.weights", [0, 0]),
        ("experiments.full.weights", [1, -1]),
        ("experiments.full.variations", []),
        ("experiments.full.traffic", 10_001),
        ("experiments.full.traffic", 0.5),
        ("experiments.full.layer.end", 0),
        ("experiments.full.audience", []),
        ("experiments.full.audience", {"all": []}),
        ("experiments.full.audience", {"attribute": "a", "operator": "equal", "value": 1}),
        ("experiments.full.audience", {"attribute": "a", "operator": "equals"}),
        ("experiments.full.audience", {"attribute": "a", "operator": "exists", "value": None}),
        ("experiments.full.audience", {"attribute": "a..b", "operator": "exists"}),
        ("experiments.full.audience", {"percentage": 101, "salt": "s"}),
        ("experiments.full.takes_new_units", 1),
        ("experiments.full.overrides", {"": {"variation": "control", "until": None}}),
        ("flags.full.type", "object"),
        ("flags.full.default", {"experiment": "full"}),
        ("flags.full.default", {"rollout": {"on": 1}}),
        ("flags.full.default", {"rollout": [["on", 0], ["off", 0]]}),
        ("flags.full.default", {"rollout": [["on"]]}),
        ("flags.full.off", None),
        ("flags.full.prerequisites", [{"flag": "plain", "variations": []}]),
        ("flags.free.variations", []),
        ("flags.word.variations", [{"name": "on", "value": 1}, {"name": "off", "value": "y"}]),
        ("flags.number.variations", [{"name": "on", "value": True}, {"name": "off", "value": 2}]),
        ("flags.truth.variations", [{"name": "on", "value": "true"}, {"name": "off", "value": False}]),
    ],
)
def test_a_wrong_value_is_refused(path: str, wrong: Any) -> None:
    content = _content()
    *outer, last = path.split(".")
    record = content
    for name in outer:
        record = record[name]
    assert last in record
    record[last] = wrong
    assert errors_of(content)


def _with_audience(condition: Any) -> list[str]:
    empty: dict[str, Any] = {"format": 1, "environment": "production", "experiments": {}, "flags": {}}
    return errors_of({**empty, "audiences": {"a": condition}})


@settings(max_examples=200, deadline=None)
@given(condition=conditions())
def test_every_condition_is_as_the_schema_says(condition: Condition) -> None:
    assert _with_audience(condition_record(condition)) == []


def test_the_schema_has_every_operator() -> None:
    schema = spec_file(SPEC / "snapshot.schema.json")["$defs"]
    assert schema["comparison"]["properties"]["operator"]["enum"] == list(Operator)


@pytest.mark.parametrize("operator", Operator)
def test_a_value_that_an_operator_does_not_take_is_refused_by_the_schema_too(operator: Operator) -> None:
    values: list[Any] = [None, True, 1.5, "a", "1.2.3", "10.0.0.0/8", "2026-01-31T09:30:00+01:00", [], ["a"], [None]]
    for value in values:
        record = {"attribute": "a", "operator": str(operator), "value": value}
        try:
            read_condition("", record)
        except InvalidInputError:
            assert _with_audience(record), f"the model refuses {record}"
        else:
            assert _with_audience(record) == []


@pytest.mark.parametrize("environment", ["production", "staging"])
def test_a_flag_is_resolved_for_an_environment_as_the_decision_cases_have_it(environment: str) -> None:
    staff = {"attribute": "email", "operator": "ends_with", "value": "@example.com"}
    fields = {
        "variations": [{"name": name, "value": name.upper()} for name in "abc"],
        "default": {"rollout": {"a": 10, "b": 90}},
        "off": "c",
        "prerequisites": [{"flag": "gate", "variations": ["a"]}],
        "environments": {
            "staging": {
                "rules": [],
                "default": "a",
                "off": "b",
                "starts_at": "2026-02-01T00:00:00Z",
                "ends_at": "2026-04-01T00:00:00Z",
            }
        },
        "starts_at": "2026-03-01T00:00:00Z",
        "salt": "checkout-salt",
    }
    rules = [{"name": "staff", "condition": staff, "serve": "b"}]
    two = [{"name": name, "value": name.upper()} for name in "ab"]
    quiet = {"variations": two, "default": "a", "off": "b", "environments": {"production": {"enabled": False}}}
    content = spec_file(SPEC / "decision-cases" / f"environment-{environment}.json")["snapshot"]
    for key, revision, targeting, its_rules in (("checkout", 5, fields, rules), ("quiet", 2, quiet, [])):
        canonical = targeting_record(read_targeting(targeting, its_rules))
        flag = build_flag(key, targeting=canonical, rules=its_rules, status=FlagStatus.ACTIVE, revision=revision)
        found = flag_content(flag, environment=environment, overrides=())
        assert json.loads(json.dumps(found)) == content["flags"][key]
