"""Whether the process lives, and whether it can answer: for whoever starts, stops and balances it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from variate.assignment.assigning import LedgerStatus
from variate.server.operations.draining import Draining
from variate.server.operations.watch import UNKNOWN, UP, Watch

_CONFIRMED_WITHIN_POLLS = 3
"""A snapshot that was seen in force within so many polling intervals, and some seconds, is confirmed."""
_AND_SECONDS = 3.0


class Health:
    """Says how this process is, from memory alone.

    It is ready once a snapshot is in force here, and until it stops. With stores away it is degraded, and ready: what
    is evaluated goes on from the last snapshot.
    """

    def __init__(
        self,
        *,
        watch: Watch,
        draining: Draining,
        environment: str,
        ledger: Callable[[], LedgerStatus],
        waiting_events: Callable[[], int],
        poll_seconds: float,
    ) -> None:
        self._watch = watch
        self._draining = draining
        self._environment = environment
        self._ledger = ledger
        self._waiting_events = waiting_events
        self._confirmed_within = _CONFIRMED_WITHIN_POLLS * poll_seconds + _AND_SECONDS

    @property
    def ready(self) -> bool:
        """Whether requests should come here."""
        return not self._draining.begun and self._watch.serving is not None

    def state(self) -> dict[str, Any]:
        """Return what ``/readyz`` tells; nothing in it is secret."""
        serving, stores, ledger = self._watch.serving, self._watch.stores(), self._ledger()
        age = self._watch.age_seconds
        confirmed = age <= self._confirmed_within
        well = confirmed and all(state in (UP, UNKNOWN) for state in stores.values())
        return {
            "status": self._status(well=well),
            "environment": self._environment,
            "snapshot": None
            if serving is None
            else {
                "sequence": serving.sequence,
                "digest": serving.digest,
                "age_seconds": round(age, 3),
                "confirmed": confirmed,
            },
            "stores": stores,
            "intake": {"waiting_events": self._waiting_events()},
            "assignments": {"pending": ledger.pending, "let_go": ledger.let_go},
        }

    def gauges(self) -> dict[str, float]:
        """Return what ``/metrics`` tells of the present state."""
        found = {
            "variate_intake_waiting_events": float(self._waiting_events()),
            "variate_assignments_pending": float(self._ledger().pending),
        }
        serving = self._watch.serving
        if serving is not None:
            found["variate_snapshot_age_seconds"] = self._watch.age_seconds
            found["variate_snapshot_sequence"] = float(serving.sequence)
        return found

    def counts(self) -> dict[str, float]:
        """Return what ``/metrics`` tells that only grows."""
        return {"variate_assignments_let_go": float(self._ledger().let_go)}

    def stores(self) -> dict[str, bool]:
        """Return whether each store answers, of those of which it is known."""
        return {name: state == UP for name, state in self._watch.stores().items() if state != UNKNOWN}

    def _status(self, *, well: bool) -> str:
        if self._draining.begun:
            return "draining"
        if self._watch.serving is None:
            return "loading"
        return "ready" if well else "degraded"
