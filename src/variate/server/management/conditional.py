"""Revisions in headers: a change says which one it was decided on, a reader which one it has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import Depends, Header, Response

from variate.errors import ConflictError
from variate.server.management.answers import defined, entity_tag
from variate.server.refusal import Refusal

_ANY = "*"

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description='The `ETag` of what was read, as in `"3"`; `*` for whatever stands.',
        openapi_examples={
            "as read": {"value": '"3"', "description": "Only if nobody changed it since it was read."},
            "whatever stands": {"value": "*", "description": "Also if somebody did."},
        },
    ),
]
IfNoneMatch = Annotated[
    str | None,
    Header(
        alias="If-None-Match",
        description="The `ETag` that is known already: where it still stands, the answer is a 304 without a body.",
        openapi_examples={"known": {"value": '"3"'}},
    ),
]


async def _required(if_match: IfMatch = None) -> int | None:
    if if_match is None:
        raise Refusal(
            428,
            "precondition_required",
            "say in `If-Match` which revision the change was decided on: the ETag of what was read, or * for any",
        )
    return _revision(if_match)


async def _offered(if_match: IfMatch = None) -> int | None:
    return None if if_match is None else _revision(if_match)


Expected = Annotated[int | None, Depends(_required)]
"""The revision that ``If-Match`` names, None for ``*``; without the header the request is refused by 428."""
ExpectedIfGiven = Annotated[int | None, Depends(_offered)]
"""The revision that ``If-Match`` names, None for ``*`` and where there is no such header."""


def _revision(if_match: str) -> int | None:
    if if_match.strip() == _ANY:
        return None
    tag = if_match.strip()
    if "," in tag:
        raise Refusal(
            422,
            "invalid_input",
            "If-Match: must name one revision, or *",
            extensions={"field": "If-Match", "rule": "must name one revision, or *"},
        )
    digits = tag.removeprefix('"').removesuffix('"')
    if tag != f'"{digits}"' or not (digits.isascii() and digits.isdecimal()) or len(digits) > 15:
        raise _failed("no revision has the ETag that If-Match names")  # a weak one, or none that was ever given
    return int(digits)


@contextmanager
def decided_on(expected: int | None) -> Iterator[None]:
    """Say of a conflict in the block that it is with the revision that the request expected, where it named one."""
    try:
        yield
    except ConflictError as error:
        if expected is None:
            raise
        raise _failed(str(error)) from error


def read(record: Mapping[str, Any], if_none_match: str | None) -> Response:
    """Return the definition, or that it still is as the reader knows it."""
    tag = entity_tag(record)
    if if_none_match is not None:
        known = {each.strip().removeprefix("W/") for each in if_none_match.split(",")}
        if tag in known or _ANY in known:
            return Response(status_code=304, headers={"ETag": tag})
    return defined(record)


def _failed(said: str) -> Refusal:
    return Refusal(412, "precondition_failed", said)
