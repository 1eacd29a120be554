"""An ID token is believed only where all of it is right; each forgery is refused."""

from __future__ import annotations

import base64
import hmac
import json
from typing import Any

import pytest

from tests.unit.access.answering import CLIENT, ISSUER, NOW, SECRET, AnsweringProvider, claims, ec, okp, rsa, signed
from tests.unit.stores.ticking import Ticking
from variate.access.id_token import verified_claims
from variate.access.provider import LOOK_AGAIN_SECONDS, REFUSED, Provider
from variate.errors import UnauthenticatedError
from variate.testing.clocks import SettableClock


@pytest.fixture
def answering() -> AnsweringProvider:
    return AnsweringProvider()


def verified(token: object, provider: Provider) -> Any:
    return verified_claims(token, provider=provider, nonce="nonce", clock=SettableClock())


def refused(token: object, provider: Provider) -> bool:
    """Whether the token is refused in words that do not say what is wrong with it: that is for the log."""
    try:
        verified(token, provider)
    except UnauthenticatedError as error:
        return str(error) == REFUSED
    return False


def bare(header: object, payload: object, signature: bytes = b"") -> str:
    return ".".join(map(encoded, [json.dumps(header).encode(), json.dumps(payload).encode(), signature]))


def encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def test_a_good_token_is_believed(answering: AnsweringProvider) -> None:
    assert verified(signed(claims()), answering.provider()) == claims()


@pytest.mark.parametrize(("alg", "make"), [("PS256", rsa), ("ES256", ec), ("Ed25519", okp)])
def test_every_signature_by_a_private_key_is_known(answering: AnsweringProvider, alg: str, make: Any) -> None:
    key = make("one")
    answering.keys = [key]
    assert verified(signed(claims(), key=key, alg=alg), answering.provider()) == claims()


FORGED: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://evil.example.com"},
    "an issuer that begins alike": {"iss": f"{ISSUER}/"},
    "no issuer": {"iss": None},
    "for somebody else": {"aud": "other"},
    "for several others": {"aud": ["other", "another"]},
    "for nobody": {"aud": None},
    "for us and others, and who asked is not said": {"aud": [CLIENT, "other"]},
    "for us, asked for by another": {"aud": [CLIENT, "other"], "azp": "other"},
    "for us alone, asked for by another": {"azp": "other"},
    "expired": {"exp": NOW - 61},
    "without end": {"exp": None},
    "with an end that is no number": {"exp": "never"},
    "of the future": {"iat": NOW + 62},
    "of no time": {"iat": None},
    "not yet valid": {"nbf": NOW + 62},
    "an old nonce": {"nonce": "another"},
    "an empty nonce": {"nonce": ""},
    "no nonce": {"nonce": None},
    "of nobody": {"sub": None},
    "of an empty name": {"sub": ""},
    "of a number": {"sub": 7},
    "of too long a name": {"sub": "s" * 256},
}


@pytest.mark.parametrize("forgery", list(FORGED))
def test_a_claim_that_is_wrong_is_refused(answering: AnsweringProvider, forgery: str) -> None:
    assert refused(signed(claims(**FORGED[forgery])), answering.provider())


@pytest.mark.parametrize(
    "right",
    [{"aud": [CLIENT]}, {"aud": [CLIENT, "other"], "azp": CLIENT}, {"exp": NOW - 59}, {"iat": NOW + 59}],
)
def test_what_only_looks_unusual_is_believed(answering: AnsweringProvider, right: dict[str, Any]) -> None:
    assert verified(signed(claims(**right)), answering.provider()) == claims(**right)


def test_a_token_of_another_key_is_refused(answering: AnsweringProvider) -> None:
    assert refused(signed(claims(), key=rsa("two")), answering.provider())
    assert refused(signed(claims(), key=rsa("two"), kid="one"), answering.provider())


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "", "HS256", "RS1", None, 7])
def test_a_token_that_nobody_signed_is_refused(answering: AnsweringProvider, alg: object) -> None:
    header = {"alg": alg, "kid": "one"}
    assert refused(bare(header, claims()), answering.provider())
    assert refused(bare(header, claims(), b"signature"), answering.provider())


