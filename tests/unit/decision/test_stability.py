"""Changes of an experiment or a rollout move nobody they need not move."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.decision.snapshots import active_experiment, content_of, engine_of, typed_flag
from tests.unit.decision.strategies import (
    NAMES,
    UNHURRIED,
    buckets,
    condition_records,
    salts,
    shares,
    versions,
    weights,
)
from variate.decision import Engine
from variate.errors import StoreUnavailableError
from variate.model import format_instant

USERS = [f"user-{number}" for number in range(300)]
FEW = USERS[:32]
PLANS = [{"plan": plan, "age": age} for plan in ("free", "pro") for age in (17, 18)]
FIRST = datetime(2026, 1, 1, tzinfo=UTC)
COUNTS = st.sampled_from([1, 2, 3, 7])


def _unreachable(_key: str, _version: int, _unit: str) -> str | None:
    raise StoreUnavailableError("the ledger is not there")


@settings(UNHURRIED)
@given(
    share=COUNTS.flatmap(shares),
    known=st.fixed_dictionaries({"salt": salts, "version": versions}),
    traffics=st.lists(buckets | st.integers(0, 10_000), min_size=2, max_size=2).map(sorted),
)
def test_more_traffic_only_adds_units(share: Any, known: Any, traffics: list[int]) -> None:
    seventy = {"percentage": 70, "salt": "s"}

    def enrolled(traffic: int) -> list[str | None]:
        experiment = active_experiment(**known, **share | {"traffic": traffic})
        content = content_of(audiences={"beta": seventy, "staff": seventy}, experiments={"e": experiment})
        engine = engine_of(content)
        return [engine.decide(unit, "e", PLANS[number % 4]).variation for number, unit in enumerate(USERS)]

    less, more = map(enrolled, traffics)
    assert all(after == before for before, after in zip(less, more, strict=True) if before is not None)


@settings(UNHURRIED)
@given(
    salt=salts,
    others=COUNTS.filter(lambda count: count < len(NAMES)).flatmap(weights),
    firsts=st.lists(st.integers(0, 10_000) | st.floats(0, 5), min_size=2, max_size=2).map(sorted),
)
def test_a_greater_weight_of_a_rollout_s_first_variation_only_adds_units_to_it(
    salt: str, others: list[float], firsts: list[float]
) -> None:
    def reached(first: float) -> set[str]:
        pairs = [list(pair) for pair in zip(NAMES, [first, *others], strict=False)]
        variations = [{"name": name, "value": name} for name, _ in pairs]
        flag = typed_flag(salt=salt, variations=variations, default={"rollout": pairs})
        engine = engine_of(content_of(flags={"f": flag}))
        return {unit for unit in USERS if engine.evaluate_flag(unit, "f").variation == "a"}

    before, after = map(reached, firsts)
    assert before <= after


@st.composite
def _histories(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Return an experiment as it stood after each change of how units are shared out: the past grows by one."""
    count = draw(COUNTS)
    allocations = draw(st.lists(shares(count), min_size=2, max_size=4))
    keeps = draw(st.booleans())
    stops = draw(st.booleans())
    last = len(allocations) - 1
    return [
        active_experiment(
            **allocation,
            keeps_outside_audience=keeps,
            takes_new_units=not (stops and place == last),
            past=[
                each | {"until": format_instant(FIRST + timedelta(days=number + 1))}
                for number, each in enumerate(allocations[:place])
            ],
        )
        for place, allocation in enumerate(allocations)
    ]


@settings(UNHURRIED)
@given(
    history=_histories(),
    beta=condition_records.filter(lambda condition: "audience" not in str(condition)),
    visits=st.lists(st.integers(0, 2 ** len(FEW) - 1), min_size=4, max_size=4),
)
def test_no_change_of_weights_traffic_or_audience_moves_who_was_assigned(
    history: list[dict[str, Any]], beta: Any, visits: list[int]
) -> None:
    ledger: dict[str, str] = {}
    in_the_first: set[str] = set()
    for place, (record, visitors) in enumerate(zip(history, visits, strict=False)):
        content = content_of(audiences={"beta": beta, "staff": beta}, experiments={"e": record})
        now = (FIRST + timedelta(days=place, hours=1)).timestamp()
        engine = engine_of(content, now=now, kept=lambda _key, _version, unit: ledger.get(unit))
        for number, unit in enumerate(FEW):
            attributes = PLANS[number % 4]
            if unit in ledger:
                assert engine.decide(unit, "e", attributes).variation == ledger[unit]
            if visitors >> number & 1 and (variation := engine.decide(unit, "e", attributes).variation) is not None:
                ledger.setdefault(unit, variation)
        if place == 0:
            in_the_first = set(ledger)
        if record["takes_new_units"]:
            _check_outage(engine_of(content, now=now, kept=_unreachable), {unit: ledger[unit] for unit in in_the_first})


def _check_outage(engine: Engine, assigned: dict[str, str]) -> None:
    """While the ledger cannot be reached, who was assigned before the first change stays."""
    for unit, variation in assigned.items():
        assert engine.decide(unit, "e", PLANS[FEW.index(unit) % 4]).variation == variation
