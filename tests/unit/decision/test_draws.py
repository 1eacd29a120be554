"""Each kind of draw has a salt of its own, and the places it gives are frozen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.unit.decision.murmur import murmur3_x86_32
from tests.unit.decision.snapshots import active_experiment, content_of, engine_of, typed_flag
from tests.unit.decision.spec import SPEC, spec_file
from variate.decision import bucket, draw_salt
from variate.decision.bucketing import group_salt
from variate.model.decision import Decision

CASES: list[dict[str, Any]] = spec_file(SPEC / "draws.json")["cases"]
DRAWS = ("traffic", "variation", "layer", "holdout", "rollout", "percentage")


def _of(draw: str) -> list[dict[str, Any]]:
    return [case for case in CASES if case["draw"] == draw]


def test_the_draws_cover_every_kind_and_all_sorts_of_ids() -> None:
    for draw in DRAWS:
        units = {case["unit"] for case in _of(draw)}
        assert {"42", "😀", "👩‍👩‍👧‍👦", "jose\u0301", "josé", "x" * 1024, "😀" * 256} <= units
    assert {case["draw"] for case in CASES} == set(DRAWS)


def test_the_draws_cover_the_first_and_the_last_hash_of_a_bucket() -> None:
    """A bucket is 2**32 / 10,000 = 429,496.7 hashes wide; half of all are below 2**31."""
    for draw in DRAWS:
        hashes = {case["hash"] for case in _of(draw)}
        assert {0, 429_496, 429_497, 2**31 - 1, 2**31, 2**32 - 1} <= hashes


def test_every_place_is_that_of_an_independent_implementation() -> None:
    for case in CASES:
        key = f"{len(case['drawn_by'].encode())}:{case['drawn_by']}:{case['unit']}".encode()
        assert murmur3_x86_32(key) == case["hash"]
        assert case["hash"] * 10_000 // 2**32 == case["bucket"]


def test_every_draw_still_has_its_salt_and_every_unit_its_place() -> None:
    for case in CASES:
        if "version" in case:
            salt = draw_salt(case["draw"], salt=case["salt"], version=case["version"])
        else:
            salt = case["salt"] if case["draw"] == "percentage" else group_salt(case["draw"], salt=case["salt"])
        assert salt == case["drawn_by"]
        assert bucket(salt, case["unit"]) == case["bucket"]


def test_a_unit_has_another_place_in_every_draw_of_one_salt() -> None:
    places = {case["draw"]: case["bucket"] for case in CASES if (case["salt"], case["unit"]) == ("checkout", "user-1")}
    assert len(set(places.values())) == len(DRAWS)


def _decided(experiment: Mapping[str, Any], unit: str) -> Decision:
    return engine_of(content_of(experiments={"e": experiment})).decide(unit, "e")


@pytest.mark.parametrize("case", _of("traffic"), ids=lambda case: ascii(case["unit"])[:20])
def test_traffic_is_enrolled_up_to_just_the_unit_s_place(case: dict[str, Any]) -> None:
    known = {"salt": case["salt"], "version": case["version"]}
    beyond = _decided(active_experiment(traffic=case["bucket"], **known), case["unit"])
    assert (beyond.reason, beyond.bucket) == ("traffic", case["bucket"])
    assert _decided(active_experiment(traffic=case["bucket"] + 1, **known), case["unit"]).reason == "split"


@pytest.mark.parametrize("case", _of("variation"), ids=lambda case: ascii(case["unit"])[:20])
def test_the_second_variation_begins_at_just_the_unit_s_place(case: dict[str, Any]) -> None:
    place, known = case["bucket"], {"salt": case["salt"], "version": case["version"]}
    second = _decided(active_experiment(weights=[place, 10_000 - place], **known), case["unit"])
    first = _decided(active_experiment(weights=[place + 1, 9_999 - place], **known), case["unit"])
    assert [(each.variation, each.bucket) for each in (first, second)] == [("a", place), ("b", place)]


@pytest.mark.parametrize("case", _of("layer"), ids=lambda case: ascii(case["unit"])[:20])
def test_a_range_of_the_layer_holds_just_the_units_between_its_ends(case: dict[str, Any]) -> None:
    place = case["bucket"]

    def within(start: int, end: int) -> Decision:
        layer = {"id": "l", "salt": case["salt"], "start": start, "end": end}
        return _decided(active_experiment(layer=layer), case["unit"])

    assert within(place, place + 1).reason == "split"
    for outside in (within(place + 1, 10_000), within(0, place)):
        assert (outside.reason, outside.bucket) == ("layer", place)


@pytest.mark.parametrize("case", _of("holdout"), ids=lambda case: ascii(case["unit"])[:20])
def test_a_holdout_keeps_out_up_to_just_the_unit_s_place(case: dict[str, Any]) -> None:
    place = case["bucket"]

    def beside(buckets: int) -> Decision:
        holdout = {"id": "h", "salt": case["salt"], "buckets": buckets}
        return _decided(active_experiment(holdouts=[holdout]), case["unit"])

    assert beside(place).reason == "split"
    assert (beside(place + 1).reason, beside(place + 1).bucket) == ("held_out", place)


@pytest.mark.parametrize("case", _of("rollout"), ids=lambda case: ascii(case["unit"])[:20])
def test_a_rollout_reaches_up_to_just_the_unit_s_place(case: dict[str, Any]) -> None:
    place = case["bucket"]

    def rolled_out(share: int) -> Decision:
        default = {"rollout": [["a", share], ["b", 10_000 - share]]}
        flag = typed_flag(salt=case["salt"], default=default)
        return engine_of(content_of(flags={"f": flag})).evaluate_flag(case["unit"], "f")

    assert [(each.variation, each.bucket) for each in (rolled_out(place), rolled_out(place + 1))] == [
        ("b", place),
        ("a", place),
    ]


@pytest.mark.parametrize("case", _of("percentage"), ids=lambda case: ascii(case["unit"])[:20])
def test_a_percentage_reaches_up_to_just_the_unit_s_place(case: dict[str, Any]) -> None:
    def share(buckets: int) -> Decision:
        audience = {"percentage": buckets / 100, "salt": case["salt"]}
        return _decided(active_experiment(audience=audience), case["unit"])

    assert share(case["bucket"]).reason == "audience"
    assert share(case["bucket"] + 1).reason == "split"
