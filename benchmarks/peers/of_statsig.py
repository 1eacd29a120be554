"""statsig-python-core: gates and an experiment with their rule ids and details; exposures are not logged.

Its only call for all gates answers in JSON, for a browser: parsed here, since everybody else's answer is a dict.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from statsig_python_core import (  # type: ignore[import-not-found]
    ExperimentEvaluationOptions,
    FeatureGateEvaluationOptions,
    StatsigOptions,
    StatsigUser,
)
from statsig_python_core.data_store import DataStore, DataStoreResponse  # type: ignore[import-not-found]
from statsig_python_core.statsig import Statsig  # type: ignore[import-not-found]

from benchmarks.peers.subject import Subject, Work
from benchmarks.peers.workload import EXPERIMENT, PLAN, ROLLOUT, VARIATIONS, Flag, Person, Workload


def make(workload: Workload) -> list[Subject]:
    """Make the one, which takes its specs from memory and has no network."""
    statsig = Statsig("secret-none", _options(workload))
    statsig.initialize().wait()
    gate, get_experiment = statsig.get_feature_gate, statsig.get_experiment
    silent = FeatureGateEvaluationOptions(disable_exposure_logging=True)
    silent_experiment = ExperimentEvaluationOptions(disable_exposure_logging=True)
    respond, loads = statsig.get_client_initialize_response, json.loads

    def experiment(people: Sequence[Person]) -> tuple[Any, Any]:
        for unit, country, version, plan, age in people:
            attributes = {"country": country, "version": version, "plan": plan, "age": age}
            answer = get_experiment(StatsigUser(unit, custom=attributes), EXPERIMENT, silent_experiment)
            value = answer.get("variation")
        return value, answer

    def flag(people: Sequence[Person]) -> tuple[Any, Any]:
        for unit, country, version, plan, age in people:
            attributes = {"country": country, "version": version, "plan": plan, "age": age}
            answer = gate(StatsigUser(unit, custom=attributes), "flag-0", silent)
            value = answer.value
        return value, answer

    def flags(people: Sequence[Person]) -> tuple[Any, Any]:
        for unit, country, version, plan, age in people:
            attributes = {"country": country, "version": version, "plan": plan, "age": age}
            answer = loads(respond(StatsigUser(unit, custom=attributes), hash="none"))
        return answer, answer

    return [
        Subject(
            name="statsig-python-core",
            experiment=Work(call="get_experiment", turn=experiment, read=str),
            flag=Work(call="get_feature_gate", turn=flag, read=bool),
            flags=Work(
                call="get_client_initialize_response, parsed",
                turn=flags,
                read=lambda answer: {id_: bool(gate["value"]) for id_, gate in answer["feature_gates"].items()},
            ),
            why=lambda answer: str(answer.rule_id),
            close=lambda: statsig.shutdown().wait(),
        )
    ]


def _options(workload: Workload) -> Any:
    specs = json.dumps(_specs(workload.flags))

    class InMemory(DataStore):  # type: ignore[misc]
        def get(self, key: str) -> Any:  # noqa: ARG002
            return DataStoreResponse(result=specs, time=1)

    return StatsigOptions(
        data_store=InMemory(),
        disable_network=True,
        disable_all_logging=True,
        disable_country_lookup=True,
        disable_disk_access=True,
        output_log_level="none",
    )


def _specs(flags: Sequence[Flag]) -> dict[str, Any]:
    conditions = {
        "everyone": _condition("public"),
        "first half": _condition("user_bucket", "lt", 500, salt=EXPERIMENT),
        "both halves": _condition("user_bucket", "lt", 1_000, salt=EXPERIMENT),
        "plan": _condition("user_field", "any", [PLAN], field="plan"),
    }
    for flag in flags:
        conditions[f"{flag.id} countries"] = _condition("user_field", "any", list(flag.countries), field="country")
        conditions[f"{flag.id} version"] = _condition("user_field", "version_gte", flag.version, field="version")
        conditions[f"{flag.id} age"] = _condition("user_field", "gt", flag.age, field="age")
    groups = [
        _rule(variation, [part], {"variation": variation}, groupName=variation, isExperimentGroup=True)
        for variation, part in zip(VARIATIONS, ("first half", "both halves"), strict=True)
    ]
    return {
        "has_updates": True,
        "time": 1,
        "feature_gates": {flag.id: _gate(flag) for flag in flags},
        "dynamic_configs": {
            EXPERIMENT: _spec("dynamic_config", EXPERIMENT, groups, default={}, entity="experiment", isActive=True)
        },
        "layer_configs": {},
        "experiment_to_layer": {},
        "condition_map": conditions,
    }


def _gate(flag: Flag) -> dict[str, Any]:
    rules = [
        _rule("countries", [f"{flag.id} countries"], True),
        _rule("version", [f"{flag.id} version"], True),
        _rule("plan", ["plan", f"{flag.id} age"], True),
        _rule("rollout", ["everyone"], True, passPercentage=ROLLOUT),
    ]
    return _spec("feature_gate", flag.id, rules, default=False, entity="feature_gate")


def _spec(kind: str, salt: str, rules: Sequence[object], *, default: object, **more: object) -> dict[str, Any]:
    return {
        "type": kind,
        "salt": salt,
        "enabled": True,
        "defaultValue": default,
        "rules": list(rules),
        "idType": "userID",
        **more,
    }


def _rule(id_: str, conditions: Sequence[str], value: object, **more: object) -> dict[str, Any]:
    return {
        "id": id_,
        "name": id_,
        "salt": id_,
        "passPercentage": 100,
        "conditions": list(conditions),
        "returnValue": value,
        "idType": "userID",
        **more,
    }


def _condition(
    kind: str, operator: str | None = None, target: object = None, *, field: str | None = None, **more: str
) -> dict[str, Any]:
    return {
        "type": kind,
        "operator": operator,
        "targetValue": target,
        "field": field,
        "additionalValues": more,
        "idType": "userID",
    }
