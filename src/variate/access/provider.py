"""The OpenID provider, asked over HTTP: what it offers, its keys, and tokens for a code."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlsplit

from variate.errors import MissingExtraError, ProviderUnavailableError, UnauthenticatedError

if TYPE_CHECKING:
    import httpx

logger = logging.getLogger("variate.access")

KEPT_SECONDS = 3_600.0
"""How long what the provider offers, and its keys, are believed before it is asked again."""
LOOK_AGAIN_SECONDS = 10.0
"""How soon a token of an unknown key may have its keys asked for again: providers change keys without notice."""
TIMEOUT_SECONDS = 5.0

REFUSED = "the OpenID provider did not let this sign-in through: begin it anew"

_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """As what the provider knows us."""

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What the provider answered at a moment of a clock that only rises."""

    document: Mapping[str, Any]
    at: float


class Provider:
    """One OpenID provider. What it offers is asked for at the first use and every hour; while it is away the last
    answer goes on counting.

    Raises ``ProviderUnavailableError`` where it cannot be reached or answers what it should not, and
    ``MissingExtraError`` where httpx is not installed. ``transport`` takes the place of the network.
    """

    def __init__(
        self,
        registration: Registration,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.registration = registration
        self._transport = transport
        self._monotonic = monotonic
        self._lock = threading.RLock()
        self._client: httpx.Client | None = None
        self._offer: _Kept | None = None
        self._keys: _Kept | None = None

    def offer(self) -> Mapping[str, Any]:
        """Return what the provider says of itself (OpenID Connect Discovery 1.0)."""
        with self._lock:
            self._offer = self._fresh(self._offer, self._discover, KEPT_SECONDS)
            return self._offer.document

    def keys(self, *, max_age_seconds: float) -> Sequence[Mapping[str, Any]]:
        """Return the keys it signs with, as JSON Web Keys, as of at most so many seconds ago."""
        url = self.offer()["jwks_uri"]
        with self._lock:
            self._keys = self._fresh(self._keys, lambda: self._get(url), max_age_seconds)
            found = self._keys.document.get("keys")
        if not isinstance(found, list):
            raise ProviderUnavailableError("the OpenID provider shows no keys")
        return [key for key in found if isinstance(key, dict)]

    def tokens(self, code: str, *, verifier: str, redirect_url: str) -> Mapping[str, Any]:
        """Return the tokens for the code; raise ``UnauthenticatedError`` where the provider refuses it."""
        offer = self.offer()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_url,
            "code_verifier": verifier,
        }
        client_id, secret = self.registration.client_id, self.registration.client_secret
        # RFC 8414 has basic where the provider does not say; RFC 6749 has both parts form-encoded in it.
        basic: tuple[str, str] | None = (quote_plus(client_id), quote_plus(secret))
        if "client_secret_basic" not in offer.get("token_endpoint_auth_methods_supported", ["client_secret_basic"]):
            form |= {"client_id": client_id, "client_secret": secret}
            basic = None
        return self._ask("POST", offer["token_endpoint"], data=form, auth=basic)

    def user_info(self, access_token: str) -> Mapping[str, Any]:
        """Return what the provider tells of the person beside the ID token, nothing where it has no place for that."""
        url = self.offer().get("userinfo_endpoint")
        if not isinstance(url, str):
            return {}
        return self._ask("GET", url, headers={"Authorization": f"Bearer {access_token}"})

    def close(self) -> None:
        """Let go of every connection. The next use opens new ones."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _fresh(self, kept: _Kept | None, ask: Callable[[], Mapping[str, Any]], max_age_seconds: float) -> _Kept:
        now = self._monotonic()
        if kept is not None and now - kept.at < max_age_seconds:
            return kept
        try:
            return _Kept(ask(), now)
        except ProviderUnavailableError as error:
            if kept is None:
                raise
            logger.warning("the OpenID provider's last answer goes on counting: %s", error)
            # Not again for everybody who comes meanwhile.
            return _Kept(kept.document, now - max_age_seconds + LOOK_AGAIN_SECONDS)

    def _discover(self) -> Mapping[str, Any]:
        issuer = self.registration.issuer
        offer = self._get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if offer.get("issuer") != issuer:
            raise ProviderUnavailableError(
                f"the OpenID provider calls itself {offer.get('issuer')!r}, VARIATE_OIDC_ISSUER {issuer!r}"
            )
        for name in _ENDPOINTS:
            url = offer.get(name)
            # Plain HTTP only where the issuer itself is spoken to so, as on one's own machine.
            if not isinstance(url, str) or urlsplit(url).scheme not in ("https", urlsplit(issuer).scheme):
                raise ProviderUnavailableError(f"the OpenID provider names no {name} that can be used")
        return offer

    def _get(self, url: str) -> Mapping[str, Any]:
        return self._ask("GET", url)

    def _ask(self, method: str, url: str, **request: Any) -> Mapping[str, Any]:
        import httpx

        try:
            response = self._opened().request(method, url, **request)
            if method == "POST" and response.status_code in (400, 401, 403):
                logger.warning("the OpenID provider refused a code: %s %s", response.status_code, response.text[:500])
                raise UnauthenticatedError(REFUSED)
            response.raise_for_status()
            document = response.json()
        except httpx.HTTPError as error:
            raise ProviderUnavailableError(f"the OpenID provider does not answer: {error}") from error
        except ValueError as error:
            raise ProviderUnavailableError("the OpenID provider answered what is no JSON") from error
        if not isinstance(document, dict):
            raise ProviderUnavailableError("the OpenID provider answered what is no JSON object")
        return document

    def _opened(self) -> httpx.Client:
        with self._lock:
            if self._client is None:
                self._client = _http_client(self._transport)
            return self._client


def _http_client(transport: httpx.BaseTransport | None) -> httpx.Client:
    try:
        import httpx
    except ImportError as error:
        raise MissingExtraError("httpx", "server") from error
    return httpx.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False, transport=transport)
