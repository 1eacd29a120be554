"""Who may ask, and what: scopes, roles and environments."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from variate.errors import ForbiddenError, InvalidInputError
from variate.model.access import Principal, Role, Scope, granted
from variate.model.access_record import key_record, person_record
from variate.testing.access_builders import build_key, build_person
from variate.testing.clocks import START

WEB = build_key(name="web", scopes=["evaluate", "write"], environments=["dev", "prod"]).principal
CI = build_key(name="ci", scopes=["admin"]).principal


def refusal(need: Callable[[], None]) -> str:
    with pytest.raises(ForbiddenError) as raised:
        need()
    return str(raised.value)


@pytest.mark.parametrize(
    ("scopes", "all_of_them"),
    [
        ({Scope.EVALUATE}, {Scope.EVALUATE}),
        ({Scope.READ}, {Scope.READ}),
        ({Scope.WRITE}, {Scope.WRITE, Scope.READ}),
        ({Scope.WRITE, Scope.INGEST}, {Scope.WRITE, Scope.READ, Scope.INGEST}),
        ({Scope.ADMIN}, set(Scope)),
    ],
)
def test_a_scope_may_include_others(scopes: set[Scope], all_of_them: set[Scope]) -> None:
    assert granted(scopes) == all_of_them


@pytest.mark.parametrize(
    ("role", "scopes"),
    [(Role.VIEWER, {Scope.READ}), (Role.EDITOR, {Scope.READ, Scope.WRITE}), (Role.ADMIN, set(Scope))],
)
def test_a_role_is_a_choice_of_scopes_everywhere(role: Role, scopes: set[Scope]) -> None:
    principal = build_person(role=role, email="ada@example.com").principal
    assert (principal.actor, principal.kind) == ("person:ada@example.com", "person")
    assert principal.scopes == scopes
    principal.need_everywhere()


def test_what_somebody_may_raises_nothing() -> None:
    for scope in (Scope.EVALUATE, Scope.WRITE, Scope.READ):
        WEB.need(scope)
    for environment in ("dev", "prod"):
        WEB.need_environment(environment)
    for scope in Scope:
        CI.need(scope)
    CI.need_environment("any")
    CI.need_everywhere()


def test_a_refusal_says_what_is_needed_and_what_the_one_who_asks_has() -> None:
    assert refusal(lambda: WEB.need(Scope.ADMIN)) == ("this needs the scope 'admin'; key:web has evaluate, read, write")
    assert refusal(lambda: WEB.need_environment("staging")) == (
        "this is the environment 'staging'; key:web is for dev, prod"
    )
    assert "key:web is for dev, prod alone: take a key for all environments" in refusal(WEB.need_everywhere)


def test_every_environment_by_name_is_not_all_of_them() -> None:
    principal = build_key(environments=["dev", "staging", "prod"]).principal
    with pytest.raises(ForbiddenError):
        principal.need_everywhere()


def test_the_name_of_an_environment_is_compared_as_it_is() -> None:
    assert not any(WEB.may_in(name) for name in ("", "*", "DEV", "dev ", "dev,prod", "de"))


def test_a_key_counts_until_it_expires_or_is_revoked() -> None:
    moment, hour = timedelta(microseconds=1), timedelta(hours=1)
    for key in (build_key(expires_at=START + hour), build_key(revoked_at=START + hour)):
        assert key.counts_at(START + hour - moment)
        assert not key.counts_at(START + hour)
    assert build_key().counts_at(START + 9_999 * hour)


def test_records_have_nothing_secret() -> None:
    key, person = build_key(secret_hash="hash-of-it"), build_person(password_hash="hash-of-it", subject="s-1")
    for shown in (key_record(key), person_record(person), key, person):
        assert "hash-of-it" not in repr(shown)
    assert person_record(person)["has_password"] is True
    assert key_record(key)["scopes"] == ["evaluate"]


@pytest.mark.parametrize(
    ("build", "field"),
    [
        (lambda: build_key(scopes=[]), "scopes"),
        (lambda: build_key(environments=[]), "environments"),
        (lambda: build_key(environments=["a b"]), "environments"),
        (lambda: build_key(name=""), "name"),
        (lambda: build_key(created_by=" "), "created_by"),
        (lambda: build_key(created_at=START.replace(tzinfo=None)), "created_at"),
        (lambda: build_key(revision=0), "revision"),
        (lambda: build_person(email="ada"), "email"),
        (lambda: build_person(name=""), "name"),
        (lambda: build_person(subject=""), "subject"),
        (lambda: build_person(epoch=0), "epoch"),
        (lambda: build_person(disabled=None), "disabled"),  # type: ignore[arg-type] # wrong on purpose
    ],
)
def test_what_cannot_be_is_not_built(build: Callable[[], object], field: str) -> None:
    with pytest.raises(InvalidInputError) as raised:
        build()
    assert raised.value.field == field


def test_a_principal_may_no_more_than_its_scopes_say() -> None:
    nobody = Principal(kind="key", id="k", actor="key:k", scopes=frozenset(), environments=frozenset())
    assert not any(nobody.may(scope) for scope in Scope)
    assert not nobody.may_in("dev")
