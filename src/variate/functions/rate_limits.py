"""Rate limits."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, overload

from variate.errors import InvalidInputError
from variate.platform import default_platform

Request = Mapping[str, Any]
Handler = Callable[..., Any]


def check_rate_limit(key: str, max_requests: int, window_seconds: int) -> tuple[bool, int, int]:
    """Count this call under ``key``; return (allowed, how many passed in this window, seconds until it ends).

    One atomic step: of any number of callers at once, ``max_requests`` pass. The first call opens the window.
    """
    answer = default_platform().check_rate_limit(key, max_requests, window_seconds)
    return answer.allowed, answer.count, answer.reset_seconds


def check_sliding_rate_limit(key: str, max_requests: int, window_seconds: int) -> tuple[bool, int, int]:
    """As ``check_rate_limit``, but at every moment for the last ``window_seconds``; the third is when one may pass."""
    answer = default_platform().check_sliding_rate_limit(key, max_requests, window_seconds)
    return answer.allowed, answer.count, answer.reset_seconds


@overload
def api_request_handler(request: Request) -> dict[str, Any] | None: ...
@overload
def api_request_handler(request: Handler) -> Handler: ...
@overload
def api_request_handler(*, max_requests: int = ..., window_seconds: int = ...) -> Callable[[Handler], Handler]: ...
def api_request_handler(
    request: Request | Handler | None = None, *, max_requests: int = 100, window_seconds: int = 60
) -> Any:
    """Answer 429 with ``Retry-After`` to an address that asks more than ``max_requests`` times a window.

    As a decorator, bare or with arguments, of a handler whose first argument is the request, a dict with
    ``client_ip``::

        @api_request_handler(max_requests=10, window_seconds=1)
        def handle(request): ...

    The handler may be ``async``. All decorated handlers of an address count together.
    Called with a request it returns the 429 response, or None where the request may be processed.
    """
    if isinstance(request, Mapping):
        return _refusal(request, max_requests, window_seconds)

    def decorate(handler: Handler) -> Handler:
        if iscoroutinefunction(handler):

            @wraps(handler)
            async def limited_later(request: Request, *args: Any, **kwargs: Any) -> Any:
                refusal = await asyncio.to_thread(_refusal, request, max_requests, window_seconds)
                return await handler(request, *args, **kwargs) if refusal is None else refusal

            return limited_later

        @wraps(handler)
        def limited(request: Request, *args: Any, **kwargs: Any) -> Any:
            refusal = _refusal(request, max_requests, window_seconds)
            return handler(request, *args, **kwargs) if refusal is None else refusal

        return limited

    if request is None:
        return decorate
    if callable(request):
        return decorate(request)
    raise InvalidInputError("request", f"must be a dict or a function to decorate, not {type(request).__name__}")


def _refusal(request: Request, max_requests: int, window_seconds: int) -> dict[str, Any] | None:
    if not isinstance(request, Mapping):
        raise InvalidInputError("request", f"must be a dict, not {type(request).__name__}")
    address = request.get("client_ip") or "unknown"
    allowed, _, seconds = check_rate_limit(f"rate:ip:{address}", max_requests, window_seconds)
    if allowed:
        return None
    return {
        "statusCode": 429,
        "body": json.dumps({"error": "Rate limit exceeded", "retryAfter": seconds}),
        "headers": {"Retry-After": str(seconds), "Content-Type": "application/json"},
    }
