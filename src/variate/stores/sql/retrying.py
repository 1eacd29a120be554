"""Trying again after a transient failure: few times, soon, and never where a write may have been kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from tenacity import (
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    stop_after_delay,
    wait_random_exponential,
)

from variate.errors import StoreUnavailableError

T = TypeVar("T")

ATTEMPTS = 4
MAX_WAIT_SECONDS = 0.5
MAX_TOTAL_SECONDS = 5.0


class RolledBackError(StoreUnavailableError):
    """The engine undid the transaction itself (deadlock, serialization), so even a write may be tried again."""


def try_again(work: Callable[[], T], *, when: type[StoreUnavailableError] = StoreUnavailableError) -> T:
    """Return what ``work`` returns, calling it up to four times while it raises ``when``, with full jitter."""
    retrying = Retrying(
        retry=retry_if_exception(lambda error: isinstance(error, when)),
        wait=wait_random_exponential(multiplier=0.05, max=MAX_WAIT_SECONDS),
        stop=stop_after_attempt(ATTEMPTS) | stop_after_delay(MAX_TOTAL_SECONDS),
        reraise=True,
    )
    return retrying(work)
