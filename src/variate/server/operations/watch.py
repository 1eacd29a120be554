"""The state of the stores and of the snapshot, looked at in the background, so that telling it asks nobody."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from variate.errors import VariateError
from variate.platform.health import Check
from variate.publishing.serving import ServingStatus

logger = logging.getLogger("variate.server")

_SNAPSHOT_EVERY_SECONDS = 1.0
_STORE_EVERY_SECONDS = 5.0
_PATIENCE_SECONDS = 3.0
"""A store that has not answered a look for so long is away."""


@dataclass(frozen=True, slots=True)
class _Seen:
    began: float
    healthy: bool | None
    """None while the first look is under way."""
    ended: float | None


class Watch:
    """Looks at each store every 5 s and at the snapshot every second, each in a thread of its own.

    ``probes`` look at a store each; ``status`` says what is served, or raises where nothing can be yet. Reading what
    was seen never waits.
    """

    def __init__(
        self,
        *,
        probes: Mapping[str, Callable[[], Check]],
        status: Callable[[], ServingStatus],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._probes = probes
        self._status = status
        self._clock = clock
        self._closed = threading.Event()
        self._started = False
        self._served: tuple[ServingStatus, float] | None = None
        self._seen: dict[str, _Seen] = {}

    def start(self) -> None:
        """Begin to look. Safe to repeat."""
        if self._started:
            return
        self._started = True
        looks: list[tuple[str, Callable[[], None], float]] = [
            ("snapshot", self._look_at_snapshot, _SNAPSHOT_EVERY_SECONDS)
        ]
        looks += [(name, self._looking_at(name), _STORE_EVERY_SECONDS) for name in self._probes]
        for name, look, seconds in looks:
            threading.Thread(
                target=self._go_on, args=(look, seconds), name=f"variate-watch-{name}", daemon=True
            ).start()

    def close(self) -> None:
        """Look no more. It waits for nothing: a look under way may wait for a store that is away."""
        self._closed.set()

    @property
    def serving(self) -> ServingStatus | None:
        """What was served when it was last looked at; None where nothing is yet."""
        return None if self._served is None else self._served[0]

    @property
    def age_seconds(self) -> float:
        """For how long the snapshot was not seen to be the one in force; 0 where there is none."""
        if self._served is None:
            return 0.0
        status, at = self._served
        return status.age_seconds + (self._clock() - at)

    def stores(self) -> dict[str, bool | None]:
        """Return whether each store answers; None where that is not known yet."""
        return {name: self._healthy(name) for name in self._probes}

    def _healthy(self, name: str) -> bool | None:
        seen = self._seen.get(name)
        if seen is None:
            return None
        if seen.ended is None and self._clock() - seen.began > _PATIENCE_SECONDS:
            return False
        return seen.healthy

    def _go_on(self, look: Callable[[], None], seconds: float) -> None:
        while not self._closed.is_set():
            try:
                look()
            except VariateError as error:
                logger.debug("a look at the state failed: %s", error)
            except Exception:  # a thread that ended would leave an old state to be told for ever
                logger.exception("a look at the state failed; it goes on")
            self._closed.wait(seconds)

    def _look_at_snapshot(self) -> None:
        at = self._clock()
        self._served = (self._status(), at)

    def _looking_at(self, name: str) -> Callable[[], None]:
        probe = self._probes[name]

        def look() -> None:
            before = self._seen.get(name)
            began = self._clock()
            self._seen[name] = _Seen(began, None if before is None else before.healthy, None)
            try:
                healthy = probe().healthy
            except Exception:
                self._seen[name] = _Seen(began, False, self._clock())
                raise
            self._seen[name] = _Seen(began, healthy, self._clock())

        return look
