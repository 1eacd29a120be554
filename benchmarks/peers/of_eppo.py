"""eppo-server-sdk: the bare value, and the variation with the evaluation's details."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import eppo_client  # type: ignore[import-not-found]
from eppo_client import Configuration
from eppo_client.config import AssignmentLogger, Config  # type: ignore[import-not-found]

from benchmarks.peers.eppo_configuration import configuration
from benchmarks.peers.subject import Subject, Work
from benchmarks.peers.workload import EXPERIMENT, Person, Workload

_NAME = "eppo-server-sdk"


def make(workload: Workload) -> list[Subject]:
    """Make both, of one client that never polls and logs no assignment."""
    flags = Configuration(flags_configuration=json.dumps(configuration(workload)).encode())
    client = eppo_client.init(
        Config(
            api_key="none",
            base_url="http://127.0.0.1:9",  # where nobody listens, were it asked after all
            assignment_logger=AssignmentLogger(),
            poll_interval_seconds=None,
            initial_configuration=flags,
        )
    )
    ids = [flag.id for flag in workload.flags]
    return [_bare(client, ids), _with_details(client, ids)]


def _bare(client: Any, ids: Sequence[str]) -> Subject:
    of_string, of_boolean = client.get_string_assignment, client.get_boolean_assignment

    def experiment(people: Sequence[Person]) -> tuple[Any, Any]:
        for unit, country, version, plan, age in people:
            attributes = {"country": country, "version": version, "plan": plan, "age": age}
            value = of_string(EXPERIMENT, unit, attributes, "none")
        return value, value

    def flag(people: Sequence[Person]) -> tuple[Any, Any]:
        for unit, country, version, plan, age in people:
            attributes = {"country": country, "version": version, "plan": plan, "age": age}
            value = of_boolean("flag-0", unit, attributes, False)
        return value, value

    def flags(people: Sequence[Person]) -> tuple[Any, Any]:
        for unit, country, version, plan, age in people:
            attributes = {"country": country, "version": version, "plan": plan, "age": age}
            answer = {id_: of_boolean(id_, unit, attributes, False) for id_ in ids}
        return answer, answer

    return Subject(
        name=_NAME,
        experiment=Work(call="get_string_assignment", turn=experiment, read=str),
        flag=Work(call="get_boolean_assignment", turn=flag, read=bool),
        flags=Work(call="get_boolean_assignment of each", turn=flags, read=dict),
    )


def _with_details(client: Any, ids: Sequence[str]) -> Subject:
    of_string, of_boolean = client.get_string_assignment_details, client.get_boolean_assignment_details

    def experiment(people: Sequence[Person]) -> tuple[Any, Any]:
        for unit, country, version, plan, age in people:
            attributes = {"country": country, "version": version, "plan": plan, "age": age}
            answer = of_string(EXPERIMENT, unit, attributes, "none")
            value = answer.variation
        return value, answer

    def flag(people: Sequence[Person]) -> tuple[Any, Any]:
        for unit, country, version, plan, age in people:
            attributes = {"country": country, "version": version, "plan": plan, "age": age}
            answer = of_boolean("flag-0", unit, attributes, False)
            value = answer.variation
        return value, answer

    def flags(people: Sequence[Person]) -> tuple[Any, Any]:
        for unit, country, version, plan, age in people:
            attributes = {"country": country, "version": version, "plan": plan, "age": age}
            answer = {id_: of_boolean(id_, unit, attributes, False) for id_ in ids}
        return answer, answer

    return Subject(
        name=_NAME,
        experiment=Work(call="get_string_assignment_details", turn=experiment, read=str),
        flag=Work(call="get_boolean_assignment_details", turn=flag, read=bool),
        flags=Work(
            call="get_boolean_assignment_details of each",
            turn=flags,
            read=lambda answer: {id_: bool(one.variation) for id_, one in answer.items()},
        ),
        why=_matched,
        close=client.shutdown,
    )


def _matched(answer: Any) -> str:
    allocations = answer.evaluation_details["allocations"]
    return next(str(one["key"]) for one in allocations if one["allocationEvaluationCode"] == "MATCH")