def test_a_token_signed_by_what_everybody_knows_is_refused(answering: AnsweringProvider) -> None:
    # The old confusion: the public key, or the client's secret, taken as the key of an HMAC.
    public = rsa("one").as_pem(private=False)
    for secret in (public, public.strip(), SECRET.encode(), json.dumps(rsa("one").as_dict(private=False)).encode()):
        text = bare({"alg": "HS256", "kid": "one"}, claims()).rpartition(".")[0]
        forged = f"{text}.{encoded(hmac.digest(secret, text.encode(), 'sha256'))}"
        assert refused(forged, answering.provider())
        answering.keys.append({"kty": "oct", "kid": "one", "k": encoded(secret)})
        assert refused(forged, answering.provider()), "not even where it is published"
        answering.keys.pop()


def test_a_key_within_the_token_is_not_taken(answering: AnsweringProvider) -> None:
    key = rsa("two")
    token = signed(claims(), key=key, jwk=key.as_dict(private=False))
    assert refused(token, answering.provider())
    assert refused(signed(claims(), key=key, kid="one", jwk=key.as_dict(private=False)), answering.provider())


def test_a_key_for_encryption_signs_nothing(answering: AnsweringProvider) -> None:
    document = {**rsa("one").as_dict(private=True), "use": "enc"}
    answering.keys = [type(rsa("one")).import_key(document)]
    assert refused(signed(claims()), answering.provider())


@pytest.mark.parametrize(
    "token",
    [
        None,
        7,
        "",
        ".",
        "..",
        "a.b.c",
        "é.é.é",
        "\ud800",
        "x" * 100_000,
        bare([], claims(), b"s"),
        bare({"alg": "RS256"}, [], b"s"),
        bare({"alg": "RS256", "kid": ["one"]}, claims(), b"s"),
        bare({"alg": "RS256", "kid": "one", "crit": ["b64"], "b64": False}, claims(), b"s"),
    ],
)
def test_what_is_no_token_is_refused(answering: AnsweringProvider, token: object) -> None:
    assert refused(token, answering.provider())


def test_an_altered_token_is_refused(answering: AnsweringProvider) -> None:
    provider = answering.provider()
    header, payload, signature = signed(claims()).split(".")
    _, other, _ = signed(claims(sub="sub-2")).split(".")
    assert refused(f"{header}.{other}.{signature}", provider)
    assert refused(f"{header}.{payload}.{signature[:-4]}AAAA", provider)
    assert refused(f"{header}.{payload}.", provider)


def test_a_provider_may_change_its_keys_at_any_time(answering: AnsweringProvider) -> None:
    ticking = Ticking()
    provider = answering.provider(monotonic=ticking)
    verified(signed(claims()), provider)
    answering.keys = [rsa("two")]
    new = signed(claims(), key=rsa("two"))
    assert refused(new, provider), "the keys were read a moment ago"
    ticking.advance(LOOK_AGAIN_SECONDS)
    assert verified(new, provider) == claims()
    assert refused(signed(claims()), provider), "the old key counts no longer"


def test_a_provider_may_give_a_new_key_the_old_name(answering: AnsweringProvider) -> None:
    ticking = Ticking()
    provider = answering.provider(monotonic=ticking)
    verified(signed(claims()), provider)
    new = type(rsa("two")).import_key({**rsa("two").as_dict(private=True), "kid": "one"})
    answering.keys = [new]
    ticking.advance(LOOK_AGAIN_SECONDS)
    assert verified(signed(claims(), key=new), provider) == claims()


def test_forged_tokens_do_not_have_the_provider_asked_each_time(answering: AnsweringProvider) -> None:
    provider = answering.provider(monotonic=Ticking())
    for number in range(20):
        assert refused(signed(claims(), key=rsa("two"), kid=f"unknown-{number}"), provider)
    assert answering.paths().count("/keys") == 1


def test_keys_without_names_are_all_tried_whatever_their_kind(answering: AnsweringProvider) -> None:
    keys = (ec("three"), okp("four"), rsa("two"), rsa("one"))
    documents = [key.as_dict(private=False) for key in keys]
    answering.keys = [{name: value for name, value in each.items() if name != "kid"} for each in documents]
    assert verified(signed(claims(), kid=None), answering.provider()) == claims()


def test_a_key_of_a_kind_not_known_holds_up_no_other(answering: AnsweringProvider) -> None:
    unknown = [
        {"kty": "EC", "crv": "P-unknown", "kid": "one", "x": "AA", "y": "AA"},
        {"kty": "RSA", "kid": "one"},
        {"kty": "RSA", "kid": "one", "n": 7, "e": []},
        {"kty": "lattice", "kid": "one"},
        {"kid": "one"},
    ]
    answering.keys = [*unknown, rsa("one")]
    assert verified(signed(claims()), answering.provider()) == claims()
