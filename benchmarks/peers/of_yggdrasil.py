"""yggdrasil-engine, on which UnleashClient stands: whether a toggle is enabled, which variant; no metrics counted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from yggdrasil_engine.engine import UnleashEngine  # type: ignore[import-not-found]

from benchmarks.peers.subject import Subject, Work
from benchmarks.peers.workload import EXPERIMENT, PLAN, ROLLOUT, VARIATIONS, Flag, Person, Workload


def make(workload: Workload) -> list[Subject]:
    """Make the one. Its answers do not say which strategy enabled a toggle."""
    engine = UnleashEngine()
    engine.take_state(json.dumps({"version": 2, "features": [_experiment(), *map(_toggle, workload.flags)]}))
    check_enabled, check_variant = engine.check_enabled, engine.check_variant
    ids = [flag.id for flag in workload.flags]

    def experiment(people: Sequence[Person]) -> tuple[Any, Any]:
        for unit, country, version, plan, age in people:
            attributes = {"country": country, "version": version, "plan": plan, "age": age}
            answer = check_variant(EXPERIMENT, {"userId": unit, "properties": attributes})
            value = answer.variant.name
        return value, answer

    def flag(people: Sequence[Person]) -> tuple[Any, Any]:
        for unit, country, version, plan, age in people:
            attributes = {"country": country, "version": version, "plan": plan, "age": age}
            answer = check_enabled("flag-0", {"userId": unit, "properties": attributes})
            value = answer.is_enabled
        return value, answer

    def flags(people: Sequence[Person]) -> tuple[Any, Any]:
        for unit, country, version, plan, age in people:
            attributes = {"country": country, "version": version, "plan": plan, "age": age}
            context = {"userId": unit, "properties": attributes}
            answer = {id_: check_enabled(id_, context) for id_ in ids}
        return answer, answer

    return [
        Subject(
            name="yggdrasil-engine",
            experiment=Work(call="check_variant", turn=experiment, read=str),
            flag=Work(call="check_enabled", turn=flag, read=bool),
            flags=Work(
                call="check_enabled of each",
                turn=flags,
                read=lambda answer: {id_: _on(one) for id_, one in answer.items()},
            ),
        )
    ]


def _on(answer: Any) -> bool:
    return bool(answer.is_enabled)


def _experiment() -> dict[str, Any]:
    variants = [{"name": variation, "weight": 500, "stickiness": "userId"} for variation in VARIATIONS]
    return {"name": EXPERIMENT, "type": "experiment", "enabled": True, "strategies": [_when()], "variants": variants}


def _toggle(flag: Flag) -> dict[str, Any]:
    rollout = {"rollout": str(ROLLOUT), "stickiness": "userId", "groupId": flag.id}
    strategies = [
        _when({"contextName": "country", "operator": "IN", "values": list(flag.countries)}),
        _when({"contextName": "version", "operator": "SEMVER_GTE", "value": flag.version}),
        _when(
            {"contextName": "plan", "operator": "IN", "values": [PLAN]},
            {"contextName": "age", "operator": "NUM_GT", "value": str(flag.age)},
        ),
        {"name": "flexibleRollout", "parameters": rollout, "constraints": []},
    ]
    return {"name": flag.id, "type": "release", "enabled": True, "strategies": strategies}


def _when(*constraints: dict[str, Any]) -> dict[str, Any]:
    return {"name": "default", "parameters": {}, "constraints": list(constraints)}
