"""What is larger than an item: payloads by digest, in parts, of which the one that a head item names counts.

``snapshot#<digest>`` is the head. A payload has a token of its own, so that two who put at once do not mix their parts:
``snapshot#<digest>#<token>`` says how many parts there are, ``snapshot#<digest>#<token>#<number>`` are these. The head
is written last. A payload that no head names was left behind by somebody who ended in between, by a purge that did, or
was damaged and replaced.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid4

from variate.errors import StoreError, StoreUnavailableError
from variate.stores.dynamodb.attributes import Item, instant, read_instant, text, whole
from variate.stores.dynamodb.conditions import Condition
from variate.stores.dynamodb.item_table import ItemTable
from variate.stores.dynamodb.queries import IndexQuery
from variate.stores.dynamodb.writes import Put
from variate.stores.packing import damaged, unpacked

PART_BYTES = 350_000
"""An item holds 409,600 bytes, and engines that stand in for DynamoDB may count a little more for it."""

_PREFIX = "snapshot#"
_HEAD, _PAYLOAD = "snapshot", "payload"
_ROUNDS = 10
_PAGE = 100

_NOT_THERE = Condition("attribute_not_exists(id)")
_STANDS = Condition("attribute_exists(id) AND attribute_not_exists(#going)", {"#going": "going"})
_NEVER_COUNTED = Condition("attribute_not_exists(#counted)", {"#counted": "counted"})
_TRUE = {"BOOL": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Which payload counts under ``digest``, and when it was last used."""

    digest: str
    token: str
    parts: int
    used_at: datetime

    def item(self, kept: str, item_id: str) -> Item:
        """Return it as an item that the index finds among the ``kept``."""
        return {
            "id": text(item_id),
            "kept": text(kept),
            "used_at": instant(self.used_at),
            "digest": text(self.digest),
            "token": text(self.token),
            "parts": whole(self.parts),
        }

    @property
    def id(self) -> str:
        """The id of the head's item."""
        return f"{_PREFIX}{self.digest}"

    @property
    def payload_id(self) -> str:
        """The id of the payload's item."""
        return f"{_PREFIX}{self.digest}#{self.token}"

    @property
    def part_ids(self) -> list[str]:
        """The ids of the parts' items, in order."""
        return [f"{self.payload_id}#{number}" for number in range(self.parts)]

    def used(self, *, at: datetime) -> Put:
        """Return the put that makes it used at ``at``; refused where it was replaced, deleted or used later still."""
        later = replace(self, used_at=max(self.used_at, at))
        return Put(item=later.item(_HEAD, self.id), condition=self.stands(later.used_at))

    def stands(self, used_at: datetime) -> Condition:
        """Return the condition that it was not replaced or deleted, nor used later than this."""
        return Condition(
            "#token = :token AND #used_at <= :used_at",
            {"#token": "token", "#used_at": "used_at"},
            {":token": text(self.token), ":used_at": instant(used_at)},
        )


