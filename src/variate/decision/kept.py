"""The rung of the kept assignment: where the hash alone does not tell what a unit was given before, ask."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from variate.decision.context import Decide, Kept, seconds
from variate.decision.outcomes import outcomes_of
from variate.errors import StoreError
from variate.model.decision import Decision, Outcome, Reason


def with_ledger(
    experiment_id: str,
    record: Mapping[str, Any],
    *,
    gate: Decide,
    draws: Sequence[Decide],
    clock: Callable[[], float],
) -> Callable[[Kept], Decide]:
    """Return what makes the function that decides an experiment whose units may have been given something else before.

    ``gate`` is the ladder up to the layer and gives None where it lets the unit pass; ``draws`` are the shares of each
    allocation since the start, the present one last. The ledger is asked only for a unit to which one of the
    earlier allocations gave another variation, or where the record says that it has to be asked. While it cannot be
    reached, the oldest allocation that gave the unit a variation decides: whoever was assigned by the draw stays.
    """
    version = record["version"]
    untils = [seconds(each["until"], missing=0.0) for each in record["past"]]
    always = record["reads_ledger"] or not record["takes_new_units"]
    beyond_audience = record["keeps_outside_audience"]
    closed = None if record["takes_new_units"] else Decision.of(Outcome.none(Reason.INTAKE_STOPPED, version=version))
    kept = {name: Decision.of(outcome) for name, outcome in outcomes_of(record, Reason.KEPT).items()}

    def asking(ask: Kept) -> Decide:
        def decide(unit: bytes, attributes: Mapping[str, Any]) -> Decision:
            answer = gate(unit, attributes)
            if answer is not None:
                return answer
            present = bisect_right(untils, clock()) if untils else 0
            answer = draws[present](unit, attributes)
            if (
                always
                or (beyond_audience and answer.reason is Reason.AUDIENCE)
                or any(_differs(draw(unit, attributes), answer) for draw in draws[:present])
            ):
                try:
                    name = ask(experiment_id, version, unit.decode())
                except StoreError:  # whatever is the matter with it, who was drawn is not to wait for it
                    return _oldest(draws[: present + 1], unit, attributes)
                if name is not None and name in kept:
                    return kept[name]
            return answer if closed is None else closed

        return decide

    return asking


def _oldest(draws: Sequence[Decide], unit: bytes, attributes: Mapping[str, Any]) -> Decision:
    answers = [draw(unit, attributes) for draw in draws]
    return next((answer for answer in answers if answer.variation is not None), answers[-1])


def _differs(before: Decision, now: Decision) -> bool:
    return before.variation is not None and before.variation != now.variation
