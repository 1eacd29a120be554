"""Every case in ``spec/decision-cases`` is decided as it says, by the engine and by the ladder.

A case without ``at`` gives the same at every moment. A case without ``kept`` is one in which the ledger is not asked.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.unit.decision.murmur import murmur3_x86_32
from tests.unit.decision.snapshots import Kept, engine_of, ladder_of
from tests.unit.decision.spec import CASE_FILES, errors_of, spec_file
from variate.errors import StoreUnavailableError
from variate.model import parse_instant
from variate.model.decision import Decision, Reason, decision_record
from variate.model.operators import Operator

Case = dict[str, Any]

LONG_AGO = parse_instant("at", "0001-01-02T00:00:00Z").timestamp()
FAR_OFF = parse_instant("at", "9999-12-30T00:00:00Z").timestamp()
CASES = [(path, number) for path in CASE_FILES for number in range(len(spec_file(path)["cases"]))]


@cache
def _file(path: Path) -> Any:
    return spec_file(path)


def _each() -> Iterator[tuple[dict[str, Any], Case]]:
    for path, number in CASES:
        yield _file(path)["snapshot"], _file(path)["cases"][number]


def _kept(case: Case) -> Kept:
    def ask(experiment_id: str, version: int, unit: str) -> str | None:
        assert "kept" in case, "the ledger must not be asked"
        assert unit == case["unit"]
        if case["kept"] == "unavailable":
            raise StoreUnavailableError("the ledger is not there")
        held = case["kept"].get(experiment_id)
        return None if held is None or held["version"] != version else str(held["variation"])

    return ask


def _moments(case: Case) -> list[float]:
    return [parse_instant("at", case["at"]).timestamp()] if "at" in case else [LONG_AGO, FAR_OFF]


def _by_engine(content: Any, case: Case, now: float) -> Decision:
    engine = engine_of(content, now=now, kept=_kept(case))
    if "experiment" in case:
        return engine.decide(case["unit"], case["experiment"], case["attributes"])
    return engine.evaluate_flag(case["unit"], case["flag"], case["attributes"])


def _by_ladder(content: Any, case: Case, now: float) -> Decision:
    ladder = ladder_of(content, case["unit"], case["attributes"], now=now, kept=_kept(case))
    explanation = ladder.experiment(case["experiment"]) if "experiment" in case else ladder.flag(case["flag"])
    return explanation.decision


@pytest.mark.parametrize("decide", [_by_engine, _by_ladder])
@pytest.mark.parametrize(("path", "number"), CASES, ids=lambda part: part.stem if isinstance(part, Path) else None)
def test_a_case_is_decided_as_it_says(path: Path, number: int, decide: Callable[[Any, Case, float], Decision]) -> None:
    case = _file(path)["cases"][number]
    for now in _moments(case):
        decided = decision_record(decide(_file(path)["snapshot"], case, now))
        assert decided == case["expect"], case["name"]
        assert json.dumps(decided["value"]) == json.dumps(case["expect"]["value"]), "in Python 1 equals True"


@pytest.mark.parametrize("path", CASE_FILES, ids=lambda path: path.stem)
def test_the_snapshot_of_a_file_of_cases_is_as_the_schema_says(path: Path) -> None:
    assert errors_of(_file(path)["snapshot"]) == []


@pytest.mark.parametrize("path", CASE_FILES, ids=lambda path: path.stem)
def test_the_cases_of_a_file_have_names_of_their_own_and_no_other_fields(path: Path) -> None:
    assert set(_file(path)) == {"about", "snapshot", "cases"}
    names = [case["name"] for case in _file(path)["cases"]]
    assert sorted(set(names)) == sorted(names)
    for case in _file(path)["cases"]:
        assert set(case) - {"at", "kept"} in (
            {"name", each, "unit", "attributes", "expect"} for each in ("experiment", "flag")
        )
        assert set(case["expect"]) == {"variation", "value", "reason", "rule", "bucket", "version"}


def test_the_cases_end_in_every_reason_there_is() -> None:
    found = {kind: {case["expect"]["reason"] for _, case in _each() if kind in case} for kind in ("experiment", "flag")}
    of_flags = {Reason.RULE, Reason.DEFAULT, Reason.OFF, Reason.PREREQUISITE, Reason.FREE_FORM}
    of_experiments = set(Reason) - of_flags
    through_rules = {Reason.UNKNOWN, Reason.NOT_RUNNING, Reason.OVERRIDE, Reason.KEPT, Reason.SPLIT}
    assert found == {"experiment": of_experiments, "flag": of_flags | through_rules}


@pytest.mark.parametrize("path", CASE_FILES, ids=lambda path: path.stem)
def test_every_definition_of_a_file_takes_part_in_a_case(path: Path) -> None:
    content, cases = _file(path)["snapshot"], _file(path)["cases"]
    flags = [record for record in content["flags"].values() if record["variations"]]
    serves = [rule["serve"] for record in flags for rule in record["rules"]]
    named = {
        "experiments": {each["experiment"] for each in serves if isinstance(each, dict) and "experiment" in each},
        "flags": {each["flag"] for record in flags for each in record["prerequisites"]},
    }
    for kind, names in named.items():
        asked = {case[kind[:-1]] for case in cases if kind[:-1] in case}
        assert set(content[kind]) - asked - names == set()


def test_each_operator_has_a_case_in_which_it_matches_and_one_in_which_it_does_not() -> None:
    found = set()
    for content, case in _each():
        rules = content["flags"].get(case.get("flag"), {}).get("rules")
        if rules and rules[0]["condition"] and "operator" in rules[0]["condition"]:
            found.add((rules[0]["condition"]["operator"], case["expect"]["reason"] == "rule"))
    assert found == {(str(operator), matches) for operator in Operator for matches in (True, False)}


def test_the_buckets_of_the_cases_are_those_of_an_independent_implementation() -> None:
    for content, case in _each():
        if case["expect"]["bucket"] is not None:
            assert case["expect"]["bucket"] in _possible(content, case), case["name"]


def _possible(content: Any, case: Case) -> set[int]:
    """Return the unit's places in all the draws that the snapshot has."""
    salts = set()
    for record in content["experiments"].values():
        if record["status"] == "active":
            salts |= {f"{record['salt']}:{record['version']}:{draw}" for draw in ("traffic", "variation")}
            salts |= {f"{each['salt']}:holdout" for each in record["holdouts"]}
            salts |= {f"{record['layer']['salt']}:layer"} if record["layer"] else set()
    salts |= {f"{record['salt']}:rollout" for record in content["flags"].values() if record["variations"]}
    keys = (f"{len(salt.encode())}:{salt}:{case['unit']}" for salt in salts)
    return {murmur3_x86_32(key.encode()) * 10_000 // 2**32 for key in keys}
