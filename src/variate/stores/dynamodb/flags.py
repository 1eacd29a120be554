"""The feature flags in DynamoDB, and the audit entries of their changes that are not yet in the audit log.

An entry is an item of its own in the same table, written in one transaction with the flag. Held inside the flag it
would be bound by the flag's 400 KB, and a flag could not be changed again while the audit log is out of reach.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import islice
from typing import Unpack

from variate.errors import ConflictError, NotFoundError
from variate.model import (
    MAX_PAGE,
    AuditEntry,
    Document,
    FeatureFlag,
    FlagStatus,
    OutboxMessage,
    Page,
)
from variate.model.listing import FlagFilters, contains, folded, is_marked, may_name
from variate.model.reading import read_stored
from variate.model.record import audit_record
from variate.stores.cursor import CursorValue
from variate.stores.dynamodb.attributes import (
    Item,
    check_item,
    instant,
    latest,
    newest_first,
    read_document,
    read_instant,
    text,
    tie_of,
    whole,
)
from variate.stores.dynamodb.conditions import Condition
from variate.stores.dynamodb.item_table import ItemTable
from variate.stores.dynamodb.queries import IndexQuery, Position, check_page_limit, page_of, scope_of
from variate.stores.dynamodb.source import TableSource
from variate.stores.dynamodb.writes import Put

_AUDIT = "audit"
_ENTRY_ID = "unlogged#"
"""What the id of an entry's item begins with, so that it is never a flag's."""

_NAMES = {"#rules": "rules", "#unlogged": "unlogged"}
_NO_FLAG = Condition("attribute_not_exists(#rules) AND attribute_not_exists(#unlogged)", _NAMES)
"""An update by the guide's own code leaves a half-empty item under an unknown id: that is no flag."""


class DynamoDBFlagStore:
    """A ``FlagStore`` in the guide's ``feature-flags`` table, and the ``Outbox`` of its audit entries.

    An entry that is still to be logged is also the message that its flag was changed.
    """

    def __init__(self, tables: TableSource) -> None:
        self._table = ItemTable(tables, "feature-flags")

    def insert(self, flag: FeatureFlag, *, audit: AuditEntry) -> None:
        """See ``FlagStore.insert``."""
        put = Put(item=_flag_item(flag), condition=_NO_FLAG)
        if self._table.put_together([put, Put(item=_entry_item(audit))]):
            raise ConflictError(f"flag {flag.id!r} exists already: choose another id, or change that one")

    def get(self, flag_id: str) -> FeatureFlag | None:
        """See ``FlagStore.get``."""
        item = self._table.get(flag_id)
        return None if item is None or not _is_flag(item) else _read(item)

    def list(self, *, limit: int, last_key: str | None = None, **filters: Unpack[FlagFilters]) -> Page[FeatureFlag]:
        """See ``FlagStore.list``. Each status is a query of its own; all of them are these, merged.

        Texts, owners, tags and what is mentioned are looked for in what was read, since DynamoDB compares neither
        letters whatever their case nor the inside of a document: what is rare is found once all flags are read, a
        megabyte at a time.
        """
        check_page_limit(limit)
        status, wanted, unchanged_since = filters.get("status"), filters.get("text"), filters.get("unchanged_since")
        owner, tag, mentions = filters.get("owner"), filters.get("tag"), filters.get("mentions")
        scope = scope_of("flags", status, None if wanted is None else folded(wanted), owner, tag, mentions)
        is_searched = any(each is not None for each in (wanted, owner, tag, mentions))
        newest = None if unchanged_since is None else newest_first(instant(unchanged_since))
        after, high = None, None if unchanged_since is None else latest(instant(unchanged_since))
        if last_key is not None:
            position = Position(last_key, scope=scope, length=2)
            updated_at = text(position.id())
            after = newest_first(updated_at), position.id()
            high = min(high or latest(updated_at), latest(updated_at), key=lambda each: each["S"])

        def of_status(status: FlagStatus) -> Iterable[Item]:
            query = IndexQuery(
                index="status-index",
                partition="status",
                value=status,
                sort="updated_at",
                high=high,
                forward=False,
            )
            return self._table.ordered(
                query,
                limit=MAX_PAGE if is_searched else limit,
                tie=lambda item: tie_of(item["updated_at"]),
                order=_newest_first,
                after=after,
            )

        def fits(item: Item) -> bool:
            if newest is not None and newest_first(item["updated_at"]) < newest:
                return False
            if not _is_flag(item) or not _may_name(item, mentions):
                return False
            return _is_searched_for(item, wanted, owner=owner, tag=tag)

        merged = merge(*map(of_status, FlagStatus if status is None else [status]), key=_newest_first)
        flags = filter(fits, _each_once(merged))
        items = page_of(flags, limit=limit, read=lambda item: item, scope=scope, position=_position)
        return Page.read(
            items, _read, named=lambda item: str(item["id"]["S"]), last_key=items.last_key, unreadable=items.unreadable
        )

    def replace(self, flag: FeatureFlag, *, expected_revision: int, audit: AuditEntry) -> None:
        """See ``FlagStore.replace``."""
        put = Put(item=_flag_item(flag), condition=_at_revision(expected_revision), answer="ALL_OLD")
        reasons = self._table.put_together([put, Put(item=_entry_item(audit))])
        if not reasons:
            return
        standing = reasons[0].standing or self._table.get(flag.id)
        if standing is None or not _is_flag(standing):
            raise NotFoundError("flag", flag.id)
        raise ConflictError(
            f"flag {flag.id!r} is at revision {_revision(standing)}, not {expected_revision}: read it again"
        )

    def pending(self, *, limit: int) -> Sequence[OutboxMessage]:
        """See ``Outbox.pending``: the audit entries, of kind ``audit``.

        DynamoDB fills an index a moment after the table, so an entry may show up late, or once more after it was
        settled. Whoever delivers has to come again, and the audit log takes an entry once.
        """
        check_page_limit(limit)
        query = IndexQuery(index="unlogged-index", partition="unlogged", value=_AUDIT, sort="created_at")
        items = self._table.ordered(
            query,
            limit=limit,
            tie=lambda item: item["created_at"]["S"],
            order=lambda item: (item["created_at"]["S"], item["id"]["S"]),
            after=None,
        )
        return [self._table.read(_read_entry, item) for item in islice(items, limit)]

    def settle(self, message_ids: Sequence[str]) -> None:
        """See ``Outbox.settle``."""
        self._table.delete_all([_ENTRY_ID + message_id for message_id in message_ids])


