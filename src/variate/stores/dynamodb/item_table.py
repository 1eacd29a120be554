"""One of the tables: its requests and answers, with errors in our words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from variate.errors import StoreError
from variate.stores.dynamodb.attributes import Item, text
from variate.stores.dynamodb.conditions import Condition
from variate.stores.dynamodb.faults import ContendedError, Translated, driver, error_code
from variate.stores.dynamodb.queries import IndexQuery, in_order
from variate.stores.dynamodb.source import TableSource
from variate.stores.dynamodb.writes import Put, Reason, Refusal, batches, persistently, raise_unless_transient

T = TypeVar("T")

_DELETES_A_REQUEST = 25
_READS_A_REQUEST = 100


class ItemTable:
    """The items of one table, by their key ``id``."""

    def __init__(self, tables: TableSource, key: str) -> None:
        self._tables = tables
        self._key = key

    @property
    def name(self) -> str:
        """The table's name in DynamoDB."""
        return self._tables.table_name(self._key)

    def get(self, item_id: str) -> Item | None:
        """Return the item as it is now, strongly consistent, or None."""
        name = self.name
        with Translated(name):
            answer: Any = self._tables.client.get_item(TableName=name, Key={"id": text(item_id)}, ConsistentRead=True)
        item: Item | None = answer.get("Item")
        return item

    def get_all(self, item_ids: Sequence[str]) -> dict[str, Item]:
        """Return the items of these ids that there are, by id, each strongly consistent."""
        found: dict[str, Item] = {}
        pending = list(dict.fromkeys(item_ids))
        while pending:
            items, unread = persistently(self._get_some, pending[:_READS_A_REQUEST])
            found.update((item["id"]["S"], item) for item in items)
            pending = [*unread, *pending[_READS_A_REQUEST:]]
        return found

    def read(self, read: Callable[[Item], T], item: Item) -> T:
        """Return ``read(item)``; raise ``StoreError`` naming the item where that is not what is written there."""
        try:
            return read(item)
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            found = f"the item {item.get('id')} of {self.name}"
            raise StoreError(f"{found} is not what variate writes there: {error!r}") from error

    def put(self, put: Put) -> Refusal | None:
        """Store the item and return None, or say that its condition did not hold."""
        try:
            self._put(put)
        except ContendedError:
            return persistently(self._try_put, put)
        except _RefusedError as refused:
            return Refusal(refused.standing)
        return None

    def exchange(self, put: Put) -> Item | Refusal | None:
        """Store the item and return the one it replaced, if any; or say that its condition did not hold."""
        try:
            before: Item | None = persistently(self._put, put, ReturnValues="ALL_OLD").get("Attributes")
        except _RefusedError as refused:
            return Refusal(refused.standing)
        return before

    def put_all(self, puts: Sequence[Put]) -> list[Refusal | None]:
        """Do each put, of different ids, as ``put`` does; return their answers in order.

        If it raises, some may be stored.
        """
        if len(puts) == 1:
            return [self.put(puts[0])]
        refusals: dict[str, Refusal] = {}
        for batch in batches(puts):
            persistently(_Batch(self, batch, refusals).advance)
        return [refusals.get(put.id) for put in puts]

    def put_together(self, puts: Sequence[Put]) -> Sequence[Reason]:
        """Do all the puts, of different ids, or none; return nothing if done, else a reason for each."""
        return persistently(self._put_together, puts)

    def delete(self, item_id: str, condition: Condition) -> bool:
        """Delete the item if the condition holds, and return whether it did."""
        return persistently(self._delete, item_id, condition)

    def delete_all(self, item_ids: Sequence[str]) -> None:
        """Delete the items of these ids; those that are not there are passed over."""
        different = list(dict.fromkeys(item_ids))
        for start in range(0, len(different), _DELETES_A_REQUEST):
            requests: list[Any] = [
                {"DeleteRequest": {"Key": {"id": text(item_id)}}}
                for item_id in different[start : start + _DELETES_A_REQUEST]
            ]
            persistently(self._write_some, requests)

    def query(self, query: IndexQuery, *, page_size: int, start: Item | None = None) -> Iterator[Item]:
        """Yield the index's items in its order, after the key ``start`` where given, asking as they are taken."""
        if query.is_empty:
            return
        name = self.name
        request: dict[str, Any] = query.as_arguments(name) | {"Limit": page_size}
        while True:
            if start is not None:
                request["ExclusiveStartKey"] = start
            with Translated(name):
                answer: Any = self._tables.client.query(**request)
            yield from answer["Items"]
            start = answer.get("LastEvaluatedKey")
            if not start:
                return

    def glance(self, query: IndexQuery, *, looked_at: int) -> tuple[Sequence[Item], Item | None]:
        """Return what is found among the index's first items, and the key of the last of them where more come after.

        It is one request, which looks at so many items at most, and at a megabyte.
        """
        if query.is_empty:
            return (), None
        name = self.name
        with Translated(name):
            answer: Any = self._tables.client.query(**query.as_arguments(name), Limit=looked_at)
        return answer["Items"], answer.get("LastEvaluatedKey") or None

    def ordered(
        self,
        query: IndexQuery,
        *,
        limit: int,
        tie: Callable[[Item], object],
        order: Callable[[Item], Any],
        after: object | None,
    ) -> Iterable[Item]:
        """Yield the index's items that come after ``after`` in its order and, where they ``tie``, in this ``order``.

        They are asked for so that one request brings a page of ``limit``.
        """
        # Beside what is given: the one by which a page is not the last, the one that ends its tie, and the one before.
        page_size = limit + 2 if after is None else limit + 3
        return in_order(self.query(query, page_size=page_size), tie=tie, order=order, after=after)

    def transact(self, puts: Sequence[Put]) -> Sequence[Reason]:
        """Ask once for all the puts or none; return nothing if done, else a reason for each."""
        name = self.name
        operations: list[Any] = [{"Put": put.as_arguments(name)} for put in puts]
        with Translated(name):
            try:
                self._tables.client.transact_write_items(TransactItems=operations)
            except driver.ClientError as error:
                found: Any = error.response.get("CancellationReasons")
                if error_code(error) != "TransactionCanceledException" or not found:
                    raise
                reasons = [Reason(r.get("Code", "None"), r.get("Message", ""), r.get("Item")) for r in found]
                raise_unless_transient(reasons, table=name)
                return reasons
        return ()

    def _get_some(self, item_ids: Sequence[str]) -> tuple[list[Item], list[str]]:
        """Return items, and the ids of those that the engine left for another request: one holds 16 MB."""
        name = self.name
        keys: Any = {"Keys": [{"id": text(item_id)} for item_id in item_ids], "ConsistentRead": True}
        with Translated(name):
            answer: Any = self._tables.client.batch_get_item(RequestItems={name: keys})
        unread = [key["id"]["S"] for key in answer.get("UnprocessedKeys", {}).get(name, {}).get("Keys", [])]
        if len(unread) == len(item_ids):
            raise ContendedError(f"DynamoDB left reads of {name} undone: try again later")
        return answer["Responses"].get(name, []), unread

    def _delete(self, item_id: str, condition: Condition) -> bool:
        name = self.name
        arguments: Any = {"TableName": name, "Key": {"id": text(item_id)}, **condition.as_arguments()}
        with Translated(name):
            try:
                self._tables.client.delete_item(**arguments)
            except driver.ClientError as error:
                if error_code(error) != "ConditionalCheckFailedException":
                    raise
                return False
        return True

    def _put(self, put: Put, **more: Any) -> Any:
        name = self.name
        with Translated(name):
            try:
                return self._tables.client.put_item(**put.as_arguments(name), **more)
            except driver.ClientError as error:
                if error_code(error) != "ConditionalCheckFailedException":
                    raise
                standing: Any = error.response.get("Item")
                raise _RefusedError(standing) from error

    def _try_put(self, put: Put) -> Refusal | None:
        try:
            self._put(put)
        except _RefusedError as refused:
            return Refusal(refused.standing)
        return None

    def _put_together(self, puts: Sequence[Put]) -> Sequence[Reason]:
        reasons = self.transact(puts)
        if reasons and not any(reason.is_refusal for reason in reasons):
            raise _busy(self.name)
        return reasons

    def _write_some(self, requests: list[Any]) -> None:
        name = self.name
        with Translated(name):
            answer = self._tables.client.batch_write_item(RequestItems={name: requests})
        requests[:] = answer.get("UnprocessedItems", {}).get(name, [])
        if requests:
            raise ContendedError(f"DynamoDB left writes to {name} undone: try again later")


class _RefusedError(Exception):
    def __init__(self, standing: Item | None) -> None:
        super().__init__()
        self.standing = standing


class _Batch:
    """Puts on their way in transactions: the refused ones leave, the others go again."""

    def __init__(self, table: ItemTable, puts: list[Put], refusals: dict[str, Refusal]) -> None:
        self._table = table
        self._pending = puts
        self._refusals = refusals

    def advance(self) -> None:
        """Go on until every put is done or refused; raise ``ContendedError`` where it is better to pause first."""
        while self._pending:
            reasons = self._table.transact(self._pending)
            if not reasons:
                return
            judged = list(zip(self._pending, reasons, strict=True))
            self._pending = [put for put, reason in judged if not reason.is_refusal]
            self._refusals.update({put.id: Refusal(reason.standing) for put, reason in judged if reason.is_refusal})
            if any(reason.is_contention for reason in reasons) or len(self._pending) == len(judged):
                raise _busy(self._table.name)


def _busy(table: str) -> ContendedError:
    return ContendedError(f"DynamoDB is busy with other writes to the same items of {table}: try again later")
