"""What the management API answers: records as JSON, revisions as ETags, refusals as problems."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import Response

from variate.server.answer import encode, problem_answer
from variate.server.refusal import Refusal


def answer(record: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return the record as JSON."""
    return Response(encode(record), status_code=status, headers=dict(headers or {}), media_type="application/json")


def entity_tag(record: Mapping[str, Any]) -> str:
    """Return the ETag of a definition's record: its revision."""
    return f'"{record["revision"]}"'


def defined(record: Mapping[str, Any], *, status: int = 200, location: str | None = None) -> Response:
    """Return a definition with its revision as the ETag and, where it is new, where it is."""
    headers = {"ETag": entity_tag(record)}
    if location is not None:
        headers["Location"] = location
    return answer(record, status=status, headers=headers)


class ShownOnce(Response):
    """An answer that holds a secret: it is kept nowhere. Who asks again is told ``again``."""

    def __init__(self, record: object, *, status: int, headers: Mapping[str, str], again: Response) -> None:
        super().__init__(
            encode(record),
            status_code=status,
            headers={**headers, "Cache-Control": "no-store"},
            media_type="application/json",
        )
        self.again = again


def nothing() -> Response:
    """Return that it was done, and that there is nothing more to say."""
    return Response(status_code=204)


def problem(refusal: Refusal, *, path: str, request_id: str) -> Response:
    """Return the refusal as ``application/problem+json``."""
    written = problem_answer(refusal, path=path, request_id=request_id)
    response = Response(written.body, status_code=written.status)
    for name, value in written.headers:
        response.headers[name.decode("latin-1")] = value.decode("latin-1")
    return response
