"""The state of the stores and of the snapshot, looked at in the background, so that telling it asks nobody."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from variate.errors import VariateError
from variate.platform.health import MIGRATE, Check
from variate.publishing.serving import ServingStatus

logger = logging.getLogger("variate.server")

UP, AWAY, NOT_MIGRATED, UNKNOWN = "up", "away", "not_migrated", "unknown"
"""The states of a store; it is unknown until it was looked at."""

_SNAPSHOT_EVERY_SECONDS = 1.0
_STORE_EVERY_SECONDS = 5.0
_PATIENCE_SECONDS = 3.0
"""A store that has not answered a look for so long is away."""


@dataclass(frozen=True, slots=True)
class _Seen:
    began: float
    state: str
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
        self._looked_at_snapshot = threading.Event()
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

    def stores(self) -> dict[str, str]:
        """Return each store's state: one of those above."""
        return {name: self._state(name) for name in self._probes}

    def _state(self, name: str) -> str:
        seen = self._seen.get(name)
        if seen is None:
            return UNKNOWN
        if seen.ended is None and self._clock() - seen.began > _PATIENCE_SECONDS:
            return AWAY
        return seen.state

    def _go_on(self, look: Callable[[], None], seconds: float) -> None:
        said: str | None = None
        while not self._closed.is_set():
            try:
                look()
                said = None
            except VariateError as error:
                if str(error) != said:
                    said = str(error)
                    logger.warning("nothing can be evaluated here yet, or no more: %s", said)
            except Exception:  # a thread that ended would leave an old state to be told for ever
                logger.exception("a look at the state failed; it goes on")
            self._closed.wait(seconds)

    def _look_at_snapshot(self) -> None:
        at = self._clock()
        try:
            self._served = (self._status(), at)
        finally:
            self._looked_at_snapshot.set()

    def _looking_at(self, name: str) -> Callable[[], None]:
        probe = self._probes[name]

        def look() -> None:
            # Loading the first snapshot makes the tables of a local file: before that, they are not missed.
            self._looked_at_snapshot.wait(_PATIENCE_SECONDS)
            before = self._seen.get(name)
            began = self._clock()
            was = UNKNOWN if before is None else before.state
            self._seen[name] = _Seen(began, was, None)
            try:
                found = probe()
            except Exception:
                self._seen[name] = _Seen(began, AWAY, self._clock())
                raise
            state = UP if found.healthy else NOT_MIGRATED if found.advice == MIGRATE else AWAY
            self._seen[name] = _Seen(began, state, self._clock())
            if state != was and (state != UP or was != UNKNOWN):
                logger.log(logging.INFO if state == UP else logging.WARNING, "%s is %s: %s", name, state, found.detail)

        return look
