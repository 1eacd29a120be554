"""Lists: a page at a time, each with a cursor to the next, which counts for the same list only."""

from __future__ import annotations

import binascii
import hashlib
import logging
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar
from urllib.parse import quote, urlencode

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, create_model

from variate.errors import InvalidInputError
from variate.model import MAX_PAGE, Page
from variate.server.management.answers import answer
from variate.server.management.shapes import example_of

logger = logging.getLogger("variate.server")

T = TypeVar("T")

_BOUND_BYTES = 9
_RULE = "must be the `next` of the page before, unchanged, with the same filters"
_MAX_CHARACTERS = 60_000

Limit = Annotated[int, Query(ge=1, le=MAX_PAGE, description="How many there may be on a page.", examples=[100])]
Cursor = Annotated[
    str | None,
    Query(description="The `next` of the page before, unchanged; the other parameters have to be the same."),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """Which page was asked for, of which list: that is told by its path and its filters."""

    limit: int
    last_key: str | None
    path: str
    filters: Sequence[tuple[str, str]]

    def of(self, read: Callable[..., Page[T]], record: Callable[[T], Mapping[str, Any]]) -> Response:
        """Return the page that ``read`` returns for a ``limit`` and a ``last_key``, as records."""
        try:
            page = read(limit=self.limit, last_key=self.last_key)
        except InvalidInputError as error:
            if error.field == "last_key":
                raise InvalidInputError("cursor", _RULE) from error
            raise
        listed: dict[str, Any] = {"items": [record(each) for each in page]}
        if page.unreadable:
            for unreadable in page.unreadable.values():
                logger.warning("left out of a list: %s", unreadable)
            listed["unreadable"] = [{"id": name, "detail": str(error)} for name, error in page.unreadable.items()]
        return self.sent(listed, page.last_key)

    def sent(self, listed: dict[str, Any], last_key: str | None) -> Response:
        """Return what is listed with the cursor to what comes after ``last_key``."""
        if last_key is None:
            return answer({**listed, "next": None})
        cursor = urlsafe_b64encode(_bound(self.path, self.filters) + last_key.encode()).rstrip(b"=").decode()
        query = urlencode([*self.filters, ("limit", self.limit), ("cursor", cursor)])
        url = f"{quote(self.path)}?{query}"
        return answer({**listed, "next": cursor}, headers={"Link": f'<{url}>; rel="next"'})


async def _paging(request: Request, limit: Limit = 100, cursor: Cursor = None) -> Paging:
    filters = sorted((name, value) for name, value in request.query_params.multi_items() if name not in _OURS)
    path = request.scope["path"]
    return Paging(
        limit=limit,
        last_key=None if cursor is None else _last_key(cursor, path, filters),
        path=path,
        filters=filters,
    )


Paged = Annotated[Paging, Depends(_paging)]
_OURS = ("limit", "cursor")


def _bound(path: str, filters: Sequence[tuple[str, str]]) -> bytes:
    """Return what a cursor begins with: a digest of the list it is of. It is no protection, only a check."""
    return hashlib.sha256(f"{path}?{urlencode(filters)}".encode()).digest()[:_BOUND_BYTES]


def _last_key(cursor: str, path: str, filters: Sequence[tuple[str, str]]) -> str:
    try:
        decoded = urlsafe_b64decode(cursor[:_MAX_CHARACTERS].encode("ascii") + b"=" * (-len(cursor) % 4))
        last_key = decoded[_BOUND_BYTES:].decode()
    except (ValueError, binascii.Error) as error:
        raise InvalidInputError("cursor", _RULE) from error
    if decoded[:_BOUND_BYTES] != _bound(path, filters):
        raise InvalidInputError("cursor", _RULE)
    return last_key


class Unreadable(BaseModel):
    """A definition that belongs on the page and cannot be read."""

    id: str
    detail: str = Field(description="What is wrong with it.")


def listed(model: type[BaseModel], name: str) -> type[BaseModel]:
    """Return the documentation of a page of ``model``, under this name."""
    fields: dict[str, Any] = {
        "items": (list[model], ...),  # type: ignore[valid-type]  # a class made into an annotation when it runs
        "next": (str | None, Field(description="The `cursor` of the page after this one; null on the last.")),
        "unreadable": (
            list[Unreadable],
            Field(default_factory=list, description="Only there where something that belongs here cannot be read."),
        ),
    }
    return create_model(
        name,
        __config__=ConfigDict(json_schema_extra={"examples": [{"items": [example_of(model)], "next": None}]}),
        __doc__=f"A page of {name.removesuffix('List').lower()}s.",
        **fields,
    )
