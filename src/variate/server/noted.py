"""What is noted along with a request while it is answered: for its answer, the numbers and the traces."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from variate.errors import VariateError
from variate.model.decision import Decision

if TYPE_CHECKING:
    from variate.server.operations.tally import Tally
    from variate.server.operations.tracing import Traced
    from variate.server.request import Scope


class Noted:
    """``headers`` are the request's by name; ``added`` are headers that its answer has, whatever it is.

    ``began`` is when it came, on ``time.perf_counter``. ``actor`` is who asks, once that is known. ``traced`` is its
    span, where it is traced.
    """

    __slots__ = ("actor", "added", "began", "headers", "tally", "traced")

    def __init__(self, scope: Scope) -> None:
        self.began = time.perf_counter()
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.added: tuple[tuple[bytes, bytes], ...] = ()
        self.actor: str | None = None
        self.tally: Tally | None = None
        self.traced: Traced | None = None

    def evaluated(self, key: str, decision: Decision) -> None:
        """Note that the flag or experiment ``key`` was evaluated to this: each handler that evaluates says so."""
        if self.tally is not None:
            self.tally.evaluations[decision.reason] += 1
        if self.traced is not None:
            self.traced.evaluated(key, decision)

    def evaluated_all(self, decisions: Mapping[str, Decision | VariateError]) -> None:
        """Note many evaluations at once; what could not be decided counts as an error."""
        tally, traced = self.tally, self.traced
        if tally is not None:
            counts = tally.evaluations
            for decision in decisions.values():
                counts["error" if isinstance(decision, VariateError) else decision.reason] += 1
        if traced is not None:
            for key, decision in decisions.items():
                if not isinstance(decision, VariateError):
                    traced.evaluated(key, decision)
