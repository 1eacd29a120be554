"""Signing in through an OpenID provider: what is bound to what, and who becomes whom."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.access.answering import CLIENT, ISSUER, AnsweringProvider, claims, query, signed
from tests.unit.access.world import PASSWORD, World
from tests.unit.testing.rivals import Rivals
from variate.access.oidc import BEGUN_SECONDS, Begun, OpenIdConnect
from variate.access.sessions import Started
from variate.errors import (
    ForbiddenError,
    LimitExceededError,
    ProviderUnavailableError,
    StoreUnavailableError,
    UnauthenticatedError,
)
from variate.model.access import Role
from variate.testing.conformance.concurrency import together

BACK = "https://variate.example.com/oidc/callback"
HERE = "192.0.2.1"


@pytest.fixture
def answering() -> AnsweringProvider:
    return AnsweringProvider()


@pytest.fixture
def oidc(world: World, answering: AnsweringProvider) -> OpenIdConnect:
    return over(world, answering)


def over(world: World, answering: AnsweringProvider, *, default_role: Role | None = Role.VIEWER) -> OpenIdConnect:
    return OpenIdConnect(
        provider=answering.provider(monotonic=world.ticking),
        cache=world.cache,
        people=world.people,
        sessions=world.sessions,
        attempts=world.attempts,
        clock=world.time,
        default_role=default_role,
    )


def begin(oidc: OpenIdConnect) -> Begun:
    return oidc.begin(redirect_url=BACK, address=HERE)


def answer(answering: AnsweringProvider, begun: Begun, **given: Any) -> dict[str, str]:
    """Have the provider sign a token with these claims, and return the query it sends the browser back with."""
    asked = query(begun.url)
    answering.tokens = {"id_token": signed(claims(**{"nonce": asked["nonce"], **given})), "access_token": "access"}
    return {"code": "code", "state": asked["state"]}


def sign_in(oidc: OpenIdConnect, answering: AnsweringProvider, **given: Any) -> Started:
    begun = begin(oidc)
    return oidc.finish(answer(answering, begun, **given), binding=begun.binding)


def test_the_browser_is_sent_with_state_nonce_and_a_challenge_that_the_code_is_bound_to(
    oidc: OpenIdConnect, answering: AnsweringProvider
) -> None:
    begun = begin(oidc)
    asked = query(begun.url)
    assert begun.url.startswith(f"{ISSUER}/authorize?")
    assert {name: asked[name] for name in asked if name not in ("state", "nonce", "code_challenge")} == {
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": BACK,
        "scope": "openid email profile",
        "code_challenge_method": "S256",
    }
    oidc.finish(answer(answering, begun), binding=begun.binding)
    sent = next(request for request in answering.asked if request.url.path == "/token")
    verifier = dict(part.split("=") for part in sent.content.decode().split("&"))["code_verifier"]
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    assert (asked["code_challenge"], len(verifier)) == (challenge, 43)


def test_nothing_is_used_for_two_sign_ins(oidc: OpenIdConnect) -> None:
    all_of_them = [begin(oidc) for _ in range(5)]
    values = [query(begun.url)[name] for begun in all_of_them for name in ("state", "nonce", "code_challenge")]
    assert len({*values, *(begun.binding for begun in all_of_them)}) == 20
    assert not any(begun.binding in begun.url or begun.binding in repr(begun) for begun in all_of_them)


def test_an_address_with_a_query_of_its_own_keeps_it(oidc: OpenIdConnect, answering: AnsweringProvider) -> None:
    answering.offer["authorization_endpoint"] = f"{ISSUER}/authorize?policy=staff"
    assert query(begin(oidc).url)["policy"] == "staff"


def test_who_comes_back_is_signed_in(world: World, oidc: OpenIdConnect, answering: AnsweringProvider) -> None:
    started = sign_in(oidc, answering)
    assert world.sessions.check(started.token).person.email == "ada@example.com"


@pytest.mark.parametrize("binding", [None, "", "x", "another browser's"])
def test_another_browser_does_not_end_what_one_began(
    oidc: OpenIdConnect, answering: AnsweringProvider, binding: str | None
) -> None:
    begun, other = begin(oidc), begin(oidc)
    given = answer(answering, begun)
    with pytest.raises(UnauthenticatedError):
        oidc.finish(given, binding=other.binding if binding else binding)
    oidc.finish(given, binding=begun.binding)


def test_an_answer_is_used_once(oidc: OpenIdConnect, answering: AnsweringProvider) -> None:
    begun = begin(oidc)
    given = answer(answering, begun)
    oidc.finish(given, binding=begun.binding)
    with pytest.raises(UnauthenticatedError):
        oidc.finish(given, binding=begun.binding)


def test_of_ten_who_use_an_answer_at_once_one_is_signed_in(
    world: World, oidc: OpenIdConnect, answering: AnsweringProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = begin(oidc)
    given = answer(answering, begun)
    rivals, get = Rivals(10), world.cache.get

    def looked(key: str) -> str | None:
        found = get(key)
        rivals.have_looked()
        return found

    monkeypatch.setattr(world.cache, "get", looked)

    def attempt(_: int) -> bool:
        try:
            oidc.finish(given, binding=begun.binding)
        except UnauthenticatedError:
            return False
        return True

    assert together(10, attempt).count(True) == 1


def test_nothing_of_a_sign_in_is_left_in_the_cache(
    world: World, oidc: OpenIdConnect, answering: AnsweringProvider
) -> None:
    begun = begin(oidc)
    key = f"oidc:{hashlib.sha256(query(begun.url)['state'].encode()).hexdigest()}"
    kept = world.cache.get(key)
    assert kept is not None
    assert begun.binding not in kept
    oidc.finish(answer(answering, begun), binding=begun.binding)
    assert world.cache.get(key) is None


def test_a_failed_answer_is_not_used_again(oidc: OpenIdConnect, answering: AnsweringProvider) -> None:
    begun = begin(oidc)
    wrong = answer(answering, begun, nonce="another")
    with pytest.raises(UnauthenticatedError):
        oidc.finish(wrong, binding=begun.binding)
    with pytest.raises(UnauthenticatedError):
        oidc.finish(answer(answering, begun), binding=begun.binding)


def test_what_was_begun_lasts_ten_minutes(world: World, oidc: OpenIdConnect, answering: AnsweringProvider) -> None:
    begun = begin(oidc)
    given = answer(answering, begun)
    world.pass_by(seconds=BEGUN_SECONDS)
    with pytest.raises(UnauthenticatedError):
        oidc.finish(given, binding=begun.binding)


@pytest.mark.parametrize(
    "alter",
    [
        lambda given: {**given, "state": "unknown"},
        lambda given: {"code": given["code"]},
        lambda given: {"state": given["state"]},
        lambda given: {**given, "code": ""},
        lambda given: {**given, "error": "access_denied"},
        lambda given: {**given, "iss": "https://evil.example.com"},
    ],
)
def test_an_answer_that_is_not_to_be_believed_is_refused_and_asks_for_no_token(
    oidc: OpenIdConnect, answering: AnsweringProvider, alter: Callable[[dict[str, str]], dict[str, str]]
) -> None:
    begun = begin(oidc)
    with pytest.raises(UnauthenticatedError):
        oidc.finish(alter(answer(answering, begun)), binding=begun.binding)
    assert "/token" not in answering.paths()


def test_a_provider_that_says_it_names_itself_has_to(oidc: OpenIdConnect, answering: AnsweringProvider) -> None:
    answering.offer["authorization_response_iss_parameter_supported"] = True
    begun, other = begin(oidc), begin(oidc)
    with pytest.raises(UnauthenticatedError):
        oidc.finish(answer(answering, begun), binding=begun.binding)
    oidc.finish({**answer(answering, other), "iss": ISSUER}, binding=other.binding)


def test_attempts_are_counted_with_those_by_password(world: World, oidc: OpenIdConnect) -> None:
    for _ in range(5):
        begin(oidc)
    with pytest.raises(LimitExceededError):
        begin(oidc)
    with pytest.raises(LimitExceededError):
        world.sign_in.by_password("ada@example.com", PASSWORD, address=HERE)


def test_who_is_not_known_is_added_in_the_role_that_is_set(
    world: World, oidc: OpenIdConnect, answering: AnsweringProvider
) -> None:
    person = sign_in(oidc, answering, email="ADA@example.com").session.person
    assert (person.email, person.name, person.role) == ("ada@example.com", "Ada Lovelace", Role.VIEWER)
    entries = [(entry.action, entry.actor, entry.entity_id) for entry in world.entries()]
    assert entries == [("added", "person:ada@example.com", person.id)]
    assert sign_in(oidc, answering).session.person == person


def test_where_no_role_is_set_who_is_not_known_is_refused(world: World, answering: AnsweringProvider) -> None:
    oidc = over(world, answering, default_role=None)
    with pytest.raises(ForbiddenError, match="ask an administrator to add you"):
        sign_in(oidc, answering)
    assert len(world.people.list_people()) == 0


def test_a_person_is_linked_by_the_address_and_known_by_the_subject_from_then_on(
    world: World, answering: AnsweringProvider
) -> None:
    oidc = over(world, answering, default_role=None)
    ada = world.people.add_person("ada@example.com", role="admin", password=PASSWORD)
    linked = sign_in(oidc, answering).session.person
    assert (linked.id, linked.role, linked.subject) == (ada.id, Role.ADMIN, f"{ISSUER} sub-1")
    assert [(entry.action, entry.actor) for entry in world.entries()][1:] == [("linked", "person:ada@example.com")]
    moved = sign_in(oidc, answering, email="ada@married.example.com", email_verified=False).session.person
    assert moved == linked, "the address may change at the provider"
    assert len(world.entries()) == 2


@pytest.mark.parametrize("verified", [False, "false", None, 1, "yes", [True]])
def test_an_address_that_is_not_verified_links_and_adds_nobody(
    world: World, oidc: OpenIdConnect, answering: AnsweringProvider, verified: object
) -> None:
    ada = world.people.add_person("ada@example.com", role="admin")
    for email in ("ada@example.com", "new@example.com"):
        with pytest.raises(ForbiddenError, match="not verified"):
            sign_in(oidc, answering, email=email, email_verified=verified)
    assert [*world.people.list_people()] == [ada]


def test_somebody_else_of_the_same_address_does_not_take_a_persons_place(
    world: World, oidc: OpenIdConnect, answering: AnsweringProvider
) -> None:
    ada = sign_in(oidc, answering).session.person
    with pytest.raises(ForbiddenError, match="somebody else"):
        sign_in(oidc, answering, sub="sub-2")
    assert world.people.get_person(ada.id) == ada
    world.people.update_person(ada.id, subject=None)
    assert sign_in(oidc, answering, sub="sub-2").session.person.id == ada.id


def test_another_providers_subject_of_the_same_name_is_somebody_else(
    world: World, oidc: OpenIdConnect, answering: AnsweringProvider
) -> None:
    root = world.people.add_person("root@example.com", role="admin", subject="https://other.example.com sub-1")
    assert sign_in(oidc, answering).session.person.id != root.id


@pytest.mark.parametrize("linked", [False, True])
def test_who_is_disabled_is_refused(
    world: World, oidc: OpenIdConnect, answering: AnsweringProvider, *, linked: bool
) -> None:
    ada = world.people.add_person("ada@example.com", role="editor", subject=f"{ISSUER} sub-1" if linked else None)
    gone = world.people.update_person(ada.id, disabled=True)
    with pytest.raises(ForbiddenError, match="may not sign in"):
        sign_in(oidc, answering)
    assert world.people.get_person(ada.id) == gone


def test_an_address_that_only_the_provider_itself_tells_is_asked_for(
    oidc: OpenIdConnect, answering: AnsweringProvider
) -> None:
    answering.user_info = {"sub": "sub-1", "email": "ada@example.com", "email_verified": True}
    assert sign_in(oidc, answering, email=None, email_verified=None).session.person.email == "ada@example.com"
    assert answering.asked[-1].headers["authorization"] == "Bearer access"


def test_what_it_tells_of_somebody_else_is_passed_over(oidc: OpenIdConnect, answering: AnsweringProvider) -> None:
    answering.user_info = {"sub": "sub-2", "email": "root@example.com", "email_verified": True}
    with pytest.raises(ForbiddenError, match="not verified"):
        sign_in(oidc, answering, email=None, email_verified=None)


@pytest.mark.parametrize("email", ["", "ada", 7, {}])
def test_what_is_no_address_adds_nobody(oidc: OpenIdConnect, answering: AnsweringProvider, email: object) -> None:
    with pytest.raises(ProviderUnavailableError, match="no e-mail address"):
        sign_in(oidc, answering, email=email)


@pytest.mark.parametrize("name", [None, "", " ", 7, "n" * 2_000])
def test_a_name_that_is_none_is_the_address(oidc: OpenIdConnect, answering: AnsweringProvider, name: object) -> None:
    assert sign_in(oidc, answering, name=name).session.person.name == "ada@example.com"


def test_somebody_new_who_signs_in_twice_at_once_is_added_once(
    world: World, oidc: OpenIdConnect, answering: AnsweringProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = begin(oidc)
    given = answer(answering, begun)
    by_email = world.person_store.by_email

    def added_meanwhile(email: str) -> Any:
        found = by_email(email)
        monkeypatch.undo()
        world.people.add_person(email, role="viewer", subject=f"{ISSUER} sub-1")
        return found

    monkeypatch.setattr(world.person_store, "by_email", added_meanwhile)
    person = oidc.finish(given, binding=begun.binding).session.person
    assert [*world.people.list_people()] == [person]


def test_while_the_provider_is_away_that_is_said(oidc: OpenIdConnect, answering: AnsweringProvider) -> None:
    answering.is_away = True
    with pytest.raises(ProviderUnavailableError):
        begin(oidc)
    answering.is_away = False
    begun = begin(oidc)
    given = answer(answering, begun)
    answering.is_away = True
    with pytest.raises(ProviderUnavailableError):
        oidc.finish(given, binding=begun.binding)


def test_a_sign_in_that_cannot_be_kept_does_not_begin(
    world: World, oidc: OpenIdConnect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.cache, "set", lambda *_, **__: False)
    with pytest.raises(StoreUnavailableError):
        begin(oidc)
