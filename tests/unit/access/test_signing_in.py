"""Signing in by password: what is told, what is counted, and what is kept anew."""

from __future__ import annotations

import logging
from dataclasses import replace

import pytest

from tests.unit.access.world import CHEAP, PASSWORD, World
from variate.access.passwords import Passwords
from variate.errors import LimitExceededError, UnauthenticatedError, VariateError

HERE = "192.0.2.1"


@pytest.fixture(autouse=True)
def _ada(world: World) -> None:
    world.people.add_person("ada@example.com", role="editor", password=PASSWORD)


def refusal(world: World, email: str, password: str, *, address: str = HERE) -> VariateError:
    with pytest.raises(VariateError) as raised:
        world.sign_in.by_password(email, password, address=address)
    return raised.value


def test_the_right_password_begins_a_session(world: World) -> None:
    started = world.sign_in.by_password(" ADA@example.com ", PASSWORD, address=HERE)
    assert world.sessions.check(started.token).person.email == "ada@example.com"


def test_no_refusal_says_whether_there_is_such_a_person(world: World) -> None:
    world.people.add_person("none@example.com", role="editor")
    world.people.add_person("gone@example.com", role="editor", password=PASSWORD)
    world.people.update_person("gone@example.com", disabled=True)
    refusals = [
        refusal(world, email, password, address=f"192.0.2.{number}")
        for number, (email, password) in enumerate(
            [
                ("ada@example.com", "wrong horse battery"),
                ("ada@example.com", ""),
                ("ada@example.com", PASSWORD.upper()),
                ("nobody@example.com", PASSWORD),
                ("none@example.com", PASSWORD),
                ("gone@example.com", PASSWORD),
                ("not an address\x00", PASSWORD),
                ("ada@example.com\ud800", PASSWORD),
            ]
        )
    ]
    assert {type(error) for error in refusals} == {UnauthenticatedError}
    assert len({str(error) for error in refusals}) == 1


def test_who_is_not_there_has_the_password_checked_all_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str | None] = []

    def noted(self: Passwords, password: str, kept: str | None) -> bool:
        checked.append(kept)
        return False

    monkeypatch.setattr(Passwords, "check", noted)
    refusal(world, "nobody@example.com", PASSWORD)
    refusal(world, "ada@example.com", PASSWORD)
    assert [kept is None for kept in checked] == [True, False]


def test_attempts_are_counted_by_network_address_whoever_is_tried(world: World) -> None:
    for number in range(5):
        refusal(world, f"somebody-{number}@example.com", "guess")
    refused = refusal(world, "ada@example.com", PASSWORD)
    assert isinstance(refused, LimitExceededError)
    assert 0 < refused.retry_after_seconds <= 60
    world.sign_in.by_password("ada@example.com", PASSWORD, address="192.0.2.2")


def test_a_network_that_one_machine_may_have_whole_is_one_address(world: World) -> None:
    for number in range(5):
        refusal(world, f"somebody-{number}@example.com", "guess", address=f"2001:db8::{number}")
    assert isinstance(refusal(world, "ada@example.com", PASSWORD, address="2001:db8::ffff"), LimitExceededError)
    world.sign_in.by_password("ada@example.com", PASSWORD, address="2001:db8:0:1::1")


def test_nobody_is_kept_out_from_one_address(world: World) -> None:
    for _ in range(100):
        refusal(world, "ada@example.com", "guess", address="203.0.113.9")
    world.sign_in.by_password("ada@example.com", PASSWORD, address=HERE)


def test_attempts_are_counted_by_person_from_all_addresses(world: World) -> None:
    for number in range(50):
        refusal(world, " Ada@example.com" if number % 2 else "ada@example.com", "guess", address=f"192.0.2.{number}")
    assert isinstance(refusal(world, "ada@example.com", PASSWORD, address="192.0.2.99"), LimitExceededError)
    world.pass_by(seconds=60)
    world.sign_in.by_password("ada@example.com", PASSWORD, address="192.0.2.99")


def test_a_limit_does_not_say_whether_there_is_such_a_person(world: World) -> None:
    for email in ("ada@example.com", "nobody@example.com"):
        for number in range(50):
            refusal(world, email, "guess", address=f"{email}-{number}")
    messages = {
        str(refusal(world, email, "guess", address=f"{email}-99"))
        for email in ("ada@example.com", "nobody@example.com")
    }
    assert len(messages) == 1


def test_a_hash_of_another_cost_is_made_anew_and_ends_no_session(world: World) -> None:
    before = world.sign_in.by_password("ada@example.com", PASSWORD, address=HERE)
    dearer = Passwords(passes=2, memory_kib=8)
    sign_in = replace(world.sign_in, people=replace(world.people, passwords=dearer))
    sign_in.by_password("ada@example.com", PASSWORD, address=HERE)
    ada = world.people.get_person("ada@example.com")
    assert ada is not None
    assert ada.password_hash is not None
    assert not dearer.is_outdated(ada.password_hash)
    assert CHEAP.check(PASSWORD, ada.password_hash)
    world.sessions.check(before.token)
    revision = ada.revision
    sign_in.by_password("ada@example.com", PASSWORD, address=HERE)
    assert world.people.get_person("ada@example.com").revision == revision  # type: ignore[union-attr] # she is there


def test_no_log_holds_a_password_or_what_was_typed_as_an_address(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    started = world.sign_in.by_password("ada@example.com", PASSWORD, address=HERE)
    refusal(world, "my secret in the wrong field", "wrong horse battery")
    text = "".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert "refused" in text
    for secret in (PASSWORD, "wrong horse battery", "my secret", started.token, started.session.csrf_token):
        assert secret not in text
