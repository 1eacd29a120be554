"""Waiting for something that is about to be so, never longer than a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_until(condition: Callable[[], bool], *, seconds: float = 10.0, what: str = "the condition") -> None:
    """Return as soon as ``condition()`` is true; raise ``TimeoutError`` naming ``what`` when the time is up."""
    deadline = time.monotonic() + seconds
    pause = 0.001
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not so within {seconds} seconds")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)
