"""A circuit breaker: what is down is not asked again for a while."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from variate.errors import StoreError, StoreUnavailableError
from variate.model.rules import check_seconds, check_whole

P = ParamSpec("P")
T = TypeVar("T")

logger = logging.getLogger("variate.breaker")


class CircuitBreaker:
    """Stops calls to a store that cannot be reached, so that not each of them pays its timeout.

    After ``failure_threshold`` calls in a row raised ``StoreUnavailableError`` the circuit is open: further calls raise
    it at once. After ``reset_seconds`` one call is let through as a probe; if it is answered the circuit closes, and
    if not it stays open for as long again. ``StoreError`` is an answer too; any other error tells nothing.

    It is written here because pybreaker, the well-kept one, holds its lock during the protected call: the threads of a
    process would ask the store one after another.
    """

    def __init__(
        self,
        *,
        name: str = "store",
        failure_threshold: int = 3,
        reset_seconds: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        check_whole("failure_threshold", failure_threshold, minimum=1, maximum=1_000_000)
        self._name = name
        self._threshold = failure_threshold
        self._reset_seconds = check_seconds("reset_seconds", reset_seconds)
        self._clock = clock
        self._lock = threading.Lock()
        self._failures = 0
        self._open_until: float | None = None
        self._probing = False

    @property
    def is_open(self) -> bool:
        """Whether calls are turned away, a probe apart."""
        return self._open_until is not None

    def call(self, func: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return ``func(...)``, or raise ``StoreUnavailableError`` without calling it while the circuit is open."""
        # Without the lock, since that is nearly every call; this one may pass although another opens the circuit now.
        probe = self._open_until is not None and self._admit()
        try:
            result = func(*args, **kwargs)
        except StoreUnavailableError as error:
            self._failed(error, probe=probe)
            raise
        except StoreError:
            self._answered(probe=probe)
            raise
        except BaseException:
            # Bad input, or an interrupt: it says nothing about the store, so the next call may probe.
            with self._lock:
                self._probing = self._probing and not probe
            raise
        if probe or self._failures:
            self._answered(probe=probe)
        return result

    def _admit(self) -> bool:
        with self._lock:
            if self._open_until is None:
                return False
            if self._probing or self._clock() < self._open_until:
                raise StoreUnavailableError(f"{self._name} did not answer lately and is not asked for now")
            self._probing = True
            return True

    def _failed(self, error: StoreUnavailableError, *, probe: bool) -> None:
        with self._lock:
            if probe:
                self._probing = False
                self._open_until = self._clock() + self._reset_seconds
                return
            self._failures += 1
            if self._open_until is not None or self._failures < self._threshold:
                return
            self._open_until = self._clock() + self._reset_seconds
        logger.warning("%s does not answer: going on without it, asking every %g s", self._name, self._reset_seconds)
        logger.debug("the last failure was: %s", error)

    def _answered(self, *, probe: bool) -> None:
        with self._lock:
            self._failures = 0
            if not probe:
                # Were the circuit open now, this would be a late answer from before: only a probe closes it.
                return
            self._probing = False
            self._open_until = None
        logger.warning("%s answers again", self._name)
