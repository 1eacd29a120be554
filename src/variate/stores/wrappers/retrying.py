"""Trying again, where that may help."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from variate.errors import InvalidInputError, StoreUnavailableError
from variate.model.rules import MAX_SECONDS, check_whole, shown

T = TypeVar("T")

MAX_DELAY_SECONDS = 20.0
"""The longest wait between two tries, as in AWS's own clients."""

logger = logging.getLogger("variate.retry")

# Drivers are looked up among what is imported: an error of a driver that is not imported cannot have been raised.
_TRANSIENT = {
    "psycopg": ("OperationalError",),
    "psycopg2": ("OperationalError",),
    "redis.exceptions": (
        "ConnectionError",
        "TimeoutError",
        "BusyLoadingError",
        "ReadOnlyError",
        "ClusterDownError",
        "TryAgainError",
        "MasterDownError",
    ),
    "botocore.exceptions": ("ConnectionError", "HTTPClientError"),
    "sqlalchemy.exc": ("TimeoutError",),
}
# Kinds of the above that stay as they are however often one tries.
_LASTING = {
    "redis.exceptions": ("AuthenticationError", "AuthorizationError"),
    "botocore.exceptions": ("SSLError",),
}
# botocore's own list for its "standard" retries, and DynamoDB's conflicts between transactions.
_TRANSIENT_AWS_CODES = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "InternalError",
        "InternalServerError",
        "KMSInternalException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
_TRANSIENT_CANCELLATIONS = frozenset(
    {"None", "ProvisionedThroughputExceeded", "ThrottlingError", "TransactionConflict"}
)
_SQLITE_BUSY = frozenset({5, 6})
"""SQLITE_BUSY and SQLITE_LOCKED; every other OperationalError of sqlite3, such as "no such table", lasts."""


def is_transient(error: BaseException) -> bool:
    """Whether the same call may work if it is tried again.

    So are ``StoreUnavailableError``, connections refused, lost or timed out, a server that starts, fails over or is
    overloaded, throttling and 5xx from AWS, and deadlocks. A refused password, a broken rule or a missing table is not.
    """
    if isinstance(error, (StoreUnavailableError, ConnectionError, TimeoutError)):
        return True
    if isinstance(error, _loaded(_LASTING)):
        return False
    if isinstance(error, _loaded(_TRANSIENT)):
        return True
    if isinstance(error, _loaded({"botocore.exceptions": ("ClientError",)})):
        return _is_transient_response(error)
    if isinstance(error, _loaded({"sqlalchemy.exc": ("DBAPIError",)})):
        return _is_transient_statement(error)
    return isinstance(error, _loaded({"sqlite3": ("OperationalError",)})) and _is_busy(error)


def with_retry(func: Callable[[], T], max_retries: int = 3, base_delay: float = 0.1) -> T:
    """Return ``func()``; where it fails transiently, call it again up to ``max_retries`` times after the first.

    Before retry n it waits a random time from 0 to ``base_delay * 2 ** (n - 1)`` seconds, at most 20 (exponential
    backoff with full jitter, as AWS's architecture blog measured best). Other errors, and the last, are raised as they
    came. ``func`` may have taken effect before it failed, so it has to be safe to repeat.
    """
    # tenacity imports asyncio, and importing variate is not to pay for that.
    from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

    if not callable(func):
        raise InvalidInputError("func", f"must be callable, not {type(func).__name__}")
    check_whole("max_retries", max_retries, minimum=0, maximum=1_000)
    _check_delay(base_delay)
    retrying = Retrying(
        stop=stop_after_attempt(max_retries + 1),
        wait=wait_random_exponential(multiplier=base_delay, max=MAX_DELAY_SECONDS),
        retry=retry_if_exception(is_transient),
        before_sleep=_log_retry,
        reraise=True,
    )
    return retrying(func)


def _check_delay(base_delay: object) -> None:
    if isinstance(base_delay, bool) or not isinstance(base_delay, (int, float)):
        raise InvalidInputError("base_delay", f"must be a number of seconds, not {type(base_delay).__name__}")
    if not 0 <= base_delay <= MAX_SECONDS:  # NaN too
        raise InvalidInputError("base_delay", f"must be from 0 to {MAX_SECONDS} seconds, not {shown(base_delay)}")


def _log_retry(state: Any) -> None:
    logger.warning(
        "attempt %d failed, trying again in %.2f s: %s: %s",
        state.attempt_number,
        state.upcoming_sleep,
        type(state.outcome.exception()).__name__,
        state.outcome.exception(),
    )


def _loaded(names: Mapping[str, tuple[str, ...]]) -> tuple[type[BaseException], ...]:
    modules = ((sys.modules.get(module), classes) for module, classes in names.items())
    return tuple(
        getattr(module, name) for module, classes in modules if module for name in classes if hasattr(module, name)
    )


def _is_transient_response(error: Any) -> bool:
    response = error.response
    if response.get("Error", {}).get("Code") in _TRANSIENT_AWS_CODES:
        return True
    reasons = {reason.get("Code", "None") for reason in response.get("CancellationReasons", ())}
    if reasons - {"None"} and reasons <= _TRANSIENT_CANCELLATIONS:
        return True
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return isinstance(status, int) and status >= 500


def _is_transient_statement(error: Any) -> bool:
    """SQLAlchemy wraps what the driver raised: what that was decides, or the connection that is gone."""
    if error.connection_invalidated:
        return True
    original = error.orig
    if isinstance(original, _loaded({"sqlite3": ("Error",)})):
        return _is_busy(original)
    return type(error).__name__ == "OperationalError"


def _is_busy(error: Any) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _SQLITE_BUSY
