"""What holds of the engine's decisions whatever the snapshot, the unit, its attributes, the moment and the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.decision.snapshots import active_experiment, content_of, engine_of, ladder_of, nothing_kept, parts
from tests.unit.decision.spec import errors_of
from tests.unit.decision.strategies import (
    EXPERIMENTS,
    FLAGS,
    UNHURRIED,
    UNITS,
    Situation,
    attributes,
    nows,
    salts,
    situations,
    snapshots,
    versions,
)
from variate.errors import StoreError
from variate.model import parse_instant
from variate.model.decision import Decision

USERS = [f"user-{number}" for number in range(400)]


def _unreachable(_experiment_id: str, _version: int, _unit: str) -> str | None:
    raise StoreError("the ledger is not there, or is no ledger")


@settings(UNHURRIED, max_examples=30)
@given(content=snapshots())
def test_the_random_snapshots_are_as_the_schema_says(content: dict[str, Any]) -> None:
    assert errors_of(content) == []


@settings(UNHURRIED, max_examples=300)
@given(situation=situations)
def test_the_engine_decides_as_the_ladder_does(situation: Situation) -> None:
    engine = engine_of(situation.content, now=situation.now, kept=situation.kept)
    for key in (*EXPERIMENTS, "unheard of"):
        assert parts(engine.decide(situation.unit, key, situation.attributes)) == parts(
            _ladder(situation).experiment(key).decision
        )
    for key in (*FLAGS, "unheard of"):
        assert parts(engine.evaluate_flag(situation.unit, key, situation.attributes)) == parts(
            _ladder(situation).flag(key).decision
        )


def _ladder(situation: Situation) -> Any:
    return ladder_of(situation.content, situation.unit, situation.attributes, now=situation.now, kept=situation.kept)


@settings(UNHURRIED, max_examples=200)
@given(situation=situations)
def test_without_the_ledger_the_oldest_allocation_that_gave_a_variation_decides(situation: Situation) -> None:
    asked: list[str] = []

    def unreachable(experiment_id: str, version: int, unit: str) -> str | None:
        asked.append(experiment_id)
        return _unreachable(experiment_id, version, unit)

    engine = engine_of(situation.content, now=situation.now, kept=unreachable)
    for key, record in situation.content["experiments"].items():
        decided = engine.decide(situation.unit, key, situation.attributes)
        ladder = ladder_of(
            situation.content, situation.unit, situation.attributes, now=situation.now, kept=_unreachable
        )
        assert parts(decided) == parts(ladder.experiment(key).decision)
        if key in asked:
            assert parts(decided) == parts(_oldest(situation, record))


def _oldest(situation: Situation, record: Mapping[str, Any]) -> Decision:
    """Return the first variation that an allocation up to the present one gives, each tried as if it were all."""
    over = [each for each in record["past"] if parse_instant("until", each["until"]).timestamp() <= situation.now]
    present = [*record["past"], record][len(over)]
    answers = []
    for share in (*over, present):
        plain = {"past": [], "reads_ledger": False, "keeps_outside_audience": False, "takes_new_units": True}
        alone = dict(record) | {name: share[name] for name in ("weights", "traffic", "audience")} | plain
        content = situation.content | {"experiments": {"alone": alone}}
        ladder = ladder_of(content, situation.unit, situation.attributes, now=situation.now)
        answers.append(ladder.experiment("alone").decision)
    return next((answer for answer in answers if answer.variation is not None), answers[-1])


@settings(UNHURRIED, max_examples=50)
@given(content=snapshots(), now=nows, given_attributes=st.lists(attributes, min_size=3, max_size=3))
def test_many_decisions_at_once_are_those_of_one_after_the_other(
    content: dict[str, Any], now: float, given_attributes: list[dict[str, Any]]
) -> None:
    engine = engine_of(content, now=now)
    units = [*UNITS, *USERS[:20]]
    several = [given_attributes[number % 3] for number in range(len(units))]
    for key in (*EXPERIMENTS, "unheard of"):
        names = [each["name"] for each in content["experiments"].get(key, {}).get("variations", ())]
        for those in (None, several):
            found = [None if index == -1 else names[index] for index in engine.decide_many(key, units, those)]
            one_by_one = [
                engine.decide(unit, key, None if those is None else those[number]).variation
                for number, unit in enumerate(units)
            ]
            assert found == one_by_one


@settings(UNHURRIED, max_examples=100)
@given(situation=situations)
def test_all_flags_at_once_are_those_of_one_after_the_other(situation: Situation) -> None:
    engine = engine_of(situation.content, now=situation.now, kept=situation.kept)
    together = engine.evaluate_all_flags(situation.unit, situation.attributes)
    assert {key: parts(decision) for key, decision in together.items()} == {
        key: parts(engine.evaluate_flag(situation.unit, key, situation.attributes)) for key in FLAGS
    }


def _taken(experiments: Mapping[str, Any], key: str) -> list[str | None]:
    engine = engine_of(content_of(experiments=experiments))
    return [engine.decide(unit, key).variation for unit in USERS]


@settings(UNHURRIED)
@given(salt=salts, cuts=st.lists(st.integers(1, 9_999), unique=True, max_size=3).map(sorted))
def test_experiments_of_one_layer_share_its_units_out_whole(salt: str, cuts: list[int]) -> None:
    ends = [0, *cuts, 10_000]
    experiments = {
        f"e{number}": active_experiment(salt=f"e{number}", layer={"id": "l", "salt": salt, "start": start, "end": end})
        for number, (start, end) in enumerate(pairwise(ends))
    }
    taken = [_taken(experiments, key) for key in experiments]
    for number in range(len(USERS)):
        assert sum(each[number] is not None for each in taken) == 1


@settings(UNHURRIED)
@given(salt=salts, held=st.sampled_from([1_000, 5_000]), versions_of=st.tuples(versions, versions))
def test_a_holdout_keeps_the_same_units_out_of_all_its_experiments(
    salt: str, held: int, versions_of: tuple[int, int]
) -> None:
    holdout = {"id": "h", "salt": salt, "buckets": held}
    experiments = {
        f"e{number}": active_experiment(salt=f"e{number}", version=version, holdouts=[holdout], weights=[1] * 3)
        for number, version in enumerate(versions_of)
    }
    first, second = (_taken(experiments, key) for key in experiments)
    out = [unit for unit, variation in zip(USERS, first, strict=True) if variation is None]
    assert out == [unit for unit, variation in zip(USERS, second, strict=True) if variation is None]
    assert len(out) == pytest.approx(400 * held / 10_000, abs=60), "six times sqrt(400 * 0.5 * 0.5) = 60"


@settings(UNHURRIED)
@given(salt=st.text("abc:é", min_size=1, max_size=20), pair=st.lists(st.integers(1, 2**53), min_size=2, max_size=2))
def test_a_new_version_draws_anew(salt: str, pair: list[int]) -> None:
    experiments = {str(number): active_experiment(salt=salt, version=number) for number in pair}
    first, second = (_taken(experiments, str(number)) for number in pair)
    moved = sum(before != after for before, after in zip(first, second, strict=True))
    if len(set(pair)) == 1:
        assert moved == 0
    else:
        assert moved == pytest.approx(200, abs=70), "seven times sqrt(400 * 0.5 * 0.5) = 70: once in 4 * 10^11"


@settings(UNHURRIED)
@given(content=snapshots(), now=nows)
def test_a_decision_is_the_same_however_often_and_in_whichever_order_it_is_made(
    content: dict[str, Any], now: float
) -> None:
    def decided(keys: tuple[str, ...], engine: Any) -> dict[str, Any]:
        return {key: parts(engine.evaluate_flag("u0", key, {"plan": "pro"})) for key in keys}

    engine = engine_of(content, now=now, kept=nothing_kept)
    assert decided(FLAGS, engine) == decided(FLAGS[::-1], engine) == decided(FLAGS[::-1], engine_of(content, now=now))
