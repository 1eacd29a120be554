"""Signing in through an OpenID provider: the code flow with PKCE, state and nonce, from our side."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from variate.access.id_token import verified_claims
from variate.access.people import People
from variate.access.provider import REFUSED, Provider
from variate.access.sessions import Sessions, Started
from variate.access.signing_in import Attempts
from variate.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    ProviderUnavailableError,
    StoreUnavailableError,
    UnauthenticatedError,
)
from variate.model.access import Person, Role, check_email
from variate.model.rules import check_name
from variate.stores.ports import Cache

logger = logging.getLogger("variate.access")

BEGUN_SECONDS = 600
"""How long somebody may take at the provider."""

_SCOPE = "openid email profile"
_RANDOM_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """Where to send the browser, and the value for a cookie of it, by which we know it when it comes back."""

    url: str
    binding: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIdConnect:
    """Sign-in through ``provider``. What was begun is kept in ``cache`` for ten minutes, and ends once.

    Somebody is known by the provider's name for them (``subject``). Who is not yet, is linked to the person of their
    e-mail address, if the provider has verified that; and where there is none, added as ``default_role``, or refused.
    """

    provider: Provider
    cache: Cache
    people: People
    sessions: Sessions
    attempts: Attempts
    clock: Callable[[], datetime]
    default_role: Role | None

    def begin(self, *, redirect_url: str, address: str) -> Begun:
        """Return where to send the browser; the provider sends it back to ``redirect_url``.

        ``address`` is the network address it is asked from. Raise ``LimitExceededError`` for too many attempts,
        ``ProviderUnavailableError`` where the provider is away.
        """
        self.attempts.count(address=address)
        place = self.provider.offer()["authorization_endpoint"]
        state, nonce, verifier, binding = (secrets.token_urlsafe(_RANDOM_BYTES) for _ in range(4))
        begun = {
            "nonce": nonce,
            "verifier": verifier,
            "binding": _digest(binding),
            "redirect_url": redirect_url,
        }
        if not self.cache.set(_key(state), json.dumps(begun), ttl_seconds=BEGUN_SECONDS):
            raise StoreUnavailableError("the sign-in cannot be kept: try again later")
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code",
            "client_id": self.provider.registration.client_id,
            "redirect_uri": redirect_url,
            "scope": _SCOPE,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        joint = "&" if urlsplit(place).query else "?"
        return Begun(url=f"{place}{joint}{urlencode(query)}", binding=binding)

    def finish(self, answer: Mapping[str, str], *, binding: str | None) -> Started:
        """Begin the session of whom the provider sent back with ``answer``, the query it put to ``redirect_url``.

        ``binding`` is what the browser's cookie holds. Raise ``UnauthenticatedError`` for an answer that is not to be
        believed, was used before or is another browser's; ``ForbiddenError`` for somebody who may not sign in;
        ``ProviderUnavailableError`` where the provider cannot be asked.
        """
        begun = self._take(answer.get("state", ""), binding)
        self._check_answer(answer)
        tokens = self.provider.tokens(answer["code"], verifier=begun["verifier"], redirect_url=begun["redirect_url"])
        claims = verified_claims(tokens.get("id_token"), provider=self.provider, nonce=begun["nonce"], clock=self.clock)
        person = self._known(self._with_email(claims, tokens))
        if person.disabled:
            raise ForbiddenError(f"{person.email} may not sign in any more: ask an administrator")
        logger.info("signed in through the OpenID provider", extra={"person": person.id})
        return self.sessions.start(person)

    def _take(self, state: str, binding: str | None) -> dict[str, str]:
        """Return what was begun under this state, for the only time."""
        key = _key(state)
        text = self.cache.get(key)
        begun: dict[str, str] = {} if text is None else json.loads(text)
        if binding is None or not hmac.compare_digest(_digest(binding), begun.get("binding", "")):
            raise _refusal("the state is not known, or of another browser")
        # The lease is under a key of its own, and never given back: of two who come at once, one takes it.
        if not self.cache.lease(f"{key}:taken", secrets.token_hex(8), ttl_seconds=BEGUN_SECONDS):
            raise _refusal("the state was used before")
        self.cache.delete(key)
        return begun

    def _check_answer(self, answer: Mapping[str, str]) -> None:
        issuer = self.provider.registration.issuer
        says_issuer = self.provider.offer().get("authorization_response_iss_parameter_supported") is True
        if ("iss" in answer or says_issuer) and answer.get("iss") != issuer:  # RFC 9207
            raise _refusal("the answer is another provider's")
        if "error" in answer:
            raise _refusal(f"the provider says {answer['error'][:100]!r}")
        if not answer.get("code"):
            raise _refusal("there is no code")

    def _with_email(self, claims: Mapping[str, Any], tokens: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the claims, with what the provider tells only when asked where the token does not have an address."""
        access_token = tokens.get("access_token")
        if "email" in claims or not isinstance(access_token, str):
            return claims
        told = self.provider.user_info(access_token)
        # OpenID Connect Core 1.0, section 5.3.2: else it may be about somebody else.
        return {**told, **claims} if told.get("sub") == claims["sub"] else claims

    def _known(self, claims: Mapping[str, Any]) -> Person:
        """Return the person whom the claims are about, linked or added where that may be."""
        # With the issuer: another provider's names mean other people.
        subject = f"{self.provider.registration.issuer} {claims['sub']}"
        found = self.people.store.by_subject(subject)
        if found is not None:
            return found
        email = _verified_email(claims)
        try:
            return self._linked(email, subject) or self._added(email, subject, claims)
        except ConflictError:  # the same person signs in twice at once, or is just being added
            found = self.people.store.by_subject(subject)
            if found is None:
                raise
            return found

    def _linked(self, email: str, subject: str) -> Person | None:
        person = self.people.store.by_email(email)
        if person is None or person.disabled:
            return person

        def change(before: Person) -> Person:
            if before.subject not in (None, subject):
                raise ForbiddenError(f"{email} signs in as somebody else at the OpenID provider: ask an administrator")
            return replace(before, subject=subject)

        return self.people.change(person.id, change, action="linked", actor=f"person:{email}")

    def _added(self, email: str, subject: str, claims: Mapping[str, Any]) -> Person:
        if self.default_role is None:
            raise ForbiddenError(f"{email} is not known here: ask an administrator to add you")
        return self.people.add_person(
            email, role=self.default_role, name=_name(claims), subject=subject, actor=f"person:{email}"
        )


def _verified_email(claims: Mapping[str, Any]) -> str:
    verified = claims.get("email_verified")
    if verified is not True and verified != "true":  # some providers write the truth as text
        raise ForbiddenError("the OpenID provider has not verified the e-mail address: verify it there first")
    try:
        return check_email("email", claims.get("email"))
    except InvalidInputError as error:
        raise ProviderUnavailableError("the OpenID provider tells no e-mail address") from error


def _name(claims: Mapping[str, Any]) -> str | None:
    try:
        return check_name("name", claims.get("name"))
    except InvalidInputError:
        return None


def _refusal(reason: str) -> UnauthenticatedError:
    logger.warning("a sign-in through the OpenID provider was refused: %s", reason)
    return UnauthenticatedError(REFUSED)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def _key(state: str) -> str:
    return f"oidc:{_digest(state)}"
