"""The provider, asked: what is believed of its answers, for how long, and how we show who we are."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import unquote_plus

import httpx
import pytest

from tests.unit.access.answering import CLIENT, ISSUER, REGISTRATION, SECRET, AnsweringProvider
from tests.unit.stores.ticking import Ticking
from variate.access.provider import KEPT_SECONDS, LOOK_AGAIN_SECONDS, Provider
from variate.errors import ProviderUnavailableError, UnauthenticatedError


@pytest.fixture
def answering() -> AnsweringProvider:
    return AnsweringProvider()


def test_what_it_offers_is_asked_for_every_hour(answering: AnsweringProvider) -> None:
    ticking = Ticking()
    provider = answering.provider(monotonic=ticking)
    for _ in range(10):
        provider.offer()
    assert answering.paths() == ["/.well-known/openid-configuration"]
    answering.offer["token_endpoint"] = f"{ISSUER}/v2/token"
    ticking.advance(KEPT_SECONDS)
    assert provider.offer()["token_endpoint"] == f"{ISSUER}/v2/token"


def test_while_it_is_away_its_last_answer_counts_and_it_is_not_asked_by_everybody(
    answering: AnsweringProvider,
) -> None:
    ticking = Ticking()
    provider = answering.provider(monotonic=ticking)
    keys = provider.keys(max_age_seconds=KEPT_SECONDS)
    answering.is_away = True
    ticking.advance(KEPT_SECONDS)
    asked = len(answering.asked)
    for _ in range(10):
        assert provider.keys(max_age_seconds=KEPT_SECONDS) == keys
    assert len(answering.asked) == asked + 2, "once for the offer, once for the keys"
    answering.is_away = False
    ticking.advance(LOOK_AGAIN_SECONDS)
    provider.offer()
    assert len(answering.asked) == asked + 3


def test_where_it_never_answered_that_is_said(answering: AnsweringProvider) -> None:
    answering.is_away = True
    with pytest.raises(ProviderUnavailableError, match="does not answer"):
        answering.provider().offer()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"issuer": f"{ISSUER}/"}, "calls itself"),
        ({"issuer": "https://evil.example.com"}, "calls itself"),
        ({"token_endpoint": None}, "token_endpoint"),
        ({"token_endpoint": "http://id.example.com/token"}, "token_endpoint"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "authorization_endpoint"),
        ({"jwks_uri": "file:///etc/passwd"}, "jwks_uri"),
    ],
)
def test_an_offer_that_cannot_be_believed_is_refused(
    answering: AnsweringProvider, changes: dict[str, Any], words: str
) -> None:
    answering.offer |= changes
    with pytest.raises(ProviderUnavailableError, match=words):
        answering.provider().offer()


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(500),
        httpx.Response(404),
        httpx.Response(302, headers={"location": "https://evil.example.com"}),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json=[]),
        httpx.Response(200, content=b"\xff\xfe"),
    ],
)
def test_an_answer_that_is_none_is_no_crash(response: httpx.Response) -> None:
    provider = Provider(REGISTRATION, transport=httpx.MockTransport(lambda _: response))
    with pytest.raises(ProviderUnavailableError):
        provider.offer()


def test_we_show_who_we_are_by_basic_where_it_does_not_say_how(answering: AnsweringProvider) -> None:
    answering.tokens = {"id_token": "t"}
    provider = answering.provider()
    assert provider.tokens("code", verifier="v", redirect_url="https://here/back") == {"id_token": "t"}
    kind, _, shown = answering.asked[-1].headers["authorization"].partition(" ")
    client, _, secret = base64.b64decode(shown).decode().partition(":")
    assert (kind, unquote_plus(client), unquote_plus(secret)) == ("Basic", CLIENT, SECRET)
    assert answering.form() == {
        "grant_type": "authorization_code",
        "code": "code",
        "redirect_uri": "https://here/back",
        "code_verifier": "v",
    }


def test_we_show_who_we_are_in_the_form_where_it_takes_nothing_else(answering: AnsweringProvider) -> None:
    answering.offer["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    answering.provider().tokens("code", verifier="v", redirect_url="https://here/back")
    assert "authorization" not in answering.asked[-1].headers
    assert (answering.form()["client_id"], answering.form()["client_secret"]) == (CLIENT, SECRET)


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_code_that_is_refused_is_a_sign_in_that_failed(answering: AnsweringProvider, status: int) -> None:
    answering.token_status = status
    with pytest.raises(UnauthenticatedError, match="begin it anew"):
        answering.provider().tokens("code", verifier="v", redirect_url="https://here/back")


def test_a_provider_that_fails_is_no_sign_in_that_failed(answering: AnsweringProvider) -> None:
    answering.token_status = 500
    with pytest.raises(ProviderUnavailableError):
        answering.provider().tokens("code", verifier="v", redirect_url="https://here/back")


def test_after_it_is_closed_the_next_use_opens_it_anew(answering: AnsweringProvider) -> None:
    provider = answering.provider()
    provider.offer()
    provider.close()
    provider.close()
    provider.tokens("code", verifier="v", redirect_url="https://here/back")
    provider.close()


def test_the_clients_secret_is_not_shown() -> None:
    assert SECRET not in repr(REGISTRATION)
