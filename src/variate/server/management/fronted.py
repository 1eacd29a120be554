"""A request as the front knows it: with its id, where it is from, and its body within the limits."""

from __future__ import annotations

from uuid import uuid4

from starlette.requests import Request as AppRequest

from variate.server.body import Limits
from variate.server.request import Request
from variate.service_settings import ServiceSettings

KEY = "variate.request"
"""Under which the front puts it into the scope."""


def fronted(request: AppRequest, settings: ServiceSettings) -> Request:
    """Return the request as the front handed it on; one made here where the application answers without a front."""
    found = request.scope.get(KEY)
    if not isinstance(found, Request):
        found = Request(
            request.scope,
            request.receive,
            id=uuid4().hex,
            limits=Limits(settings.max_body_bytes, settings.body_timeout_seconds),
        )
        request.scope[KEY] = found
    return found
