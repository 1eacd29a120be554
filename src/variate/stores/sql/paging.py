"""Pages by key: each asks the index for what follows the last row shown, however deep in the list it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import blake2b
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Row, Select, and_, or_

from variate.errors import InvalidInputError
from variate.model import MAX_PAGE, Page
from variate.model.rules import check_whole
from variate.stores.cursor import CursorValue, decode_cursor, encode_cursor
from variate.stores.sql.columns import from_micros, to_micros

T = TypeVar("T")


class Listing:
    """One order of rows: ``columns`` from the most significant, True beside those that descend.

    ``name`` is part of each ``last_key``, so that the key of one listing is refused by another.
    """

    def __init__(self, name: str, *columns: tuple[ColumnElement[Any], bool]) -> None:
        self._name = name
        self._columns = columns

    def of(self, *filters: object) -> Listing:
        """Return the same order of the rows that these filters leave; its keys are refused with other filters."""
        digest = blake2b(repr(filters).encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
        return Listing(f"{self._name}:{digest}", *self._columns)

    def page_of(self, query: Select[Any], *, limit: int, last_key: str | None) -> Select[Any]:
        """Return the query for one page and one row more, by which one sees whether it is the last."""
        check_whole("limit", limit, minimum=1, maximum=MAX_PAGE)
        if last_key is not None:
            query = query.where(self._after(self._values(last_key)))
        order = [column.desc() if descends else column.asc() for column, descends in self._columns]
        return query.order_by(*order).limit(limit + 1)

    def page(self, rows: Sequence[Row[Any]], *, limit: int, make: Callable[[Row[Any]], T]) -> Page[T]:
        """Return the first ``limit`` rows as a page; its ``last_key`` is that of the last of them."""
        shown = rows[:limit]
        return Page(tuple(map(make, shown)), self._last_key(rows, limit))

    def page_of_readable(self, rows: Sequence[Row[Any]], *, limit: int, make: Callable[[Row[Any]], T]) -> Page[T]:
        """As ``page``, but a row that breaks a rule is among the page's ``unreadable``, by its id."""
        last_key = self._last_key(rows, limit)
        return Page.read(rows[:limit], make, named=lambda row: str(row.id), last_key=last_key, unreadable={})

    def _last_key(self, rows: Sequence[Row[Any]], limit: int) -> str | None:
        return self._key(rows[limit - 1]) if len(rows) > limit else None

    def _key(self, row: Row[Any]) -> str:
        found = (row._mapping[column] for column, _ in self._columns)
        values: list[CursorValue] = [to_micros(value) if isinstance(value, datetime) else value for value in found]
        return encode_cursor([self._name, *values])

    def _values(self, last_key: str) -> list[Any]:
        name, *values = decode_cursor(last_key, length=len(self._columns) + 1)
        if name != self._name:
            raise InvalidInputError("last_key", "must be the last_key of the same list")
        return [
            _typed(value, column.type.python_type) for value, (column, _) in zip(values, self._columns, strict=True)
        ]

    def _after(self, values: list[Any]) -> ColumnElement[bool]:
        """``(a, b, c)`` follows ``values``, with a bound on ``a`` alone first, by which an index can begin there."""
        *before, ((column, descends), value) = zip(self._columns, values, strict=True)
        follows: ColumnElement[bool] = column < value if descends else column > value
        for (column, descends), value in reversed(before):
            strictly, loosely = (column < value, column <= value) if descends else (column > value, column >= value)
            follows = and_(loosely, or_(strictly, follows))
        return follows


def _typed(value: CursorValue, kind: type) -> Any:
    if kind is datetime and isinstance(value, int):
        try:
            return from_micros(value)
        except OverflowError as error:
            raise InvalidInputError("last_key", "must be the last_key of the page before") from error
    if kind is not datetime and isinstance(value, kind):
        return value
    raise InvalidInputError("last_key", "must be the last_key of the page before")
