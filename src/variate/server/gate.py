"""The gate: who asks, whether they may, and how often. Each refusal is logged, without what was shown as a key."""

from __future__ import annotations

from asyncio import get_running_loop
from concurrent.futures import ThreadPoolExecutor

from variate.access.keyring import Keyring
from variate.access.networks import counted_as
from variate.errors import (
    AccessError,
    LimitExceededError,
    StoreUnavailableError,
    UnauthenticatedError,
)
from variate.model.access import ApiKey, Principal, Scope
from variate.server.guesses import Guesses
from variate.server.rates import Rate
from variate.server.refusal import Refusal
from variate.server.refusals import Refusals
from variate.server.request import Request

# No colon after a header's name: the log would hide what follows, as if it were a key.
_NOBODY = (
    "say who asks, by `Bearer KEY` in the header Authorization, or KEY in X-API-Key; `variate keys create` makes one"
)
_TWICE = "say who asks once: the headers Authorization and X-API-Key are both there"
_PREFIX = "vk_"
_HINT_LENGTH = 9
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
        self._here: dict[str, tuple[ApiKey, Principal, frozenset[Scope]]] = {}
        # A pool of its own: while a store hangs, those who show unknown keys wait, and nobody else.
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="variate-gate")
        self._looked_up = 0

    def admitted(self, request: Request, scope: Scope) -> Principal | None:
        """Return who asks, if that is known at once and they may; None where ``admit`` is to look closer."""
        given = request.headers.get(b"authorization")
        if given is None or given[:7] != b"Bearer " or b"x-api-key" in request.headers:
            return None  # ``admit`` reads what else means the same
        key = self._keyring.find(given[7:].decode("latin-1"))
        if key is None:
            return None
        _, principal, scopes = self._known_here(key)
        if scope not in scopes or (self._key_rate is not None and not self._passes(self._key_rate, key.id, request)):
            return None
        request.actor = principal.actor
        return principal

    async def admit(self, request: Request, scope: Scope) -> Principal:
        """Return who asks, if they may what the scope says and not too often; raise ``AccessError`` or so else."""
        try:
            principal = await self.known(request)
            principal.need(scope)
            principal.need_environment(self._environment)
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
        principal = self._known_here(found)[1]
        request.actor = principal.actor
        return principal

    def log(self, request: Request, error: AccessError | LimitExceededError | Refusal) -> None:
        """Log that the request was refused."""
        self._refusals.log(request, error, hint=_hint(request))

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

    def _known_here(self, key: ApiKey) -> tuple[ApiKey, Principal, frozenset[Scope]]:
        """Return who asks with the key, and what they may in this environment: made once for each reading of it."""
        held = self._here.get(key.id)
        if held is None or held[0] is not key:
            principal = key.principal
            scopes = principal.scopes if principal.may_in(self._environment) else frozenset[Scope]()
            held = self._here[key.id] = (key, principal, scopes)
        return held

    def _passes(self, rate: Rate, who: str, request: Request) -> bool:
        """Whether this is not one too many; then it is counted."""
        taken = rate.take(who)
        if taken.wait_seconds:
            return False  # ``admit`` says so
        request.added += rate.headers(taken)
        return True

    def _take(self, rate: Rate, who: str, request: Request) -> None:
        taken = rate.take(who)
        request.added += rate.headers(taken)
        if taken.wait_seconds:
            raise LimitExceededError(f"too many requests of one {rate.name}: try again later", taken.wait_seconds)


def _secret(request: Request) -> str:
    """Return the secret that the request shows."""
    secret = _shown(request)
    if secret is None:
        twice = b"authorization" in request.headers and b"x-api-key" in request.headers
        raise UnauthenticatedError(_TWICE if twice else _NOBODY)
    return secret


def _shown(request: Request) -> str | None:
    """Return the secret in the one header that has one; None where there is none, or both headers are there."""
    given = request.headers.get(b"authorization")
    other = request.headers.get(b"x-api-key")
    if given is None:
        secret = other or b""
    elif other is None:
        kind, _, secret = given.partition(b" ")
        if kind.lower() != b"bearer":
            return None
    else:
        return None
    return secret.strip().decode("latin-1") or None


def _hint(request: Request) -> str | None:
    """Return the beginning of the key that was shown, by which `variate keys list` tells keys apart."""
    secret = _shown(request)
    return secret[:_HINT_LENGTH] if secret is not None and secret.startswith(_PREFIX) else None
