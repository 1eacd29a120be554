"""A clock of seconds that tests move."""

from __future__ import annotations


class Ticking:
    """Stands still at ``now`` until it is moved."""

    def __init__(self, now: float = 1_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        """Return the second it stands at."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Move it on."""
        self.now += seconds
