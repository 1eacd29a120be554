"""eppo-server-sdk: the bare value, and the variation with the evaluation's details."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import eppo_client  # type: ignore[import-not-found]
from eppo_client import Configuration
from eppo_client.config import AssignmentLogger, Config  # type: ignore[import-not-found]

from benchmarks.peers.subject import Subject, Work
from benchmarks.peers.workload import EXPERIMENT, PLAN, ROLLOUT, VARIATIONS, Flag, Person, Workload

_SHARDS = 10_000


def make(workload: Workload) -> list[Subject]:
    """Make both, of one client that never polls and logs no assignment."""
    flags = [_experiment(), *map(_flag, workload.flags)]
    configuration = {
        "createdAt": "2026-01-01T00:00:00.000Z",
        "format": "SERVER",
        "environment": {"name": "Benchmark"},
        "flags": {flag["key"]: flag for flag in flags},
    }
    client = eppo_client.init(
        Config(
            api_key="none",
            base_url="http://127.0.0.1:9",  # where nobody listens, were it asked after all
            assignment_logger=AssignmentLogger(),
            poll_interval_seconds=None,
            initial_configuration=Configuration(flags_configuration=json.dumps(configuration).encode()),
        )
    )
    subject = partial(_subject, workload)
    return [
        subject(client.get_string_assignment, client.get_boolean_assignment, read=_itself),
        subject(
            client.get_string_assignment_details,
            client.get_boolean_assignment_details,
            read=_variation,
            why=_matched,
            close=client.shutdown,
        ),
    ]


def _subject(
    workload: Workload,
    of_string: Callable[..., Any],
    of_boolean: Callable[..., Any],
    *,
    read: Callable[[Any], Any],
    **more: Any,
) -> Subject:
    ids = [flag.id for flag in workload.flags]

    def experiment(people: Sequence[Person]) -> Any:
        for unit, country, version, plan, age in people:
            attributes = {"country": country, "version": version, "plan": plan, "age": age}
            answer = of_string(EXPERIMENT, unit, attributes, "none")
        return answer

    def flag(people: Sequence[Person]) -> Any:
        for unit, country, version, plan, age in people:
            attributes = {"country": country, "version": version, "plan": plan, "age": age}
            answer = of_boolean("flag-0", unit, attributes, False)
        return answer

    def flags(people: Sequence[Person]) -> Any:
        for unit, country, version, plan, age in people:
            attributes = {"country": country, "version": version, "plan": plan, "age": age}
            answer = {id_: of_boolean(id_, unit, attributes, False) for id_ in ids}
        return answer

    name = of_boolean.__name__
    return Subject(
        name="eppo-server-sdk",
        experiment=Work(call=of_string.__name__, turn=experiment, read=read),
        flag=Work(call=name, turn=flag, read=read),
        flags=Work(
            call=f"{name} of each", turn=flags, read=lambda answer: {id_: read(one) for id_, one in answer.items()}
        ),
        **more,
    )


def _itself(answer: Any) -> Any:
    return answer


def _variation(answer: Any) -> Any:
    return answer.variation


def _matched(answer: Any) -> str:
    allocations = answer.evaluation_details["allocations"]
    return next(str(one["key"]) for one in allocations if one["allocationEvaluationCode"] == "MATCH")


def _experiment() -> dict[str, Any]:
    half = _SHARDS // 2
    ranges = zip(VARIATIONS, ({"start": 0, "end": half}, {"start": half, "end": _SHARDS}), strict=True)
    splits = [
        {"variationKey": variation, "shards": [{"salt": EXPERIMENT, "ranges": [part]}]} for variation, part in ranges
    ]
    return {
        "key": EXPERIMENT,
        "enabled": True,
        "variationType": "STRING",
        "totalShards": _SHARDS,
        "variations": {variation: {"key": variation, "value": variation} for variation in VARIATIONS},
        "allocations": [{"key": "all", "doLog": False, "rules": [], "splits": splits}],
    }


def _flag(flag: Flag) -> dict[str, Any]:
    rolled = {"salt": flag.id, "ranges": [{"start": 0, "end": _SHARDS * ROLLOUT // 100}]}
    return {
        "key": flag.id,
        "enabled": True,
        "variationType": "BOOLEAN",
        "totalShards": _SHARDS,
        "variations": {"on": {"key": "on", "value": True}, "off": {"key": "off", "value": False}},
        "allocations": [
            _allocation("countries", [("country", "ONE_OF", list(flag.countries))]),
            _allocation("version", [("version", "GTE", flag.version)]),
            _allocation("plan", [("plan", "ONE_OF", [PLAN]), ("age", "GT", flag.age)]),
            _allocation("rollout", [], shards=[rolled]),
            _allocation("else", [], variation="off"),
        ],
    }


def _allocation(
    key: str, conditions: Sequence[tuple[str, str, object]], *, variation: str = "on", shards: Sequence[object] = ()
) -> dict[str, Any]:
    written = [{"attribute": name, "operator": operator, "value": value} for name, operator, value in conditions]
    return {
        "key": key,
        "doLog": False,
        "rules": [{"conditions": written}] if written else [],
        "splits": [{"variationKey": variation, "shards": list(shards)}],
    }
