"""An experiment, compiled: the ladder as one function."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from variate.decision.bucketing import draw_salt, group_salt, hash_bound
from variate.decision.conditions import condition_source
from variate.decision.constants import Constants
from variate.decision.context import Decide, Kept, Others, Surroundings
from variate.decision.draws import decided, hash_source, split_lines
from variate.decision.generated import build
from variate.decision.kept import with_ledger
from variate.decision.outcomes import outcomes_of
from variate.decision.steps import override_lines, schedule_lines
from variate.model.condition import read_condition
from variate.model.decision import BUCKETS, Decision, Outcome, Reason

Record = Mapping[str, Any]


def compile_experiment(experiment_id: str, record: Record, *, others: Others, around: Surroundings) -> Decide:
    """Return the function that decides this experiment of a snapshot.

    The ladder: not running, override, holdout, layer, kept assignment, audience, traffic, variation by weight.
    """
    return compile_asking(experiment_id, record, others=others, around=around)(around.kept)


def compile_asking(
    experiment_id: str, record: Record, *, others: Others, around: Surroundings
) -> Callable[[Kept], Decide]:
    """Return what makes the function that decides this experiment, for any who say what the ledger holds."""
    version = record["version"]
    if record["status"] != "active":
        return _asking_nobody(_constant(Outcome.none(Reason.NOT_RUNNING, version=version)))
    constants = Constants()
    gate = [
        *schedule_lines(record, Outcome.none(Reason.NOT_RUNNING, version=version), constants, around),
        *override_lines(record["overrides"], outcomes_of(record, Reason.OVERRIDE), constants, around),
        *_holdout_lines(record["holdouts"], version, constants),
        *_layer_lines(record["layer"], version, constants),
    ]
    if not asks_ledger(record):
        return _asking_nobody(build([*gate, *_share_lines(record, record, constants, others)], constants))
    return with_ledger(
        experiment_id,
        record,
        gate=build([*gate, "return None"], constants),
        draws=[_compile_share(record, share, others) for share in (*record["past"], record)],
        clock=around.clock,
    )


def asks_ledger(record: Record) -> bool:
    """Return whether some unit's kept assignment may differ from what the hash gives it now."""
    return bool(
        record["past"]
        or record["reads_ledger"]
        or not record["takes_new_units"]
        or (record["keeps_outside_audience"] and record["audience"] is not None)
    )


def _holdout_lines(holdouts: Sequence[Record], version: int, constants: Constants) -> list[str]:
    lines = []
    for holdout in holdouts:
        if holdout["buckets"]:
            held = decided(Outcome.none(Reason.HELD_OUT, version=version), constants)
            lines += [
                f"h = {hash_source(group_salt('holdout', salt=holdout['salt']), constants)}",
                f"if h < {constants.literal(hash_bound(holdout['buckets']))}: return {held}",
            ]
    return lines


def _layer_lines(layer: Record | None, version: int, constants: Constants) -> list[str]:
    if layer is None:
        return []
    first, end = (constants.literal(hash_bound(layer[name])) for name in ("start", "end"))
    outside = decided(Outcome.none(Reason.LAYER, version=version), constants)
    return [
        f"h = {hash_source(group_salt('layer', salt=layer['salt']), constants)}",
        f"if not {first} <= h < {end}: return {outside}",
    ]


def _compile_share(record: Record, share: Record, others: Others) -> Decide:
    constants = Constants()
    return build(_share_lines(record, share, constants, others), constants)


def _share_lines(record: Record, share: Record, constants: Constants, others: Others) -> list[str]:
    """Return the lines from the audience on, as ``share`` (the record itself, or a past allocation of it) has it."""
    salt, version = record["salt"], record["version"]
    lines = []
    if share["audience"] is not None:
        condition = read_condition("audience", share["audience"])
        matches = condition_source(condition, constants, matcher=others.audience)
        outside = constants.literal(Decision.of(Outcome.none(Reason.AUDIENCE, version=version)))
        lines.append(f"if not {matches}: return {outside}")
    if share["traffic"] < BUCKETS:
        beyond = decided(Outcome.none(Reason.TRAFFIC, version=version), constants)
        lines += [
            f"h = {hash_source(draw_salt('traffic', salt=salt, version=version), constants)}",
            f"if h >= {constants.literal(hash_bound(share['traffic']))}: return {beyond}",
        ]
    outcomes = list(outcomes_of(record, Reason.SPLIT).values())
    drawn = draw_salt("variation", salt=salt, version=version)
    return lines + split_lines(drawn, share["weights"], outcomes, constants)


def _constant(outcome: Outcome) -> Decide:
    decision = Decision.of(outcome)
    return lambda _unit, _attributes: decision


def _asking_nobody(decide: Decide) -> Callable[[Kept], Decide]:
    return lambda _: decide
