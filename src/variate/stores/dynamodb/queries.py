"""Queries of an index, and pages of them.

An index sorts by one attribute. Items that tie there come in no order anybody promises, so a page that promises one
takes each tie whole, sorts it and goes on after the last item it gave. Ties are small where this is used, or are taken
but once.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import groupby, islice
from typing import Any, TypeVar

from variate.errors import InvalidInputError
from variate.model import MAX_PAGE, Page
from variate.model.rules import check_id, check_whole
from variate.stores.cursor import CursorValue, decode_cursor, encode_cursor
from variate.stores.dynamodb.attributes import Attribute, Item, microseconds, moment_of, text
from variate.stores.dynamodb.conditions import Condition, all_of

T = TypeVar("T")

_FIRST = microseconds(datetime.min.replace(tzinfo=UTC))
_LAST = microseconds(datetime.max.replace(tzinfo=UTC))


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexQuery:
    """The items of one partition of an index, from ``low`` to ``high`` of its sort attribute, both included.

    Without ``high``, those of ``low`` itself can be left out: ``beyond``.
    """

    index: str
    partition: str
    value: str
    sort: str
    low: Attribute | None = None
    high: Attribute | None = None
    beyond: bool = False
    forward: bool = True
    filters: tuple[Condition, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing can lie between the bounds; DynamoDB refuses such a query."""
        return self.low is not None and self.high is not None and self.low["S"] > self.high["S"]

    def as_arguments(self, table: str) -> dict[str, Any]:
        """Return the query as the engine takes it."""
        names = {"#partition": self.partition}
        values = {":partition": text(self.value)}
        key = "#partition = :partition"
        if self.low is not None or self.high is not None:
            names["#sort"] = self.sort
        if self.low is not None:
            values[":low"] = self.low
        if self.high is not None:
            values[":high"] = self.high
        if self.low is not None and self.high is not None:
            key += " AND #sort BETWEEN :low AND :high"
        elif self.low is not None:
            key += " AND #sort > :low" if self.beyond else " AND #sort >= :low"
        elif self.high is not None:
            key += " AND #sort <= :high"
        arguments: dict[str, Any] = {
            "TableName": table,
            "IndexName": self.index,
            "KeyConditionExpression": key,
            "ScanIndexForward": self.forward,
        }
        if self.filters:
            condition = all_of(self.filters)
            arguments["FilterExpression"] = condition.expression
            names |= condition.names
            values |= condition.values
        return arguments | {"ExpressionAttributeNames": names, "ExpressionAttributeValues": values}


def check_page_limit(limit: int) -> int:
    """Return ``limit`` if it is from 1 to ``MAX_PAGE``."""
    return check_whole("limit", limit, minimum=1, maximum=MAX_PAGE)


def in_order(
    items: Iterable[Item],
    *,
    tie: Callable[[Item], object],
    order: Callable[[Item], Any],
    after: object | None,
) -> Iterable[Item]:
    """Yield the items, which come with equal ``tie`` together, sorted by ``order`` within a tie, after ``after``."""
    for _, tied in groupby(items, key=tie):
        group = list(tied)
        if len(group) > 1:
            group.sort(key=order)
        yield from group if after is None else (item for item in group if order(item) > after)


def scope_of(*parts: str | datetime | Sequence[str] | None) -> str:
    """Return a short text that stands for a list and its filters, so that no list takes another's ``last_key``."""
    named = json.dumps([part.isoformat() if isinstance(part, datetime) else part for part in parts])
    return blake2b(named.encode(), digest_size=6).hexdigest()


def page_of(
    items: Iterable[Item],
    *,
    limit: int,
    read: Callable[[Item], T],
    scope: str,
    position: Callable[[Item], Sequence[CursorValue]],
) -> Page[T]:
    """Return the first ``limit`` items, and the position of the last if there are more."""
    taken = list(islice(items, limit + 1))
    given = taken[:limit]
    last_key = encode_cursor([scope, *position(given[-1])]) if len(taken) > limit else None
    return Page(tuple(map(read, given)), last_key)


class Position:
    """The values of a ``last_key``, each checked to be of the type its place wants."""

    def __init__(self, last_key: str, *, scope: str, length: int) -> None:
        self._values = iter(decode_cursor(last_key, length=1 + length))
        self.one_of(scope)

    def id(self) -> str:
        """Return the next value if it is an id."""
        return check_id("last_key", next(self._values))

    def version(self) -> int:
        """Return the next value if it is a whole number."""
        return check_whole("last_key", next(self._values), minimum=-(2**63), maximum=2**63)

    def moment(self) -> datetime:
        """Return the next value if it is the microseconds of a moment a datetime can be."""
        return moment_of(check_whole("last_key", next(self._values), minimum=_FIRST, maximum=_LAST))

    def one_of(self, *choices: str) -> str:
        """Return the next value if it is one of these."""
        value = next(self._values)
        if not isinstance(value, str) or value not in choices:
            raise InvalidInputError("last_key", "must be the last_key of the page before, unchanged, of the same list")
        return value
