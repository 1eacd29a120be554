"""Snapshots at random, from so few names, units and moments that they meet.

Conditions are few and plain here: ``test_conditions.py`` has them at random. What is built once is built here, since
to make a strategy takes longer than to draw from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from tests.unit.decision.snapshots import active_experiment, content_of, typed_flag
from variate.model import format_instant

Record = dict[str, Any]

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""For tests of whole snapshots: on a busy machine it may take long to draw one."""

NAMES = "abcdefg"
EXPERIMENTS = ("e0", "e1", "e2")
FLAGS = ("f0", "f1", "f2")
UNITS = ("u0", "u1", "u2", "42", "😀", "jose\u0301", "x" * 1024)

_FIRST = datetime(2026, 1, 1, tzinfo=UTC)
_MOMENTS = [_FIRST + timedelta(days=number) for number in range(6)]
_COUNTS = st.sampled_from([1, 2, 2, 3, 7])
"""Of variations: what is chosen by comparisons, and what is searched."""

moments = st.sampled_from(_MOMENTS)
instants = moments.map(format_instant)
_forced = st.sampled_from(UNITS[:2])
units = (
    _forced
    | st.sampled_from(UNITS)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
)
"""Those that overrides know, and any others."""
attributes = st.fixed_dictionaries(
    {}, optional={"plan": st.sampled_from(["free", "pro", None]), "age": st.sampled_from([17, 18, "18"])}
)
nows = st.builds(lambda moment, by: moment.timestamp() + by, moments, st.sampled_from([-1.0, 0.0, 1.0]))
"""Just before, at and just after the moments at which something happens, in seconds since 1970."""

buckets = st.sampled_from([0, 1, 2_000, 5_000, 8_000, 9_999, 10_000])
salts = st.sampled_from(["s", "t", "s:1", "é"])
versions = st.integers(1, 3)
_weight = st.sampled_from([0, 0, 1, 1, 2, 0.5, 1 / 3, 9_999, 1e308])


def _maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


_usual = st.sampled_from([True] * 7 + [False])
_rare = _usual.map(lambda usual: not usual)

_plain = st.sampled_from(
    [
        {"attribute": "plan", "operator": "equals", "value": "pro"},
        {"attribute": "plan", "operator": "not_equals", "value": "pro"},
        {"attribute": "age", "operator": "less_than", "value": 18},
        {"percentage": 50, "salt": "s"},
        {"percentage": 0.01, "salt": "wave-1"},
    ]
)


