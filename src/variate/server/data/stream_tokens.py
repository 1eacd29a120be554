"""What lets a browser listen: an ``EventSource`` cannot send a header, so its URL says on whose behalf it listens."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime

from variate.access.keyring import Keyring
from variate.errors import UnauthenticatedError
from variate.model.access import ApiKey, Principal, Scope

_WINDOW_SECONDS = 6 * 3_600
"""A token is the same for so long, so that a client which asks again goes on listening as it does, and counts for as
long again. It is no secret worth having: whoever listens learns that something changed, and when."""

REFUSED = "the stream's token is not one, or counts no longer: ask for all flags again, which gives another"


class StreamTokens:
    """Tokens of API keys for one environment. All processes make and know the same: what signs is the key's own hash.

    So a token counts no longer than its key does, and there is no further secret to share and to change.
    """

    def __init__(self, *, keyring: Keyring, environment: str, clock: Callable[[], datetime]) -> None:
        self._keyring = keyring
        self._environment = environment
        self._clock = clock
        self._held: dict[str, tuple[ApiKey, int, str]] = {}

    def token(self, principal: Principal) -> str | None:
        """Return a token for whoever asks with a key; None for all others."""
        key = self._keyring.of_id(principal.id) if principal.kind == "key" else None
        if key is None:
            return None
        window = int(self._clock().timestamp()) // _WINDOW_SECONDS
        expires = (window + 2) * _WINDOW_SECONDS
        held = self._held.get(key.id)
        if held is None or held[0] is not key or held[1] != expires:  # the keys were read anew, or it is time
            held = self._held[key.id] = (key, expires, self._made(key, expires))
        return held[2]

    def _made(self, key: ApiKey, expires: int) -> str:
        name = base64.urlsafe_b64encode(key.id.encode()).decode().rstrip("=")
        return f"{expires}.{name}.{self._signature(key, expires)}"

    def holder(self, token: str) -> ApiKey:
        """Return the key that the token stands for; raise ``UnauthenticatedError`` where it stands for none."""
        expiry, _, rest = token.partition(".")
        name, _, signature = rest.partition(".")
        if not (expiry.isascii() and expiry.isdigit() and len(expiry) < 16):
            raise UnauthenticatedError(REFUSED)
        try:
            key_id = base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)).decode()
        except (binascii.Error, ValueError) as error:
            raise UnauthenticatedError(REFUSED) from error
        key = self._keyring.of_id(key_id)
        if key is None or int(expiry) <= self._clock().timestamp():
            raise UnauthenticatedError(REFUSED)
        if not hmac.compare_digest(signature.encode(), self._signature(key, int(expiry)).encode()):
            raise UnauthenticatedError(REFUSED)
        if not self.may_listen(key.id):
            raise UnauthenticatedError(REFUSED)
        return key

    def may_listen(self, key_id: str) -> bool:
        """Whether the key counts and may evaluate here."""
        key = self._keyring.of_id(key_id)
        if key is None:
            return False
        principal = key.principal
        return principal.may(Scope.EVALUATE) and principal.may_in(self._environment)

    def _signature(self, key: ApiKey, expires: int) -> str:
        said = f"variate stream\n{self._environment}\n{key.id}\n{expires}"
        made = hmac.digest(bytes.fromhex(key.secret_hash), said.encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(made[:18]).decode()
