"""Who makes the report of an experiment: of all processes one, as long as it lives."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from threading import Event, Thread

from variate.clock import Clock
from variate.errors import VariateError
from variate.stores.access import CLAIM_LASTS, ReplyStore

logger = logging.getLogger("variate.server")

_EVERY_SECONDS = CLAIM_LASTS.total_seconds() / 4
_EXPIRES = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Makers:
    """Has one process make a report of an experiment at a time, by a claim in the store that all processes share.

    A process that dies lets go of it within a minute.
    """

    claims: ReplyStore
    clock: Clock
    every_seconds: float = _EVERY_SECONDS
    """How often a claim is renewed."""

    def take(self, experiment_id: str) -> str | None:
        """Return the token of the claim, or None where another process makes a report of the experiment."""
        at = self.clock()
        return self.claims.claim(_key(experiment_id), "report", at=at, expires_at=at + _EXPIRES).token

    @contextmanager
    def held(self, experiment_id: str, token: str) -> Iterator[None]:
        """Hold the claim within the block, however long that takes, and let go of it then."""
        over = Event()
        # Of its own: a step of a report may take minutes in which it says nothing.
        Thread(target=self._renew, args=(experiment_id, token, over), name="variate-claim", daemon=True).start()
        try:
            yield
        finally:
            over.set()
            try:
                self.claims.release(_key(experiment_id), token)
            except VariateError as error:
                logger.warning("the claim of a report of %s ends by itself in a minute: %s", experiment_id, error)

    def _renew(self, experiment_id: str, token: str, over: Event) -> None:
        while not over.wait(self.every_seconds):
            try:
                stands = self.claims.renew(_key(experiment_id), token, at=self.clock())
            except VariateError as error:
                logger.warning("the claim of a report of %s was not renewed: %s", experiment_id, error)
                continue
            if not stands:
                return


def _key(experiment_id: str) -> str:
    return hashlib.sha256(f"report\n{experiment_id}".encode()).hexdigest()
