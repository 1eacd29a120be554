"""Passwords: what may be one, and what it takes to check one."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import argon2
import pytest

from tests.unit.access.world import CHEAP, PASSWORD
from variate.access.passwords import Passwords
from variate.errors import InvalidInputError


def test_the_cost_is_what_owasp_asks_for() -> None:
    # Password Storage Cheat Sheet: argon2id with 19 MiB, 2 iterations and 1 degree of parallelism at least.
    kept = Passwords().hash(PASSWORD)
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert Passwords().check(PASSWORD, kept)


def test_two_hashes_of_one_password_differ() -> None:
    assert CHEAP.hash(PASSWORD) != CHEAP.hash(PASSWORD)


@pytest.mark.parametrize(
    ("password", "rule"),
    [
        ("a" * 11, "at least 12 characters"),
        ("😀" * 11, "at least 12 characters"),
        ("a" * 1_025, "at most 1024 bytes"),
        ("é" * 513, "at most 1024 bytes"),
        ("a" * 12 + "\x00", "NUL"),
        ("a" * 12 + "\ud800", "surrogate"),
        (12 * 10**12, "must be a string"),
    ],
)
def test_what_is_no_password_is_refused_and_fits_nothing(password: Any, rule: str) -> None:
    with pytest.raises(InvalidInputError, match=rule):
        CHEAP.hash(password)
    assert not CHEAP.check(password, CHEAP.hash(PASSWORD))


@pytest.mark.parametrize("password", ["a" * 12, "😀" * 12, " " * 12, "a" * 1_024, "pass phrase of words"])
def test_anything_else_is_one(password: str) -> None:
    assert CHEAP.check(password, CHEAP.hash(password))


def test_what_looks_alike_is_one_password_however_the_keyboard_writes_it() -> None:
    assert CHEAP.check("caf\u00e9 caf\u00e9 caf\u00e9", CHEAP.hash("cafe\u0301 cafe\u0301 cafe\u0301"))
    assert CHEAP.check("\uff50\uff41\uff53\uff53words wide", CHEAP.hash("passwords wide"))
    assert not CHEAP.check("CAF\u00c9 caf\u00e9 caf\u00e9", CHEAP.hash("caf\u00e9 caf\u00e9 caf\u00e9"))


@pytest.mark.parametrize("kept", ["", "x", "$argon2id$", "$2b$12$abcdefghijklmnopqrstuv"])
def test_nothing_fits_what_is_no_hash(kept: str) -> None:
    assert not CHEAP.check(PASSWORD, kept)


def test_a_person_who_is_not_there_costs_as_much_as_one_who_is(monkeypatch: pytest.MonkeyPatch) -> None:
    verified: list[str] = []
    verify = argon2.low_level.verify_secret

    def noted(hash: bytes, secret: bytes, type: argon2.Type) -> bool:  # noqa: A002 - argon2's names
        verified.append(hash.decode())
        return verify(hash, secret, type)

    monkeypatch.setattr("argon2._password_hasher.verify_secret", noted)
    assert not CHEAP.check(PASSWORD, None)
    assert not CHEAP.check("wrong horse battery", CHEAP.hash(PASSWORD))
    of_nobody, of_somebody = (re.sub(r"\$[^$]+\$[^$]+$", "", kept) for kept in verified)
    assert of_nobody == of_somebody, "verified in full, at the same cost"
    assert [len(kept) for kept in verified] == [len(verified[0])] * 2


def test_a_hash_of_another_cost_is_outdated() -> None:
    kept = CHEAP.hash(PASSWORD)
    assert not CHEAP.is_outdated(kept)
    assert Passwords(passes=2, memory_kib=8).is_outdated(kept)
    assert Passwords(passes=2, memory_kib=8).check(PASSWORD, kept)


def test_hashes_are_made_a_few_at_a_time_however_many_try_to_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    turn, most = threading.Barrier(2), [0, 0]

    def verified(*_: object) -> bool:
        most[0] += 1
        most[1] = max(most)
        turn.wait(10)  # two are in here at once
        most[0] -= 1
        return True

    monkeypatch.setattr(argon2.PasswordHasher, "verify", verified)
    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(lambda _: CHEAP.check(PASSWORD, "any"), range(8)))
    assert most[1] <= 2
