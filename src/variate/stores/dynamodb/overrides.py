"""The overrides in DynamoDB: one item per unit and target, and a tombstone where one was removed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from variate.model import Override, OverrideTarget, Page, override_id
from variate.stores.dynamodb.attributes import Item, instant, read_instant, text
from variate.stores.dynamodb.conditions import Condition, alive, equal, is_alive, lifetime, read_end
from variate.stores.dynamodb.item_table import ItemTable
from variate.stores.dynamodb.queries import IndexQuery, Position, check_page_limit, page_of, scope_of
from variate.stores.dynamodb.source import TableSource
from variate.stores.dynamodb.writes import Put, Refusal
from variate.stores.removals import forgotten_at


class DynamoDBOverrideStore:
    """An ``OverrideStore`` in the guide's ``overrides`` table.

    A tombstone has neither unit nor target, so it is in no index.
    """

    def __init__(self, tables: TableSource) -> None:
        self._table = ItemTable(tables, "overrides")

    def put(self, override: Override) -> None:
        """See ``OverrideStore.put``."""
        self._table.put(Put(item=_item(override), condition=_older_than(override.created_at)))

    def remove(self, *, unit: str, target: OverrideTarget, target_id: str, at: datetime) -> bool:
        """See ``OverrideStore.remove``."""
        tombstone = {
            "id": text(override_id(target=target, target_id=target_id, unit=unit)),
            "created_at": instant(at),
            **lifetime(forgotten_at(at)),
        }
        before = self._table.exchange(Put(item=tombstone, condition=_older_than(at)))
        return before is not None and not isinstance(before, Refusal) and _is_in_force(before, at=at)

    def get(self, *, unit: str, target: OverrideTarget, target_id: str, at: datetime) -> Override | None:
        """See ``OverrideStore.get``."""
        item = self._table.get(override_id(target=target, target_id=target_id, unit=unit))
        return None if item is None or not _is_in_force(item, at=at) else self._read(item)

    def of_target(
        self, *, target: OverrideTarget, target_id: str, at: datetime, limit: int, last_key: str | None = None
    ) -> Page[Override]:
        """See ``OverrideStore.of_target``."""
        check_page_limit(limit)
        after, scope = None, scope_of("overrides of target", target, target_id)
        if last_key is not None:
            position = Position(last_key, scope=scope, length=2)
            after = (position.id(), position.id())
        items = self._on_target(target, target_id, at=at, limit=limit, after=after)
        return page_of(items, limit=limit, read=self._read, scope=scope, position=_target_order)

    def of_unit(self, unit: str, *, at: datetime, limit: int, last_key: str | None = None) -> Page[Override]:
        """See ``OverrideStore.of_unit``."""
        check_page_limit(limit)
        after, scope = None, scope_of("overrides of unit", unit)
        if last_key is not None:
            position = Position(last_key, scope=scope, length=3)
            after = (position.one_of(*OverrideTarget), position.id(), position.id())
        items = (
            item
            for target in sorted(OverrideTarget)
            if after is None or target >= after[0]
            for item in self._of_unit_and_target(unit, target, at=at, limit=limit, after=after)
        )
        return page_of(items, limit=limit, read=self._read, scope=scope, position=_unit_order)

    def of_type(
        self, target: OverrideTarget, *, at: datetime, limit: int, last_key: str | None = None
    ) -> Page[Override]:
        """See ``OverrideStore.of_type``."""
        check_page_limit(limit)
        after, scope = None, scope_of("overrides of type", target)
        if last_key is not None:
            position = Position(last_key, scope=scope, length=3)
            after = (position.id(), position.id(), position.id())
        items = self._of_type(target, at=at, limit=limit, after=after)
        return page_of(items, limit=limit, read=self._read, scope=scope, position=_type_order)

    def purge(self, *, expired_before: datetime) -> int:  # noqa: ARG002 - DynamoDB deletes by ``ttl`` itself
        """See ``OverrideStore.purge``."""
        return 0

    def _on_target(
        self, target: OverrideTarget, target_id: str, *, at: datetime, limit: int, after: tuple[str, str] | None
    ) -> Iterable[Item]:
        query = IndexQuery(
            index="target-index",
            partition="target_id",
            value=target_id,
            sort="user_id",
            low=None if after is None else text(after[0]),
            filters=(alive(at), equal("type", target)),
        )
        return self._table.ordered(
            query, limit=limit, tie=lambda item: item["user_id"]["S"], order=_target_order, after=after
        )

    def _of_type(
        self, target: OverrideTarget, *, at: datetime, limit: int, after: tuple[str, str, str] | None
    ) -> Iterable[Item]:
        if after is not None:
            # The rest of the target where the last page ended comes from the index that has it in order of unit: here
            # it is one tie, and where it fills many pages, each would read it whole.
            yield from self._on_target(target, after[0], at=at, limit=limit, after=after[1:])
        query = IndexQuery(
            index="type-index",
            partition="type",
            value=target,
            sort="target_id",
            low=None if after is None else text(after[0]),
            beyond=after is not None,
            filters=(alive(at),),
        )
        yield from self._table.ordered(
            query, limit=limit, tie=lambda item: item["target_id"]["S"], order=_type_order, after=None
        )

    def _of_unit_and_target(
        self, unit: str, target: OverrideTarget, *, at: datetime, limit: int, after: tuple[str, str, str] | None
    ) -> Iterable[Item]:
        begun = after if after is not None and after[0] == target else None
        query = IndexQuery(
            index="user-index",
            partition="user_id",
            value=unit,
            sort="target_id",
            low=None if begun is None else text(begun[1]),
            filters=(alive(at), equal("type", target)),
        )
        return self._table.ordered(
            query, limit=limit, tie=lambda item: item["target_id"]["S"], order=_unit_order, after=begun
        )

    def _read(self, item: Item) -> Override:
        return self._table.read(_read_override, item)


def _item(override: Override) -> Item:
    return {
        "id": text(override.id),
        "user_id": text(override.unit),
        "target_id": text(override.target_id),
        "type": text(override.target),
        "value": text(override.value),
        "reason": text(override.reason),
        "created_at": instant(override.created_at),
        **lifetime(override.expires_at),
    }


def _read_override(item: Item) -> Override:
    return Override(
        unit=item["user_id"]["S"],
        target=OverrideTarget(item["type"]["S"]),
        target_id=item["target_id"]["S"],
        value=item["value"]["S"],
        reason=item["reason"]["S"] if "reason" in item else "",
        created_at=read_instant(item["created_at"]),
        expires_at=read_end(item),
    )


def _older_than(moment: datetime) -> Condition:
    """Nothing is there, or an override or a removal from before ``moment``."""
    return Condition("attribute_not_exists(id) OR created_at < :moment", values={":moment": instant(moment)})


def _is_in_force(item: Item, *, at: datetime) -> bool:
    return "user_id" in item and is_alive(item, at=at)


def _target_order(item: Item) -> tuple[str, str]:
    return item["user_id"]["S"], item["id"]["S"]


def _type_order(item: Item) -> tuple[str, str, str]:
    return item["target_id"]["S"], item["user_id"]["S"], item["id"]["S"]


def _unit_order(item: Item) -> tuple[str, str, str]:
    return item["type"]["S"], item["target_id"]["S"], item["id"]["S"]