def _flag_item(flag: FeatureFlag) -> Item:
    item = {
        "id": text(flag.id),
        "name": text(flag.name),
        "description": text(flag.description),
        "rules": text(flag.rules.text),
        "status": text(flag.status),
        "revision": whole(flag.revision),
        "created_at": instant(flag.created_at),
        "updated_at": instant(flag.updated_at),
    }
    if flag.targeting is not None:
        item["targeting"] = text(flag.targeting.text)
    return check_item("rules", item)


def _read(item: Item) -> FeatureFlag:
    return read_stored("flag", item["id"]["S"], lambda: _read_flag(item))


def _read_flag(item: Item) -> FeatureFlag:
    rules = item["rules"]
    return FeatureFlag(
        id=item["id"]["S"],
        name=item["name"]["S"],
        description=item["description"]["S"],
        rules=Document(rules["S"]) if "revision" in item else read_document(rules, field="rules"),
        targeting=Document(item["targeting"]["S"]) if "targeting" in item else None,
        status=FlagStatus(item["status"]["S"]),
        revision=_revision(item),
        created_at=read_instant(item["created_at"]),
        updated_at=read_instant(item["updated_at"]),
    )


def _entry_item(entry: AuditEntry) -> Item:
    record = json.dumps(audit_record(entry), ensure_ascii=False, separators=(",", ":"))
    item = {
        "id": text(_ENTRY_ID + entry.id),
        "unlogged": text(_AUDIT),
        "entity_id": text(entry.entity_id),
        "document": text(record),
        "created_at": instant(entry.created_at),
    }
    return check_item("audit.data", item)


def _read_entry(item: Item) -> OutboxMessage:
    return OutboxMessage(
        id=item["id"]["S"].removeprefix(_ENTRY_ID),
        kind=_AUDIT,
        entity_id=item["entity_id"]["S"],
        document=Document(item["document"]["S"]),
        created_at=read_instant(item["created_at"]),
    )


def _is_flag(item: Item) -> bool:
    return "rules" in item


def _is_searched_for(item: Item, wanted: str | None, *, owner: str | None, tag: str | None) -> bool:
    """By what is written there: what cannot be read is found by its id and its name all the same."""
    if not contains(wanted, (str(item[name].get("S", "")) for name in ("id", "name", "description") if name in item)):
        return False
    if owner is None and tag is None:
        return True
    try:
        targeting = json.loads(item["targeting"]["S"])
    except (KeyError, ValueError, RecursionError):
        return False
    return isinstance(targeting, dict) and is_marked(targeting, owner=owner, tag=tag)


def _may_name(item: Item, ids: tuple[str, ...] | None) -> bool:
    """What is not written as we do, as the guide's own code writes rules, is read to be looked at."""
    parts = [item[name] for name in ("rules", "targeting") if name in item]
    if not all("S" in part for part in parts):
        return True
    return may_name((part["S"] for part in parts), ids)


def _revision(item: Item) -> int:
    """The guide's own items have none."""
    return int(item["revision"]["N"]) if "revision" in item else 1


def _at_revision(expected: int) -> Condition:
    values = {":expected": whole(expected)}
    if expected != 1:
        return Condition("#revision = :expected", {"#revision": "revision"}, values)
    return Condition(
        "#revision = :expected OR (attribute_not_exists(#revision) AND attribute_exists(#rules))",
        {"#revision": "revision", "#rules": "rules"},
        values,
    )


def _newest_first(item: Item) -> tuple[tuple[int, ...], str]:
    """By text: written by hand, ``updated_at`` may be no moment, and then has a place of its own all the same."""
    return newest_first(item["updated_at"]), item["id"]["S"]


def _position(item: Item) -> list[CursorValue]:
    return [item["updated_at"]["S"], item["id"]["S"]]


def _each_once(items: Iterable[Item]) -> Iterator[Item]:
    """A flag that changes its status between two of the queries is in both of their answers."""
    seen: set[str] = set()
    for item in items:
        if item["id"]["S"] not in seen:
            seen.add(item["id"]["S"])
            yield item
