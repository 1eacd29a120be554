"""flagsmith-flag-engine: an evaluation of a whole context, with reasons; the context holds what the work is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flag_engine.engine import get_evaluation_result  # type: ignore[import-not-found]

from benchmarks.peers.subject import Subject, Turn, Work
from benchmarks.peers.workload import EXPERIMENT, PLAN, ROLLOUT, VARIATIONS, Flag, Person, Workload

_ENVIRONMENT = {"key": "benchmark", "name": "Benchmark"}


def make(workload: Workload) -> list[Subject]:
    """Make the one. A rule is a segment that overrides the feature; the first in priority stands."""
    treatment = {"key": VARIATIONS[1], "value": VARIATIONS[1], "weight": 50, "priority": 1}
    split = {**_feature(EXPERIMENT, enabled=True), "value": VARIATIONS[0], "variants": [treatment]}
    call = "get_evaluation_result"
    return [
        Subject(
            name="flagsmith-flag-engine",
            experiment=Work(
                call=call,
                turn=_turn_of_one(EXPERIMENT, "value", {EXPERIMENT: split}, {}),
                read=str,
            ),
            flag=Work(call=call, turn=_turn_of_one("flag-0", "enabled", *_context(workload.flags[:1])), read=bool),
            flags=Work(call=f"{call} of all", turn=_turn_of_all(*_context(workload.flags)), read=_values),
            why=lambda answer: str(answer["flags"]["flag-0"]["reason"]),
        )
    ]


def _context(flags: Sequence[Flag]) -> tuple[dict[str, Any], dict[str, Any]]:
    segments = {segment["key"]: segment for flag in flags for segment in _segments(flag)}
    return {flag.id: _feature(flag.id, enabled=False) for flag in flags}, segments


def _turn_of_one(name: str, field: str, features: Mapping[str, Any], segments: Mapping[str, Any]) -> Turn:
    def turn(people: Sequence[Person]) -> tuple[Any, Any]:
        for unit, country, version, plan, age in people:
            attributes = {"country": country, "version": version, "plan": plan, "age": age}
            answer = get_evaluation_result(
                {
                    "environment": _ENVIRONMENT,
                    "identity": {"identifier": unit, "key": unit, "traits": attributes},
                    "features": features,
                    "segments": segments,
                }
            )
            value = answer["flags"][name][field]
        return value, answer

    return turn


def _turn_of_all(features: Mapping[str, Any], segments: Mapping[str, Any]) -> Turn:
    def turn(people: Sequence[Person]) -> tuple[Any, Any]:
        for unit, country, version, plan, age in people:
            attributes = {"country": country, "version": version, "plan": plan, "age": age}
            answer = get_evaluation_result(
                {
                    "environment": _ENVIRONMENT,
                    "identity": {"identifier": unit, "key": unit, "traits": attributes},
                    "features": features,
                    "segments": segments,
                }
            )
        return answer["flags"], answer

    return turn


def _values(flags: Any) -> dict[str, bool]:
    return {name: bool(flag["enabled"]) for name, flag in flags.items()}


def _feature(name: str, *, enabled: bool) -> dict[str, Any]:
    return {"key": name, "name": name, "enabled": enabled, "value": None}


def _segments(flag: Flag) -> list[dict[str, Any]]:
    rules: dict[str, list[tuple[str, str, object]]] = {
        "countries": [("country", "IN", list(flag.countries))],
        "version": [("version", "GREATER_THAN_INCLUSIVE", f"{flag.version}:semver")],
        "plan": [("plan", "EQUAL", PLAN), ("age", "GREATER_THAN", str(flag.age))],
        "rollout": [("", "PERCENTAGE_SPLIT", str(ROLLOUT))],
    }
    return [
        {
            "key": f"{flag.id} {name}",
            "name": name,
            "rules": [
                {
                    "type": "ALL",
                    "conditions": [
                        {"property": attribute, "operator": operator, "value": value}
                        for attribute, operator, value in conditions
                    ],
                }
            ],
            "overrides": [{**_feature(flag.id, enabled=True), "priority": priority}],
        }
        for priority, (name, conditions) in enumerate(rules.items())
    ]
