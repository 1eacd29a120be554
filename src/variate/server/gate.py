"""The gate: who asks, and whether they may. Each refusal is logged, without what was shown as a key."""

from __future__ import annotations

import asyncio
import logging

from variate.access.keyring import Keyring
from variate.errors import AccessError, ForbiddenError, UnauthenticatedError
from variate.model.access import ApiKey, Principal, Scope
from variate.server.request import Request

logger = logging.getLogger("variate.access")

_NOBODY = (
    "say who asks, in the header `Authorization: Bearer KEY` or `X-API-Key: KEY`; `variate keys create` makes a key"
)


class Gate:
    """Lets requests through to an environment's service by what ``keyring`` knows of their keys."""

    def __init__(self, *, keyring: Keyring, environment: str) -> None:
        self._keyring = keyring
        self._environment = environment
        self._here: dict[str, tuple[ApiKey, Principal, frozenset[Scope]]] = {}

    def admitted(self, request: Request, scope: Scope) -> Principal | None:
        """Return who asks, if that is known at once and they may; None where ``admit`` is to look closer."""
        given = request.header(b"authorization")
        if given is None or given[:7] != b"Bearer ":  # as most say it; ``admit`` reads what else means the same
            return None
        key = self._keyring.find(given[7:].decode("latin-1"))
        if key is None:
            return None
        _, principal, scopes = self._known_here(key)
        return principal if scope in scopes else None

    async def admit(self, request: Request, scope: Scope) -> Principal:
        """Return who asks, if they may what the scope says; raise ``AccessError`` else."""
        try:
            principal = await self.known(request)
            if not principal.may(scope):
                held = ", ".join(sorted(principal.scopes))
                raise ForbiddenError(f"this needs the scope {scope.value!r}; the key has {held}")
            if not principal.may_in(self._environment):
                held = ", ".join(sorted(principal.environments))
                raise ForbiddenError(f"this is the environment {self._environment!r}; the key is for {held}")
        except AccessError as error:
            logger.warning(
                "refused: %s",
                error,
                extra={"path": request.path, "address": request.address, "code": error.code, "request_id": request.id},
            )
            raise
        return principal

    async def known(self, request: Request) -> Principal:
        """Return who asks; raise ``UnauthenticatedError`` where nobody known does."""
        secret = _secret(request)
        found = self._keyring.find(secret)
        if found is None:
            found = await asyncio.to_thread(self._keyring.need, secret)
        return self._known_here(found)[1]

    def _known_here(self, key: ApiKey) -> tuple[ApiKey, Principal, frozenset[Scope]]:
        """Return who asks with the key, and what they may here; made once for each reading of the keys."""
        held = self._here.get(key.id)
        if held is None or held[0] is not key:
            principal = key.principal
            scopes = principal.scopes if principal.may_in(self._environment) else frozenset[Scope]()
            held = self._here[key.id] = (key, principal, scopes)
        return held


def _secret(request: Request) -> str:
    """Return the secret that the request shows."""
    given = request.header(b"authorization")
    if given is not None:
        kind, _, secret = given.partition(b" ")
        if kind.lower() == b"bearer" and secret:
            return secret.decode("latin-1").strip()
    else:
        secret = request.header(b"x-api-key") or b""
        if secret:
            return secret.decode("latin-1").strip()
    raise UnauthenticatedError(_NOBODY)
