"""Catching up: one thread does it, whoever needs it waits for that thread, and nobody for longer than he has time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

OVERDUE_SECONDS = 5.0
"""How long it may take: after that nobody waits for it any more until it has ended."""


class CatchingUp:
    """Does ``work`` for all who wait for it, in a thread that is there while somebody does.

    ``work`` runs once more for whoever comes while it runs: what it is to bring may have come after it began.
    """

    def __init__(self, work: Callable[[], None], *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._work = work
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._next: Future[None] | None = None
        self._thread: threading.Thread | None = None
        self._began = 0.0

    def wait(self, seconds: float | None) -> None:
        """Return once ``work`` was done from beginning to end; raise what it raised.

        Raise ``TimeoutError`` where that takes longer than ``seconds``, and at once where it is overdue, which
        somebody with time without end (None) does not mind.
        """
        with self._lock:
            if seconds is not None and self._is_overdue:
                raise TimeoutError
            run = self._next = self._next or Future()
            if self._thread is None:
                self._began = self._monotonic()
                self._thread = threading.Thread(target=self._run, name="variate-catch-up", daemon=True)
                self._thread.start()
        run.result(seconds)

    @property
    def _is_overdue(self) -> bool:
        return self._thread is not None and self._monotonic() - self._began > OVERDUE_SECONDS

    def _run(self) -> None:
        while True:
            with self._lock:
                run, self._next = self._next, None
                if run is None:
                    self._thread = None
                    return
                self._began = self._monotonic()
            try:
                self._work()
            except Exception as error:  # noqa: BLE001 - whoever waits is told, whatever it is
                run.set_exception(error)
            else:
                run.set_result(None)
