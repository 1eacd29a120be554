"""Bucketing is frozen, even, and independent between salts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypedDict, cast

import mmh3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.decision.murmur import murmur3_x86_32
from variate.decision import BUCKETS, bucket, buckets, draw_salt

GOLDEN = Path(__file__).parents[3] / "spec" / "bucketing.json"

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


class Case(TypedDict):
    salt: str
    unit: str
    hash: int
    bucket: int


def _golden() -> list[Case]:
    return cast("list[Case]", json.loads(GOLDEN.read_text(encoding="utf-8"))["cases"])


def test_the_reference_hash_has_the_verification_value_that_smhasher_publishes() -> None:
    keys = (murmur3_x86_32(bytes(range(length)), seed=256 - length) for length in range(256))
    digests = b"".join(digest.to_bytes(4, "little") for digest in keys)
    assert murmur3_x86_32(digests) == 0xB0F57EE3


def test_every_golden_case_still_gets_its_bucket() -> None:
    cases = _golden()
    assert len(cases) >= 250
    assert [bucket(case["salt"], case["unit"]) for case in cases] == [case["bucket"] for case in cases]


def test_the_golden_hashes_are_those_of_an_independent_implementation() -> None:
    for case in _golden():
        key = f"{len(case['salt'].encode())}:{case['salt']}:{case['unit']}".encode()
        assert murmur3_x86_32(key) == case["hash"]
        assert case["hash"] * 10_000 >> 32 == case["bucket"]


def test_the_golden_cases_cover_emoji_combining_marks_and_ids_of_a_kilobyte() -> None:
    units = {case["unit"] for case in _golden()}
    assert {"😀", "👩‍👩‍👧‍👦", "jose\u0301", "josé", "x" * 1024, "42"} <= units
    assert bucket("s", "josé") != bucket("s", "jose\u0301"), "ids are taken as they are, not normalised"


@given(salt=texts, unit=texts)
def test_bucket_is_the_formula_of_the_reference_hash(salt: str, unit: str) -> None:
    key = f"{len(salt.encode())}:{salt}:{unit}".encode()
    assert bucket(salt, unit) == murmur3_x86_32(key) * BUCKETS >> 32
    assert buckets(salt, [unit, unit]) == [bucket(salt, unit)] * 2


@given(left=st.tuples(texts, texts), right=st.tuples(texts, texts))
def test_no_two_pairs_of_salt_and_unit_share_a_key(left: tuple[str, str], right: tuple[str, str]) -> None:
    keys = {f"{len(salt.encode())}:{salt}:{unit}" for salt, unit in (left, right)}
    assert len(keys) == len({left, right})


def test_a_colon_in_the_id_does_not_move_text_between_salt_and_unit() -> None:
    assert bucket("a", "b:c") != bucket("a:b", "c")


def test_the_highest_hash_falls_in_the_last_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mmh3, "mmh3_32_uintdigest", lambda *_args, **_named: 0xFFFFFFFF)
    assert bucket("salt", "unit") == 9_999


def test_buckets_are_even_over_two_hundred_thousand_ids() -> None:
    counts = [0] * 100
    for place in buckets("even", map(str, range(200_000))):
        counts[place // 100] += 1
    chi_square = sum((count - 2_000) ** 2 / 2_000 for count in counts)
    assert chi_square < 148.2, "the 99.9 % point of chi-square with 99 degrees of freedom (tables) is 148.2"


def test_two_draws_of_one_experiment_are_independent() -> None:
    units = [f"user-{number}" for number in range(100_000)]
    first = buckets(draw_salt("variation", salt="e", version=1), units)
    second = buckets(draw_salt("traffic", salt="e", version=1), units)
    cells = [0] * 100
    for left, right in zip(first, second, strict=True):
        cells[left // 1_000 * 10 + right // 1_000] += 1
    chi_square = sum((count - 1_000) ** 2 / 1_000 for count in cells)
    assert chi_square < 148.2


def test_another_version_draws_anew() -> None:
    assert draw_salt("variation", salt="e", version=1) != draw_salt("variation", salt="e", version=2)
