"""Reports in the making: in the background of the process, a few at a time, of an experiment one in all processes."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock, Semaphore, Thread
from typing import TYPE_CHECKING, Protocol

from variate.clock import Clock
from variate.errors import LimitExceededError, VariateError
from variate.server.dashboard.makers import Makers

if TYPE_CHECKING:  # it comes with numpy, which only reports wait for
    from variate.analysis.report import Report
    from variate.stores.aggregates import Advance

logger = logging.getLogger("variate.server")

AT_ONCE = 2
MOST_WAITING = 50
_RETRY_SECONDS = 30.0
_REMEMBERED = 500
"""Of how many experiments it is still known what became of the last report."""


class Reporter(Protocol):
    """What makes and keeps a report, as ``Platform.report_experiment`` does."""

    def __call__(self, experiment_id: str, *, dimensions: Sequence[str], advance: Advance) -> Report: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A report that was asked for: in the making, or made, or ``failure`` says why it is not."""

    asked_at: datetime
    is_over: bool = False
    step: str = ""
    """How far it is, in words."""
    report_id: str | None = None
    failure: str | None = None


class _StoppedError(Exception):
    """The process stops."""


class Making:
    """Makes reports that somebody need not wait for. Thread-safe.

    ``makers`` tells who of several processes makes the one of an experiment. ``made`` is told each one that is made
    here. ``close`` gives up what is not made yet, and waits for nothing.
    """

    def __init__(self, report: Reporter, *, makers: Makers, made: Callable[[Report], object], clock: Clock) -> None:
        self._report = report
        self._makers = makers
        self._made = made
        self._clock = clock
        self._lock = Lock()
        self._works: OrderedDict[str, Work] = OrderedDict()
        self._turns = Semaphore(AT_ONCE)
        self._closed = False

    def of(self, experiment_id: str) -> Work | None:
        """Return what became of the last report that was asked for here; None where none was."""
        return self._works.get(experiment_id)

    def begin(self, experiment_id: str, *, dimensions: Sequence[str]) -> bool:
        """Have a report made; return whether that begins now: it does not where one is in the making.

        Nothing is known here of one that another process makes. Raise ``LimitExceededError`` where too many wait
        already.
        """
        with self._lock:
            found = self._works.get(experiment_id)
            if found is not None and not found.is_over:
                return False
            if self._closed or sum(not each.is_over for each in self._works.values()) >= AT_ONCE + MOST_WAITING:
                raise LimitExceededError("too many reports are in the making here: try again later", _RETRY_SECONDS)
            self._works[experiment_id] = Work(asked_at=self._clock(), step="waiting for its turn")
            self._works.move_to_end(experiment_id)
            self._forget()
        token = None
        try:
            token = self._makers.take(experiment_id)
        finally:
            if token is None:
                with self._lock:
                    del self._works[experiment_id]
        if token is None:
            return False
        # Not of a pool, whose threads an interpreter waits for at its end: a step may take long, or a store hang.
        Thread(
            target=self._make, args=(experiment_id, token, tuple(dimensions)), name="variate-report", daemon=True
        ).start()
        return True

    def close(self) -> None:
        """Give up. Safe to repeat."""
        self._closed = True

    def _make(self, experiment_id: str, token: str, dimensions: tuple[str, ...]) -> None:
        def advance(what: str, done: int, total: int) -> None:
            if self._closed:
                raise _StoppedError
            self._note(experiment_id, step=f"{what}: {done:,} of {total:,}")

        try:
            with self._makers.held(experiment_id, token), self._turns:
                advance("reading", 0, 1)
                report = self._report(experiment_id, dimensions=dimensions, advance=advance)
            self._made(report)
        except _StoppedError:
            self._note(experiment_id, is_over=True, failure="the service stopped before it was made")
        except VariateError as error:
            logger.warning("a report of %s was not made: %s", experiment_id, error)
            self._note(experiment_id, is_over=True, failure=str(error))
        except Exception:
            logger.exception("a report of %s was not made", experiment_id)
            self._note(experiment_id, is_over=True, failure="it failed here, and the log of the service says why")
        else:
            self._note(experiment_id, is_over=True, report_id=report.id)

    def _note(self, experiment_id: str, *, is_over: bool = False, **found: str) -> None:
        with self._lock:
            self._works[experiment_id] = replace(self._works[experiment_id], is_over=is_over, **found)  # type: ignore[arg-type]  # each is the text of a field

    def _forget(self) -> None:
        over = [name for name, work in self._works.items() if work.is_over]
        for name in over[: max(0, len(self._works) - _REMEMBERED)]:
            del self._works[name]
