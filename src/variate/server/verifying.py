"""Verifying the audit log takes a thread for as long as the log is: one at a time, so that others keep theirs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from variate.errors import LimitExceededError

_RETRY_SECONDS = 30.0
_turn = Lock()


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Verify within the block; raise ``LimitExceededError`` where this process verifies for somebody else."""
    if not _turn.acquire(blocking=False):
        raise LimitExceededError("the audit log is being verified already: try again in a while", _RETRY_SECONDS)
    try:
        yield
    finally:
        _turn.release()
