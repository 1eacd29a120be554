"""How old the snapshot is that answers come from: said when it is older than it should be."""

from __future__ import annotations

import time
from collections.abc import Callable

from variate.platform import Platform
from variate.server.answer import Headers

AGE = b"x-variate-snapshot-age"
"""Whole seconds since the snapshot was last seen to be the one in force."""

_LOOK_EVERY_SECONDS = 1.0
_POLLS = 5


class Freshness:
    """Says nothing while the snapshot is confirmed as often as it is looked for: nearly always."""

    def __init__(self, platform: Platform, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._platform = platform
        self._clock = clock
        self._expected_seconds = max(10.0, platform.settings.snapshot_poll_seconds * _POLLS)
        self._headers: Headers = ()
        self._until = 0.0

    def headers(self) -> Headers:
        """Return the headers that say so; none where there is nothing to say."""
        now = self._clock()
        if now >= self._until:
            self._until = now + _LOOK_EVERY_SECONDS
            served = self._platform.snapshot_in_force()
            late = served is not None and served.age_seconds > self._expected_seconds
            self._headers = ((AGE, b"%d" % served.age_seconds),) if served is not None and late else ()
        return self._headers
