"""growthbook: one instance whose attributes are set anew for each unit; no tracking callback."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from growthbook import GrowthBook  # type: ignore[import-not-found]

from benchmarks.peers.subject import Subject, Work
from benchmarks.peers.workload import EXPERIMENT, PLAN, ROLLOUT, VARIATIONS, Flag, Person, Workload

_BY_ID = {"hashAttribute": "id", "hashVersion": 2}


def make(workload: Workload) -> list[Subject]:
    """Make the one. The unit's id is one of its attributes."""
    growthbook = GrowthBook(features=_features(workload.flags))
    set_attributes, evaluate = growthbook.set_attributes, growthbook.eval_feature
    ids = [flag.id for flag in workload.flags]

    def experiment(people: Sequence[Person]) -> tuple[Any, Any]:
        for unit, country, version, plan, age in people:
            set_attributes({"id": unit, "country": country, "version": version, "plan": plan, "age": age})
            answer = evaluate(EXPERIMENT)
            value = answer.value
        return value, answer

    def flag(people: Sequence[Person]) -> tuple[Any, Any]:
        for unit, country, version, plan, age in people:
            set_attributes({"id": unit, "country": country, "version": version, "plan": plan, "age": age})
            answer = evaluate("flag-0")
            value = answer.on
        return value, answer

    def flags(people: Sequence[Person]) -> tuple[Any, Any]:
        for unit, country, version, plan, age in people:
            set_attributes({"id": unit, "country": country, "version": version, "plan": plan, "age": age})
            answer = {id_: evaluate(id_) for id_ in ids}
        return answer, answer

    call = "set_attributes, eval_feature"
    return [
        Subject(
            name="growthbook",
            experiment=Work(call=call, turn=experiment, read=str),
            flag=Work(call=call, turn=flag, read=bool),
            flags=Work(
                call=f"{call} of each", turn=flags, read=lambda answer: {id_: _on(one) for id_, one in answer.items()}
            ),
            why=lambda answer: str(answer.ruleId or answer.source),
            close=growthbook.destroy,
        )
    ]


def _on(answer: Any) -> bool:
    return bool(answer.on)


def _features(flags: Sequence[Flag]) -> dict[str, Any]:
    rule = {"id": "split", "key": EXPERIMENT, "variations": list(VARIATIONS), "weights": [0.5, 0.5], **_BY_ID}
    return {
        EXPERIMENT: {"defaultValue": "none", "rules": [rule]},
        **{flag.id: {"defaultValue": False, "rules": _rules(flag)} for flag in flags},
    }


def _rules(flag: Flag) -> list[dict[str, Any]]:
    return [
        {"id": "countries", "condition": {"country": {"$in": list(flag.countries)}}, "force": True},
        {"id": "version", "condition": {"version": {"$vgte": flag.version}}, "force": True},
        {"id": "plan", "condition": {"plan": PLAN, "age": {"$gt": flag.age}}, "force": True},
        {"id": "rollout", "coverage": ROLLOUT / 100, "force": True, **_BY_ID},
    ]