def _conditions(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(leaves, min_size=1, max_size=2)
    joined = st.sampled_from(["all", "any"]).flatmap(lambda form: several.map(lambda found: {form: found}))
    return leaves | joined | leaves.map(lambda found: {"not": found})


_beta = _conditions(_plain)
_staff = _conditions(_plain | st.just({"audience": "beta"}))
condition_records = _conditions(_plain | st.sampled_from([{"audience": "beta"}, {"audience": "staff"}]))
_whom = _maybe(condition_records)


@cache
def weights(count: int) -> st.SearchStrategy[list[float]]:
    """Return so many weights, one of them above zero."""
    return st.lists(_weight, min_size=count, max_size=count).filter(any)


@cache
def shares(count: int) -> st.SearchStrategy[Record]:
    """Return one way to share units out among so many variations: weights, traffic and audience."""
    traffic = st.just(10_000) | buckets
    return st.fixed_dictionaries({"weights": weights(count), "traffic": traffic, "audience": _whom})


@cache
def _overrides(names: str) -> st.SearchStrategy[Record]:
    forced = st.fixed_dictionaries({"variation": st.sampled_from([*names, "gone"]), "until": _maybe(instants)})
    return st.dictionaries(_forced, forced)


_schedules = st.sampled_from([(None, None)] * 5 + [(0, None), (None, 4), (1, 5), (2, 3)]).map(
    lambda days: {
        name: None if day is None else format_instant(_MOMENTS[day])
        for name, day in zip(("starts_at", "ends_at"), days, strict=True)
    }
)
_holdouts = st.lists(
    st.fixed_dictionaries({"id": st.just("h"), "salt": salts, "buckets": st.sampled_from([0, 1, 1_000, 5_000])}),
    max_size=2,
)
_layers = st.builds(
    lambda salt, ends: {"id": "l", "salt": salt, "start": min(ends), "end": max(ends)},
    salts,
    st.sets(st.sampled_from([0, 2_000, 5_000, 10_000]), min_size=2, max_size=2),
)
_gates = st.fixed_dictionaries({"layer": _maybe(_layers), "holdouts": _holdouts})
_untils = st.lists(instants, max_size=3).map(sorted)
_inactive = st.fixed_dictionaries({"status": st.sampled_from(["draft", "paused", "completed"]), "version": versions})
_free_form = st.fixed_dictionaries({"enabled": st.booleans(), "version": versions, "variations": st.none()})


@st.composite
def _active(draw: st.DrawFn) -> Record:
    count = draw(_COUNTS)
    return active_experiment(
        version=draw(versions),
        salt=draw(salts),
        **draw(shares(count)),
        **draw(_schedules),
        **draw(_gates),
        takes_new_units=draw(_usual),
        keeps_outside_audience=draw(st.booleans()),
        reads_ledger=draw(_rare),
        past=[draw(shares(count)) | {"until": until} for until in draw(_untils)],
        overrides=draw(_overrides(NAMES[:count])),
    )


_experiments = _active()


@cache
def rollouts(names: str) -> st.SearchStrategy[Record]:
    """Return a rollout among some of these variations, in any order."""
    some = st.lists(st.sampled_from(names), min_size=1, unique=True)
    pairs = some.flatmap(
        lambda chosen: weights(len(chosen)).map(lambda found: list(map(list, zip(chosen, found, strict=True))))
    )
    return pairs.map(lambda found: {"rollout": found})


@cache
def _rules(names: str) -> st.SearchStrategy[Any]:
    experiment = st.sampled_from(EXPERIMENTS).map(lambda key: {"experiment": key})
    return st.lists(st.tuples(_whom, experiment | st.sampled_from(names) | rollouts(names)), max_size=3)


_wanted = st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True)


@st.composite
def _typed(draw: st.DrawFn, earlier: tuple[str, ...]) -> Record:
    names = NAMES[: draw(_COUNTS)]
    return typed_flag(
        enabled=draw(_usual),
        version=draw(versions),
        salt=draw(salts),
        variations=[{"name": each, "value": each.upper()} for each in names],
        rules=[
            {"name": f"rule {number}", "condition": condition, "serve": serve}
            for number, (condition, serve) in enumerate(draw(_rules(names)))
        ],
        default=draw(st.sampled_from(names) | rollouts(names)),
        off=draw(st.sampled_from(names)),
        prerequisites=[{"flag": each, "variations": draw(_wanted)} for each in earlier if draw(st.booleans())],
        **draw(_schedules),
        overrides=draw(_overrides(names)),
    )


_flags = {key: _typed(FLAGS[:number]) for number, key in enumerate(FLAGS)}


@st.composite
def snapshots(draw: st.DrawFn) -> Record:
    """Return the content of a snapshot: two audiences, three experiments, three flags."""
    return content_of(
        audiences={"beta": draw(_beta), "staff": draw(_staff)},
        experiments={key: draw(_experiments if draw(_usual) else _inactive) for key in EXPERIMENTS},
        flags={key: draw(typed if draw(_usual) else _free_form) for key, typed in _flags.items()},
    )


ledgers = st.dictionaries(
    st.tuples(st.sampled_from(EXPERIMENTS), versions), st.sampled_from(["a", "b", "g", "gone"]), min_size=1, max_size=9
)
"""A variation that everybody was given, by experiment and version; some are not there any more."""


@dataclass(frozen=True, kw_only=True)
class Situation:
    """Everything a decision is made of."""

    content: Record
    unit: str
    attributes: Record
    now: float
    ledger: dict[tuple[str, int], str]

    def kept(self, experiment_id: str, version: int, unit: str) -> str | None:
        """Return what the ledger holds for the unit, and for nobody else."""
        return self.ledger.get((experiment_id, version)) if unit == self.unit else None


situations = st.builds(Situation, content=snapshots(), unit=units, attributes=attributes, now=nows, ledger=ledgers)
"""A snapshot and somebody to decide for."""
