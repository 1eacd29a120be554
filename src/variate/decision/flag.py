"""A flag, compiled: its rules as one function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from variate.decision.bucketing import group_salt
from variate.decision.conditions import condition_source
from variate.decision.constants import Constants
from variate.decision.context import Decide, Others, Surroundings
from variate.decision.draws import split_lines
from variate.decision.generated import build
from variate.decision.outcomes import outcomes_of
from variate.decision.steps import override_lines, schedule_lines
from variate.model.condition import read_condition
from variate.model.decision import Decision, Outcome, Reason

Record = Mapping[str, Any]


def compile_flag(record: Record, *, others: Others, around: Surroundings) -> Decide:
    """Return the function that evaluates this flag of a snapshot.

    In order: switched off, outside its time, override, prerequisites, rules, default.
    """
    version = record["version"]
    if record["variations"] is None:
        reason = Reason.FREE_FORM if record["enabled"] else Reason.OFF
        decision = Decision.of(Outcome.none(reason, version=version))
        return lambda _unit, _attributes: decision
    constants = Constants()
    if not record["enabled"]:
        return build([f"return {_off(record, Reason.OFF, constants)}"], constants)
    late = outcomes_of(record, Reason.NOT_RUNNING)[record["off"]]
    lines = [
        *schedule_lines(record, late, constants, around),
        *override_lines(record["overrides"], outcomes_of(record, Reason.OVERRIDE), constants, around),
    ]
    for prerequisite in record["prerequisites"]:
        flag, wanted = constants.function(others.flag(prerequisite["flag"])), frozenset(prerequisite["variations"])
        off = _off(record, Reason.PREREQUISITE, constants)
        lines.append(f"if {flag}(unit, attributes).variation not in {constants.literal(wanted)}: return {off}")
    for rule in record["rules"]:
        lines += _rule_lines(record, rule, constants, others)
    lines += _serve_lines(record, record["default"], Reason.DEFAULT, None, constants)
    return build(lines, constants)


def _off(record: Record, reason: Reason, constants: Constants) -> str:
    return constants.literal(Decision.of(outcomes_of(record, reason)[record["off"]]))


def _rule_lines(record: Record, rule: Record, constants: Constants, others: Others) -> list[str]:
    serve = rule["serve"]
    if isinstance(serve, Mapping) and "experiment" in serve:
        served = _through(record, rule["name"], others.experiment(serve["experiment"]))
        lines = [f"d = {constants.function(served)}(unit, attributes)", "if d is not None: return d"]
    else:
        lines = _serve_lines(record, serve, Reason.RULE, rule["name"], constants)
    if rule["condition"] is None:
        return lines
    condition = read_condition("condition", rule["condition"])
    matches = condition_source(condition, constants, matcher=others.audience)
    if len(lines) == 1:
        return [f"if {matches}: {lines[0]}"]
    return [f"if {matches}:", *(f"    {line}" for line in lines)]


def _serve_lines(record: Record, serve: Any, reason: Reason, rule: str | None, constants: Constants) -> list[str]:
    if isinstance(serve, str):
        return [f"return {constants.literal(Decision.of(outcomes_of(record, reason, rule=rule)[serve]))}"]
    outcomes = outcomes_of(record, Reason.SPLIT, rule=rule)
    names: Sequence[str] = [name for name, _ in serve["rollout"]]
    weights = [weight for _, weight in serve["rollout"]]
    salt = group_salt("rollout", salt=record["salt"])
    return split_lines(salt, weights, [outcomes[name] for name in names], constants)


def _through(record: Record, rule: str, experiment: Decide) -> Callable[[bytes, Mapping[str, Any]], Decision | None]:
    """Return what gives a unit in the experiment the flag's variation of the same name, and None to every other."""
    by_reason = {
        reason: outcomes_of(record, reason, rule=rule) for reason in (Reason.OVERRIDE, Reason.KEPT, Reason.SPLIT)
    }

    def serve(unit: bytes, attributes: Mapping[str, Any]) -> Decision | None:
        given = experiment(unit, attributes)
        served = by_reason.get(given.reason, {}).get(given.variation or "")
        return None if served is None else Decision.of(served, given.drawn)

    return serve
