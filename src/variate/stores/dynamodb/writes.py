"""Conditional puts: one, or many at once, each with an answer of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from variate.errors import StoreError
from variate.stores.dynamodb.attributes import Item, item_bytes
from variate.stores.dynamodb.conditions import Condition
from variate.stores.dynamodb.faults import ContendedError

MAX_TRANSACTION_ITEMS = 100
MAX_TRANSACTION_BYTES = 1_300_000
"""DynamoDB takes 4 MB of items. Engines that stand in for it count JSON's escapes too: three times as much at worst."""

# Full jitter. botocore retries requests; it knows nothing of transactions that met another and of unprocessed items.
persistently = Retrying(
    retry=retry_if_exception_type(ContendedError),
    wait=wait_random_exponential(multiplier=0.02, max=1.0),
    stop=stop_after_attempt(14),
    reraise=True,
)

_MET_ANOTHER = frozenset(
    {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded", "TransactionInProgress"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """An item to be stored, where ``condition`` holds; ``answer`` says whether a refusal brings what stands there."""

    item: Item
    condition: Condition | None = None
    answer: Literal["ALL_OLD", "NONE"] = "NONE"

    @property
    def id(self) -> str:
        """The item's id."""
        found: str = self.item["id"]["S"]
        return found

    def as_arguments(self, table: str) -> dict[str, Any]:
        """Return the put as the engine takes it, alone or in a transaction."""
        arguments: dict[str, Any] = {"TableName": table, "Item": self.item}
        if self.condition is not None:
            arguments |= self.condition.as_arguments()
            if self.answer != "NONE":
                arguments["ReturnValuesOnConditionCheckFailure"] = self.answer
        return arguments


@dataclass(frozen=True, slots=True)
class Refusal:
    """The condition did not hold. ``standing`` is what stands there, where asked for and where the engine said so."""

    standing: Item | None


@dataclass(frozen=True, slots=True)
class Reason:
    """What a cancelled transaction says of one of its puts."""

    code: str
    message: str
    standing: Item | None

    @property
    def is_refusal(self) -> bool:
        """Whether this put's condition did not hold."""
        return self.code == "ConditionalCheckFailed"

    @property
    def is_contention(self) -> bool:
        """Whether the same put may pass a moment later."""
        return self.code in _MET_ANOTHER


def raise_unless_transient(reasons: Sequence[Reason], *, table: str) -> None:
    """Raise ``StoreError`` where one of the puts can never pass."""
    for reason in reasons:
        if reason.code != "None" and not reason.is_refusal and not reason.is_contention:
            raise StoreError(f"DynamoDB refused a put into {table} ({reason.code}: {reason.message})")


def batches(puts: Sequence[Put]) -> Iterator[list[Put]]:
    """Yield the puts in batches that fit in one transaction."""
    batch: list[Put] = []
    size = 0
    for put in puts:
        added = item_bytes(put.item)
        if batch and (len(batch) == MAX_TRANSACTION_ITEMS or size + added > MAX_TRANSACTION_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(put)
        size += added
    if batch:
        yield batch
