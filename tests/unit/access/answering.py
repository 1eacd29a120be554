"""An OpenID provider in memory that answers as it is told to: it can forge, forget and fail, which a real one cannot.

``tests/integration/access`` has one that is spoken to over HTTP.
"""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from variate.access.provider import Provider, Registration
from variate.testing.clocks import START

ISSUER = "https://id.example.com"
CLIENT = "variate"
SECRET = "client secret: +é"
NOW = int(START.timestamp())

REGISTRATION = Registration(issuer=ISSUER, client_id=CLIENT, client_secret=SECRET)


@cache
def rsa(kid: str) -> RSAKey:
    """Return an RSA key of this id; making one takes a while, so each is made once."""
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


def ec(kid: str) -> ECKey:
    """Return a new elliptic-curve key of this id."""
    return ECKey.generate_key("P-256", {"kid": kid, "use": "sig"})


def okp(kid: str) -> OKPKey:
    """Return a new Ed25519 key of this id."""
    return OKPKey.generate_key("Ed25519", {"kid": kid, "use": "sig"})


class AnsweringProvider:
    """Answers discovery, keys, tokens and user information; ``asked`` has what it was asked for, in order.

    ``keys`` are keys, or documents of keys.
    """

    def __init__(self) -> None:
        self.keys: list[Any] = [rsa("one")]
        self.offer: dict[str, Any] = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys",
            "userinfo_endpoint": f"{ISSUER}/userinfo",
        }
        self.tokens: dict[str, Any] = {}
        self.user_info: dict[str, Any] = {}
        self.token_status = 200
        self.is_away = False
        self.asked: list[httpx.Request] = []

    def provider(self, **named: Any) -> Provider:
        """Return our side of it."""
        return Provider(REGISTRATION, transport=httpx.MockTransport(self._answer), **named)

    def paths(self) -> list[str]:
        """Return what it was asked for."""
        return [request.url.path for request in self.asked]

    def form(self) -> dict[str, str]:
        """Return what the last request sent."""
        return dict(parse_qsl(self.asked[-1].content.decode()))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        if self.is_away:
            raise httpx.ConnectError("away", request=request)
        match request.url.path:
            case "/.well-known/openid-configuration":
                return httpx.Response(200, json=self.offer)
            case "/keys":
                return httpx.Response(200, json={"keys": [_document(key) for key in self.keys]})
            case "/token":
                return httpx.Response(self.token_status, json=self.tokens)
            case "/userinfo":
                return httpx.Response(200, json=self.user_info)
        return httpx.Response(404)


def claims(**others: Any) -> dict[str, Any]:
    """Return the claims of a good ID token, with these instead; None leaves one out."""
    good = {
        "iss": ISSUER,
        "aud": CLIENT,
        "sub": "sub-1",
        "exp": NOW + 300,
        "iat": NOW,
        "nonce": "nonce",
        "email": "ada@example.com",
        "email_verified": True,
        "name": "Ada Lovelace",
    }
    return {name: value for name, value in {**good, **others}.items() if value is not None}


def signed(given: dict[str, Any], *, key: Any = None, alg: str = "RS256", **header: Any) -> str:
    """Return the claims as a token signed by this key, the provider's first one where none is given."""
    chosen = rsa("one") if key is None else key
    fields = {"alg": alg, "kid": chosen.kid, **header}
    named = {name: value for name, value in fields.items() if value is not None}
    return jwt.encode(named, given, chosen, algorithms=[alg])


def query(url: str) -> dict[str, str]:
    """Return the query of a URL, each name once."""
    found = parse_qs(urlsplit(url).query, strict_parsing=True)
    assert all(len(values) == 1 for values in found.values())
    return {name: values[0] for name, values in found.items()}


def _document(key: Any) -> dict[str, Any]:
    document: dict[str, Any] = key if isinstance(key, dict) else key.as_dict(private=False)
    return document
