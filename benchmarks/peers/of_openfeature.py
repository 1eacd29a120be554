"""openfeature-sdk with its in-memory provider, which has no rules of its own: they are Python written here.

So its figures are the SDK's part and the least that rules can cost.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from zlib import crc32

from openfeature import api
from openfeature.evaluation_context import EvaluationContext
from openfeature.flag_evaluation import FlagResolutionDetails, Reason
from openfeature.provider.in_memory_provider import InMemoryFlag, InMemoryProvider

from benchmarks.peers.subject import Subject, Work
from benchmarks.peers.workload import EXPERIMENT, PLAN, ROLLOUT, VARIATIONS, Flag, Person, Workload

_VALUES = {"on": True, "off": False}


def make(workload: Workload) -> list[Subject]:
    """Make the one, of the client an application holds: hooks, none of which is set, stand around the provider."""
    variants = dict(zip(VARIATIONS, VARIATIONS, strict=True))
    split = InMemoryFlag(VARIATIONS[0], variants, context_evaluator=_split)
    flags_by_id = {flag.id: InMemoryFlag("off", _VALUES, context_evaluator=_rules(flag)) for flag in workload.flags}
    api.set_provider(InMemoryProvider({EXPERIMENT: split, **flags_by_id}))
    client = api.get_client()
    of_string, of_boolean = client.get_string_details, client.get_boolean_details
    ids = [flag.id for flag in workload.flags]

    def experiment(people: Sequence[Person]) -> tuple[Any, Any]:
        for unit, country, version, plan, age in people:
            attributes: dict[str, Any] = {"country": country, "version": version, "plan": plan, "age": age}
            answer = of_string(EXPERIMENT, "none", EvaluationContext(unit, attributes))
            value = answer.value
        return value, answer

    def flag(people: Sequence[Person]) -> tuple[Any, Any]:
        for unit, country, version, plan, age in people:
            attributes: dict[str, Any] = {"country": country, "version": version, "plan": plan, "age": age}
            answer = of_boolean("flag-0", False, EvaluationContext(unit, attributes))
            value = answer.value
        return value, answer

    def flags(people: Sequence[Person]) -> tuple[Any, Any]:
        for unit, country, version, plan, age in people:
            attributes: dict[str, Any] = {"country": country, "version": version, "plan": plan, "age": age}
            context = EvaluationContext(unit, attributes)
            answer = {id_: of_boolean(id_, False, context) for id_ in ids}
        return answer, answer

    return [
        Subject(
            name="openfeature-sdk",
            experiment=Work(call="get_string_details, rules in Python", turn=experiment, read=str),
            flag=Work(call="get_boolean_details, rules in Python", turn=flag, read=bool),
            flags=Work(
                call="get_boolean_details of each, rules in Python",
                turn=flags,
                read=lambda answer: {id_: _on(one) for id_, one in answer.items()},
            ),
            why=lambda answer: str(answer.flag_metadata["rule"]),
            close=api.shutdown,
        )
    ]


def _on(answer: Any) -> bool:
    return bool(answer.value)


def _split(_flag: Any, context: Any) -> Any:
    variation = VARIATIONS[crc32(f"{EXPERIMENT}:{context.targeting_key}".encode()) % 2]
    return FlagResolutionDetails(variation, reason=Reason.SPLIT, variant=variation)


def _rules(flag: Flag) -> Callable[[Any, Any], Any]:
    countries, least, age = frozenset(flag.countries), tuple(map(int, flag.version.split("."))), flag.age
    salt = f"{flag.id}:"
    metadata = [{"rule": rule} for rule in ("countries", "version", "plan", "rollout", "else")]

    def resolve(_flag: Any, context: Any) -> Any:
        attributes = context.attributes
        if attributes["country"] in countries:
            rule = 0
        elif tuple(map(int, attributes["version"].split("."))) >= least:
            rule = 1
        elif attributes["plan"] == PLAN and attributes["age"] > age:
            rule = 2
        else:
            rolled = crc32((salt + context.targeting_key).encode()) % 100 < ROLLOUT
            return FlagResolutionDetails(
                rolled,
                reason=Reason.SPLIT,
                variant="on" if rolled else "off",
                flag_metadata=metadata[3 if rolled else 4],
            )
        return FlagResolutionDetails(True, reason=Reason.TARGETING_MATCH, variant="on", flag_metadata=metadata[rule])

    return resolve
