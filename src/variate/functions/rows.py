"""A page as a list, and as the guide's ``items`` and ``last_key``."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from variate.model import Page
from variate.model.page import every_page
from variate.model.record import Record

T = TypeVar("T")

logger = logging.getLogger("variate.functions")


class Rows(list[Record]):
    """A list of rows; ``last_key`` asks for the page after it and is None where there is none."""

    def __init__(self, rows: list[Record], last_key: str | None) -> None:
        super().__init__(rows)
        self.last_key = last_key


def rows(
    read: Callable[..., Page[T]], record: Callable[[T], Record], *, limit: int | None, last_key: str | None
) -> Rows:
    """Return one page of at most ``limit`` rows or, with a limit of None, every row from ``last_key`` on.

    What cannot be read is left out, and logged.
    """
    if limit is not None:
        page = read(limit=limit, last_key=last_key)
        return Rows([record(item) for item in _readable(page)], page.last_key)
    return Rows([record(item) for page in every_page(read, last_key=last_key) for item in _readable(page)], None)


def items(page: Page[T], record: Callable[[T], Record]) -> dict[str, Any]:
    """Return the page as the guide's ``{"items": [...], "last_key": ...}``."""
    return {"items": [record(item) for item in _readable(page)], "last_key": page.last_key}


def _readable(page: Page[T]) -> Page[T]:
    """Return the page, and log what is not on it because it cannot be read."""
    for error in page.unreadable.values():
        logger.warning("left out of a list: %s", error)
    return page
