"""The gate: who asks, whether they may, and how often. Each refusal is logged, without what was shown as a key."""

from __future__ import annotations

from asyncio import get_running_loop
from concurrent.futures import ThreadPoolExecutor

from variate.access.keyring import Keyring, secret_hash
from variate.errors import (
    AccessError,
    ForbiddenError,
    LimitExceededError,
    StoreUnavailableError,
    UnauthenticatedError,
)
from variate.model.access import ApiKey, Principal, Scope
from variate.server.addresses import counted_as
from variate.server.guesses import Guesses
from variate.server.rates import Rate
from variate.server.refusal import Refusal
from variate.server.refusals import Refusals
from variate.server.request import Request

_NOBODY = (
    "say who asks, in the header `Authorization: Bearer KEY` or `X-API-Key: KEY`; `variate keys create` makes a key"
)
_TWICE = "say who asks once: the headers Authorization and X-API-Key are both there"
_MOST_LOOKED_UP = 64


class Gate:
    """Lets requests through to an environment's service by what ``keyring`` knows of their keys.

    ``key_rate`` and ``address_rate`` are counted here; ``guesses`` counts unknown keys over all processes. A key that
    is known asks no store.
    """

    def __init__(
        self,
        *,
        keyring: Keyring,
        environment: str,
        key_rate: Rate | None = None,
        address_rate: Rate | None = None,
        guesses: Guesses | None = None,
    ) -> None:
        self._keyring = keyring
        self._environment = environment
        self._key_rate = key_rate
        self._address_rate = address_rate
        self._guesses = guesses
        self._refusals = Refusals()
        # A pool of its own: while a store hangs, those who show unknown keys wait, and nobody else.
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="variate-gate")
        self._looked_up = 0

    async def admit(self, request: Request, scope: Scope) -> Principal:
        """Return who asks, if they may what the scope says and not too often; raise ``AccessError`` or so else."""
        try:
            principal = await self.known(request)
            if not principal.may(scope):
                held = ", ".join(sorted(principal.scopes))
                raise ForbiddenError(f"this needs the scope {scope.value!r}; the key has {held}")
            if not principal.may_in(self._environment):
                held = ", ".join(sorted(principal.environments))
                raise ForbiddenError(f"this is the environment {self._environment!r}; the key is for {held}")
            if self._key_rate is not None:
                self._take(self._key_rate, principal.id, request)
        except (AccessError, LimitExceededError) as error:
            self.log(request, error)
            raise
        return principal

    def pace(self, request: Request) -> None:
        """Count the request for its address; raise ``LimitExceededError`` where there were too many."""
        if self._address_rate is None:
            return
        try:
            self._take(self._address_rate, counted_as(request.address), request)
        except LimitExceededError as error:
            self.log(request, error)
            raise

    async def known(self, request: Request) -> Principal:
        """Return who asks; raise ``UnauthenticatedError`` where nobody known does."""
        secret = _secret(request)
        found = self._keyring.find(secret)
        if found is None:
            found = await self._look_up(secret, request)
        principal = found.principal
        request.actor = principal.actor
        return principal

    def log(self, request: Request, error: AccessError | LimitExceededError | Refusal) -> None:
        """Log that the request was refused."""
        self._refusals.log(request, error, fingerprint=_fingerprint(request))

    def close(self) -> None:
        """Look nothing up any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _look_up(self, secret: str, request: Request) -> ApiKey:
        if self._guesses is not None and (wait := self._guesses.held_seconds(request.address)):
            raise LimitExceededError("too many unknown keys came from this address: try again later", wait)
        if self._looked_up >= _MOST_LOOKED_UP:
            raise StoreUnavailableError("too many keys are being looked up: try again later")
        loop = get_running_loop()
        self._looked_up += 1
        try:
            return await loop.run_in_executor(self._threads, self._keyring.need, secret)
        except UnauthenticatedError:
            if self._guesses is not None:
                await loop.run_in_executor(self._threads, self._guesses.note, request.address)
            raise
        finally:
            self._looked_up -= 1

    def _take(self, rate: Rate, who: str, request: Request) -> None:
        taken = rate.take(who)
        request.added += rate.headers(taken)
        if taken.wait_seconds:
            raise LimitExceededError(f"too many requests of one {rate.name}: try again later", taken.wait_seconds)


def _secret(request: Request) -> str:
    """Return the secret that the request shows."""
    given = request.headers.get(b"authorization")
    if given is not None:
        if b"x-api-key" in request.headers:
            raise UnauthenticatedError(_TWICE)
        kind, _, secret = given.partition(b" ")
        if kind.lower() != b"bearer":
            raise UnauthenticatedError(_NOBODY)
    else:
        secret = request.headers.get(b"x-api-key", b"")
    secret = secret.strip()
    if not secret:
        raise UnauthenticatedError(_NOBODY)
    return secret.decode("latin-1")


def _fingerprint(request: Request) -> str | None:
    """Return what tells the key shown from others and gives nobody the key: the beginning of its hash."""
    try:
        return secret_hash(_secret(request))[:12]
    except UnauthenticatedError:
        return None
