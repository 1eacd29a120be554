"""A refusal: any answer but what was asked for, as RFC 9457 writes one."""

from __future__ import annotations

import math
from collections.abc import Mapping
from http import HTTPStatus

from variate.errors import (
    ConfigurationError,
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    LimitExceededError,
    MissingExtraError,
    NotFoundError,
    ProviderUnavailableError,
    StoreUnavailableError,
    UnauthenticatedError,
    VariateError,
)

RETRY_SECONDS = 2
"""When to come back after a store was away: a breaker tries again by then."""

_PROBLEMS = "https://variate.dev/problems/"
_LOGGED = "the log says why, by the request's id"


class Refusal(Exception):  # noqa: N818 - it is no error of ours: it is the answer
    """The answer with this status; ``code`` names what is the matter, for programs.

    ``extensions`` are further members of the problem, such as ``field`` and ``rule``.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        extensions: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})
        self.extensions = dict(extensions or {})

    def problem(self, *, instance: str, request_id: str) -> dict[str, object]:
        """Return the problem's members."""
        return {
            "type": f"{_PROBLEMS}{self.code.replace('_', '-')}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
            "code": self.code,
            "request_id": request_id,
            **self.extensions,
        }


def refusal_of(error: VariateError) -> Refusal:
    """Return how the service says that this went wrong."""
    detail = str(error)
    if isinstance(error, InvalidInputError):
        return Refusal(422, error.code, detail, extensions={"field": error.field, "rule": error.rule})
    if isinstance(error, LimitExceededError):
        return Refusal(429, error.code, detail, headers=_after(error.retry_after_seconds))
    if isinstance(error, UnauthenticatedError):
        return Refusal(401, error.code, detail, headers={"WWW-Authenticate": 'Bearer realm="variate"'})
    statuses = {ForbiddenError: 403, NotFoundError: 404, ConflictError: 409}
    for kind, status in statuses.items():
        if isinstance(error, kind):
            return Refusal(status, error.code, detail)
    return _failure(error)


def _failure(error: VariateError) -> Refusal:
    """Return how it is said that this went wrong here.

    What an engine, a provider or a setting says may name addresses and files of ours: that is for the log.
    """
    after = _after(RETRY_SECONDS)
    if isinstance(error, StoreUnavailableError):
        return Refusal(503, error.code, "a store is away: try again", headers=after)
    if isinstance(error, ConfigurationError):
        said = str(error) if isinstance(error, MissingExtraError) else f"this is not set up here: {_LOGGED}"
        return Refusal(503, error.code, said, headers=after)
    if isinstance(error, ProviderUnavailableError):
        said = f"the OpenID provider cannot be asked, or answers what it should not: {_LOGGED}"
        return Refusal(502, error.code, said, headers=after)
    return Refusal(500, error.code, f"this failed here, not by what was asked: {_LOGGED}")


def _after(seconds: float) -> dict[str, str]:
    return {"Retry-After": str(max(1, math.ceil(seconds)))}
