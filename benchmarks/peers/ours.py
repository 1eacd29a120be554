"""variate's side.

To fill in: ``snapshot`` and ``load``, and the two readers at the end if answers have another shape than they expect.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from benchmarks.peers.subject import OURS, Subject, Work
from benchmarks.peers.workload import EXPERIMENT, Person, Workload


class Engine(Protocol):
    """What decides from one snapshot."""

    def decide(self, unit: str, experiment_id: str, attributes: Mapping[str, Any], /) -> Any:
        """Return the decision of the experiment."""

    def evaluate_flag(self, unit: str, flag_id: str, attributes: Mapping[str, Any], /) -> Any:
        """Return the decision of the flag."""

    def evaluate_all_flags(self, unit: str, attributes: Mapping[str, Any], /) -> Mapping[str, Any]:
        """Return the decision of each flag, by its id."""


def snapshot(workload: Workload) -> str:
    """Return the text of the snapshot that ``load`` takes: the experiment and the workload's flags.

    A flag is on for ``country`` in ``flag.countries``, rule 1; for ``version`` from ``flag.version`` on, rule 2; for
    ``plan`` being ``workload.PLAN`` and ``age`` above ``flag.age``, rule 3; else for ``workload.ROLLOUT`` percent.
    """
    raise NotImplementedError("there is no engine yet to make a snapshot for")


def load(text: str) -> Engine:
    """Return an engine ready to decide: all that is measured as loading a snapshot, parsing its text included."""
    raise NotImplementedError("there is no engine yet")


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
    return bool(decision.value)


def _why(decision: Any) -> str:
    return f"{decision.reason} {decision.rule}"
