"""A page as a list, and as the guide's ``items`` and ``last_key``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from variate.model import MAX_PAGE, Page
from variate.model.record import Record

T = TypeVar("T")


class Rows(list[Record]):
    """A list of rows; ``last_key`` asks for the page after it and is None where there is none."""

    def __init__(self, rows: list[Record], last_key: str | None) -> None:
        super().__init__(rows)
        self.last_key = last_key


def rows(
    read: Callable[..., Page[T]], record: Callable[[T], Record], *, limit: int | None, last_key: str | None
) -> Rows:
    """Return one page of at most ``limit`` rows or, with a limit of None, every row from ``last_key`` on."""
    if limit is not None:
        page = read(limit=limit, last_key=last_key)
        return Rows([record(item) for item in page], page.last_key)
    return Rows([record(item) for item in _every(read, last_key)], None)


def items(page: Page[T], record: Callable[[T], Record]) -> dict[str, Any]:
    """Return the page as the guide's ``{"items": [...], "last_key": ...}``."""
    return {"items": [record(item) for item in page], "last_key": page.last_key}


def _every(read: Callable[..., Page[T]], last_key: str | None) -> Iterator[T]:
    while True:
        page = read(limit=MAX_PAGE, last_key=last_key)
        yield from page
        last_key = page.last_key
        if last_key is None:
            return
