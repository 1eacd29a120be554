"""The log of those who were refused, and why."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from variate.errors import AccessError, LimitExceededError
from variate.server.refusal import Refusal
from variate.server.request import Request

logger = logging.getLogger("variate.access")

_MOST_REMEMBERED = 1_000


class Refusals:
    """Logs refusals: each one of who may not, and of who asks too often one a second for each address.

    A line more for each request too many would be what the limit is to prevent.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._too_many: dict[str, tuple[float, int]] = {}

    def log(self, request: Request, error: AccessError | LimitExceededError | Refusal, *, hint: str | None) -> None:
        """Log the refusal. ``hint`` is the beginning of the key that was shown."""
        unsaid = 0
        if isinstance(error, LimitExceededError):
            at, unsaid = self._too_many.get(request.address, (-1.0, 0))
            now = self._clock()
            if at >= 0 and now - at < 1:
                self._too_many[request.address] = (at, unsaid + 1)
                return
            if len(self._too_many) >= _MOST_REMEMBERED:
                self._too_many.clear()
            self._too_many[request.address] = (now, 0)
        said: dict[str, object] = {
            "code": error.code,
            "method": request.method,
            "path": request.path,
            "address": request.address,
            "actor": request.actor,
            "key_hint": hint,
            "request_id": request.id,
        }
        if unsaid:
            said["refused_before"] = unsaid
        logger.warning("refused: %s", error, extra=said)
