"""All that a unit gets: of every active experiment and every flag, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from variate.model.decision import Decision
from variate.rendering.definition_words import json_words
from variate.rendering.text import cut
from variate.server.dashboard.explain.asked import Asked
from variate.server.dashboard.form import Form
from variate.server.dashboard.visit import Visit

_ROWS = 25
_VALUE_COLUMNS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Gets:
    """What the unit gets of one experiment or flag. ``why`` is where it is explained."""

    id: str
    name: str
    decision: Decision
    value: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some of what there is: ``count`` in all, ``more`` where the next are shown."""

    shown: tuple[Gets, ...]
    count: int
    more: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """What the unit gets; of experiments those come first that it has a variation of."""

    experiments: Part
    flags: Part


def glance(visit: Visit, asked: Asked) -> Glance:
    """Return what the unit gets of that whose id holds what is asked for as ``containing``."""
    platform, containing = visit.platform, visit.form.text("containing")

    def named_experiment(experiment_id: str) -> str:
        found = platform.get_experiment(experiment_id)
        return experiment_id if found is None else found.name

    def named_flag(flag_id: str) -> str:
        found = platform.get_feature_flag(flag_id)
        return flag_id if found is None else found.name

    def part(kind: str, decisions: Mapping[str, Decision], named: Callable[[str], str]) -> Part:
        matching = [(key, each) for key, each in decisions.items() if containing in key]
        matching.sort(key=lambda found: (found[1].variation is None, found[0]))
        start = _start(visit.form, f"{kind}s_from")
        shown = [
            Gets(
                id=key,
                name=named(key),
                decision=decision,
                value="" if decision.variation is None else cut(json_words(decision.value), columns=_VALUE_COLUMNS),
                why=asked.link(**{f"{kind}_id": key}),
            )
            for key, decision in matching[start : start + _ROWS]
        ]
        following = start + _ROWS
        more = asked.link(**{"containing": containing, f"{kind}s_from": str(following)})
        return Part(shown=tuple(shown), count=len(matching), more=more if following < len(matching) else None)

    return Glance(
        experiments=part("experiment", platform.decide_all_experiments(asked.unit, asked.attributes), named_experiment),
        flags=part("flag", platform.evaluate_all_flags(asked.unit, asked.attributes), named_flag),
    )


def _start(form: Form, name: str) -> int:
    return max(0, form.whole(name) or 0)
