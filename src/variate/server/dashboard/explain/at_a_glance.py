"""All that a unit gets: of every active experiment and every flag, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from variate.model import Experiment, FeatureFlag
from variate.model.decision import Decision
from variate.rendering.definition_words import json_words
from variate.rendering.text import cut
from variate.server.dashboard.explain.asked import Asked
from variate.server.dashboard.form import Form
from variate.server.dashboard.visit import Visit

_ROWS = 25
_VALUE_COLUMNS = 120

Named: TypeAlias = Experiment | FeatureFlag
Decided: TypeAlias = Callable[[Sequence[str]], Mapping[str, Decision]]


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
    experiments = platform.decide_all_experiments(asked.unit, asked.attributes)

    def evaluated(keys: Sequence[str]) -> Mapping[str, Decision]:
        return platform.evaluate_all_flags(asked.unit, asked.attributes, of=keys)

    def part(kind: str, keys: Sequence[str], get: Callable[[str], Named | None], decide: Decided) -> Part:
        start = _start(visit.form, f"{kind}s_from")
        on_page = keys[start : start + _ROWS]
        decisions = decide(on_page)
        shown = [_gets(kind, key, get(key), decisions[key], asked) for key in on_page]
        following = start + _ROWS
        more = asked.link(**{"containing": containing, f"{kind}s_from": str(following)})
        return Part(shown=tuple(shown), count=len(keys), more=more if following < len(keys) else None)

    served = platform.snapshot_in_force()  # asked for after decisions, which see to it that it is the newest
    flags = sorted(key for key in (served.flags if served else ()) if containing in key)
    first = sorted(
        (key for key in experiments if containing in key), key=lambda key: (not experiments[key].variation, key)
    )
    return Glance(
        experiments=part("experiment", first, platform.get_experiment, lambda _: experiments),
        flags=part("flag", flags, platform.get_feature_flag, evaluated),  # no more than are shown: each is compiled
    )


def _gets(kind: str, key: str, found: Named | None, decision: Decision, asked: Asked) -> Gets:
    return Gets(
        id=key,
        name=key if found is None else found.name,
        decision=decision,
        value="" if decision.variation is None else cut(json_words(decision.value), columns=_VALUE_COLUMNS),
        why=asked.link(**{f"{kind}_id": key}),
    )


def _start(form: Form, name: str) -> int:
    return max(0, form.whole(name) or 0)
