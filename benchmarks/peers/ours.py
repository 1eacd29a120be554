"""variate's side: the engine on a snapshot of the experiment and the flags, which ask neither clock nor ledger."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from benchmarks.peers.subject import OURS, Subject, Work
from benchmarks.peers.workload import EXPERIMENT, PLAN, ROLLOUT, VARIATIONS, Flag, Person, Workload
from variate.decision import CompiledSnapshot, Engine, Surroundings
from variate.model.snapshot import SNAPSHOT_FORMAT, Snapshot


def snapshot(workload: Workload) -> str:
    """Return the text of a snapshot of the experiment and the workload's flags."""
    flags = {flag.id: _flag(flag) for flag in workload.flags}
    experiments = {EXPERIMENT: _experiment()}
    content = {"format": SNAPSHOT_FORMAT, "audiences": {}, "experiments": experiments, "flags": flags}
    return Snapshot.of(content).text


def load(text: str) -> Engine:
    """Return an engine ready to decide: all that is measured as loading a snapshot, parsing its text included."""
    compiled = CompiledSnapshot(json.loads(text), Surroundings(clock=lambda: 0.0, kept=lambda *_: None))
    engine = Engine(lambda: compiled)
    engine.use(compiled)
    return engine


def make(workload: Workload) -> list[Subject]:
    """Make the one."""
    engine = load(snapshot(workload))
    decide, evaluate, evaluate_all = engine.decide, engine.evaluate_flag, engine.evaluate_all_flags

    def experiment(people: Sequence[Person]) -> tuple[Any, Any]:
        for unit, country, version, plan, age in people:
            attributes = {"country": country, "version": version, "plan": plan, "age": age}
            answer = decide(unit, EXPERIMENT, attributes)
            value = answer.variation
        return value, answer

    def flag(people: Sequence[Person]) -> tuple[Any, Any]:
        for unit, country, version, plan, age in people:
            attributes = {"country": country, "version": version, "plan": plan, "age": age}
            answer = evaluate(unit, "flag-0", attributes)
            value = answer.value
        return value, answer

    def flags(people: Sequence[Person]) -> tuple[Any, Any]:
        for unit, country, version, plan, age in people:
            attributes = {"country": country, "version": version, "plan": plan, "age": age}
            answer = evaluate_all(unit, attributes)
        return answer, answer

    return [
        Subject(
            name=OURS,
            experiment=Work(call="decide", turn=experiment, read=str),
            flag=Work(call="evaluate_flag", turn=flag, read=bool),
            flags=Work(
                call="evaluate_all_flags",
                turn=flags,
                read=lambda answer: {id_: _on(one) for id_, one in answer.items()},
            ),
            why=_why,
        )
    ]


def _on(decision: Any) -> bool:
    return decision.value is True


def _why(decision: Any) -> str:
    return f"{decision.reason} {decision.rule}"


def _experiment() -> dict[str, Any]:
    return {
        "version": 1,
        "status": "active",
        "salt": EXPERIMENT,
        "variations": [{"name": variation, "value": None} for variation in VARIATIONS],
        "weights": [50, 50],
        "audience": None,
        "traffic": 10_000,
        "holdouts": [],
        "layer": None,
        "past": [],
        "reads_ledger": False,
        "takes_new_units": True,
        "keeps_outside_audience": False,
        **_always(),
    }


def _flag(flag: Flag) -> dict[str, Any]:
    rules = {
        "countries": _compared("country", "in", list(flag.countries)),
        "version": _compared("version", "semver_greater_than_or_equals", flag.version),
        "plan": {"all": [_compared("plan", "equals", PLAN), _compared("age", "greater_than", flag.age)]},
    }
    return {
        "version": 1,
        "enabled": True,
        "salt": flag.id,
        "variations": [{"name": "on", "value": True}, {"name": "off", "value": False}],
        "prerequisites": [],
        "rules": [{"name": name, "condition": condition, "serve": "on"} for name, condition in rules.items()],
        "default": {"rollout": [["on", ROLLOUT], ["off", 100 - ROLLOUT]]},
        "off": "off",
        **_always(),
    }


def _always() -> dict[str, Any]:
    return {"starts_at": None, "ends_at": None, "overrides": {}}


def _compared(attribute: str, operator: str, value: Any) -> dict[str, Any]:
    return {"attribute": attribute, "operator": operator, "value": value}