class Payloads:
    """The payloads in one table."""

    def __init__(self, table: ItemTable) -> None:
        self._table = table

    def head(self, digest: str) -> Head | None:
        """Return what counts under the digest, strongly consistent, or None."""
        item = self._table.get(f"{_PREFIX}{digest}")
        return None if item is None else self._table.read(_read_head, item)

    def put(self, digest: str, data: bytes, *, at: datetime) -> None:
        """Store the payload unless a whole one is there, which is then used at ``at``."""
        for _ in range(_ROUNDS):
            head = self.head(digest)
            if head is not None and self._is_whole(head):
                done = self._table.put(head.used(at=at)) is None
            else:
                done = self._write(digest, data, at=at, instead_of=head)
            if done:
                return
        raise _busy(digest)

    def get(self, digest: str) -> bytes | None:
        """Return the payload, strongly consistent, or None; raise ``StoreError`` where a part of it is missing."""
        head = self.head(digest)
        for _ in range(_ROUNDS):
            if head is None:
                return None
            parts = self._table.get_all(head.part_ids)
            if len(parts) == head.parts:
                return self._joined(head, parts)
            # Perhaps it was purged while it was read, or even put again since.
            before, head = head, self.head(digest)
            if head is not None and head.token == before.token:
                raise damaged(digest, "lacks a part")
        raise _busy(digest)

    def purge(self, *, before: datetime, in_force: Set[str]) -> int:
        """Delete those last used before this that are not in force, and what was left behind; return how many.

        The index may be a moment behind, so each item is looked at once more as it is deleted.
        """
        purged = 0
        for head in self._old(_HEAD, before):
            if head.digest not in in_force:
                purged += self._table.delete(head.id, _older_than(before))
        for payload in self._old(_PAYLOAD, before):
            self._clear(payload)
        return purged

    def _is_whole(self, head: Head) -> bool:
        """Return whether it is seen to be what its digest says. What is sealed never is: it may not open any more."""
        parts = self._table.get_all(head.part_ids)
        if len(parts) < head.parts:
            return False
        try:
            return unpacked(head.digest, self._joined(head, parts)).sealed_digest is None
        except StoreError:
            return False

    def _joined(self, head: Head, parts: Mapping[str, Item]) -> bytes:
        return b"".join(self._table.read(_data_of, parts[each]) for each in head.part_ids)

    def _write(self, digest: str, data: bytes, *, at: datetime, instead_of: Head | None) -> bool:
        """Store the payload and make it count; return False where another counts by now, or this one was purged.

        Then nothing is left of it, unless it is the one that counts.
        """
        parts = [data[start : start + PART_BYTES] for start in range(0, len(data), PART_BYTES)]
        used_at = at if instead_of is None else max(at, instead_of.used_at)
        head = Head(digest=digest, token=uuid4().hex, parts=len(parts), used_at=used_at)
        stands = _NOT_THERE if instead_of is None else instead_of.stands(used_at)
        payload = head.item(_PAYLOAD, head.payload_id)
        self._table.put(Put(item=payload))
        for part_id, part in zip(head.part_ids, parts, strict=True):
            self._table.put(Put(item={"id": text(part_id), "data": {"B": part}}))
        counted = Put(item=payload | {"counted": _TRUE}, condition=_STANDS)
        if not self._table.put_together([Put(item=head.item(_HEAD, head.id), condition=stands), counted]):
            return True
        # If it was purged in the midst of the parts, no purge would find those that came after.
        self._drop(head, payload, _NEVER_COUNTED)
        return False

    def _old(self, kept: str, before: datetime) -> list[Head]:
        query = IndexQuery(index="kept-index", partition="kept", value=kept, sort="used_at", high=instant(before))
        found = [self._table.read(_read_head, item) for item in self._table.query(query, page_size=_PAGE)]
        return [each for each in found if each.used_at < before]

    def _clear(self, payload: Head) -> None:
        """Delete the payload with its parts unless it counts; if this ends in between, the next purge goes on."""
        item = self._table.get(payload.payload_id)
        standing = self.head(payload.digest)
        if item is None or (standing is not None and standing.token == payload.token):
            return
        # A payload comes to count once. If this one never did, it may be doing so now, and then this is refused;
        # else it is refused to whoever is still writing it.
        self._drop(payload, item, None if "counted" in item else _NEVER_COUNTED)

    def _drop(self, payload: Head, item: Item, condition: Condition | None) -> None:
        if self._table.put(Put(item=item | {"going": _TRUE}, condition=condition)) is None:
            self._table.delete_all(payload.part_ids)
            self._table.delete_all([payload.payload_id])


def _older_than(moment: datetime) -> Condition:
    return Condition("#used_at < :before", {"#used_at": "used_at"}, {":before": instant(moment)})


def _read_head(item: Item) -> Head:
    return Head(
        digest=item["digest"]["S"],
        token=item["token"]["S"],
        parts=int(item["parts"]["N"]),
        used_at=read_instant(item["used_at"]),
    )


def _data_of(item: Item) -> bytes:
    return bytes(item["data"]["B"])


def _busy(digest: str) -> StoreUnavailableError:
    return StoreUnavailableError(f"snapshot {digest} is put and purged all the time: try again later")
