"""The answer of a rate limiter."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """Whether this call may pass, how many have passed in the window, and in how many whole seconds to ask again.

    ``reset_seconds`` is at least 1 and at most the window's length.
    """

    allowed: bool
    count: int
    reset_seconds: int
