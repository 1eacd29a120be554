"""Trying again after a transient failure: few times, soon, and never where a write may have been kept."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    stop_after_delay,
    wait_random_exponential,
)

from variate.errors import StoreUnavailableError
from variate.patience import seconds_left

T = TypeVar("T")

ATTEMPTS = 4
MAX_WAIT_SECONDS = 0.5
MAX_TOTAL_SECONDS = 5.0
_WAIT = wait_random_exponential(multiplier=0.05, max=MAX_WAIT_SECONDS)


class RolledBackError(StoreUnavailableError):
    """The engine undid the transaction itself (deadlock, serialization), so even a write may be tried again."""


def try_again(work: Callable[[], T], *, when: type[StoreUnavailableError] = StoreUnavailableError) -> T:
    """Return what ``work`` returns, calling it up to four times while it raises ``when``, with full jitter.

    After five seconds it is not called again, nor where whoever asks has no time left (see ``variate.patience``): a
    failure that took so long has waited already.
    """
    started = time.monotonic()
    try:
        return work()
    except when:
        left = min(MAX_TOTAL_SECONDS - (time.monotonic() - started), seconds_left())
        if left <= 0:
            raise
        # Here and not before, because most calls never come here and setting this up takes as long as a short query.
        retrying = Retrying(
            retry=retry_if_exception_type(when),
            wait=_WAIT,
            stop=stop_after_attempt(ATTEMPTS - 1) | stop_after_delay(left),
            reraise=True,
        )
        retrying.sleep(min(left, _WAIT(RetryCallState(retrying, None, (), {}))))
        return retrying(work)
