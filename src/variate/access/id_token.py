"""An ID token, believed only once its signature, its issuer, whom it is for, its time and its nonce are right."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from variate.access.provider import KEPT_SECONDS, LOOK_AGAIN_SECONDS, REFUSED, Provider
from variate.errors import MissingExtraError, UnauthenticatedError

if TYPE_CHECKING:
    from joserfc.jwk import Key

logger = logging.getLogger("variate.access")

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519")
"""How an ID token may be signed: by the provider's private key only, so neither ``none`` nor by a shared secret."""
LEEWAY_SECONDS = 60
"""How far the provider's clock may be from ours."""

_MAX_SUBJECT = 255
"""OpenID Connect Core 1.0, section 2."""

Claims = Mapping[str, Any]


def verified_claims(token: object, *, provider: Provider, nonce: str, clock: Callable[[], datetime]) -> Claims:
    """Return what the token claims; raise ``UnauthenticatedError`` unless all of it is right. The log says what is not.

    A token that none of the known keys signed has the provider's keys read anew: it may change them at any time.
    """
    joserfc_errors = _needed()
    try:
        claims = _signed(token, provider)
        _check(claims, provider=provider, nonce=nonce, clock=clock)
    except (joserfc_errors.JoseError, ValueError, TypeError) as error:
        logger.warning("an ID token was refused: %s: %s", type(error).__name__, error)
        raise UnauthenticatedError(REFUSED) from error
    return claims


def _needed() -> Any:
    try:
        from joserfc import errors
    except ImportError as error:
        raise MissingExtraError("joserfc", "server") from error
    return errors


def _signed(token: object, provider: Provider) -> Claims:
    """Return the claims of the token if one of the provider's keys signed it, whichever the token says."""
    from joserfc import jwt
    from joserfc.errors import JoseError

    if not isinstance(token, str):
        raise TypeError("there is none")
    reasons: dict[str, None] = {}
    for max_age in (KEPT_SECONDS, LOOK_AGAIN_SECONDS):
        for key in _usable(provider.keys(max_age_seconds=max_age)):
            try:
                return jwt.decode(token, key, algorithms=ALGORITHMS).claims
            except JoseError as error:  # as a key of another kind raises, too
                reasons[str(error)] = None
    raise ValueError(f"none of the provider's keys signed it: {'; '.join(reasons)}")


def _usable(documents: Sequence[Mapping[str, Any]]) -> list[Key]:
    """Return the keys of a kind that is known here."""
    from joserfc.errors import JoseError
    from joserfc.jwk import import_key

    found = []
    for document in documents:
        try:
            found.append(import_key(dict(document)))
        except (JoseError, ValueError, KeyError, TypeError) as error:
            logger.warning("a key of the OpenID provider cannot be used: %s", error)
    return found


def _check(claims: Claims, *, provider: Provider, nonce: str, clock: Callable[[], datetime]) -> None:
    """Raise unless the claims are as OpenID Connect Core 1.0, section 3.1.3.7, has them."""
    from joserfc.jwt import JWTClaimsRegistry

    client_id = provider.registration.client_id
    JWTClaimsRegistry(
        now=int(clock().timestamp()),
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": provider.registration.issuer},
        aud={"essential": True, "value": client_id},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
    ).validate(dict(claims))
    audience = claims["aud"]
    if isinstance(audience, list) and len(audience) > 1 and "azp" not in claims:
        raise ValueError("it is for several and does not say who asked for it")
    if claims.get("azp", client_id) != client_id:
        raise ValueError("somebody else asked for it")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= _MAX_SUBJECT:
        raise ValueError("it says of nobody")
