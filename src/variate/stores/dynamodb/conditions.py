"""Conditions and filters, and what they say about an item's end of life."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from variate.model.record import epoch_seconds
from variate.stores.dynamodb.attributes import Attribute, Item, epoch, read_epoch, text, whole


@dataclass(frozen=True, slots=True)
class Condition:
    """An expression with the names and values it uses."""

    expression: str
    names: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Attribute] = field(default_factory=dict)

    def as_arguments(self) -> dict[str, Any]:
        """Return the condition as a write takes it."""
        arguments: dict[str, Any] = {"ConditionExpression": self.expression}
        if self.names:
            arguments["ExpressionAttributeNames"] = self.names
        if self.values:
            arguments["ExpressionAttributeValues"] = self.values
        return arguments


def lifetime(expires_at: datetime | None) -> Item:
    """Return the attributes that end an item's life.

    DynamoDB deletes by ``ttl``, in whole seconds and days late; ``expires_at`` is the exact moment. The guide's own
    items have the former only.
    """
    if expires_at is None:
        return {}
    return {"ttl": whole(epoch_seconds(expires_at)), "expires_at": epoch(expires_at)}


def read_end(item: Item) -> datetime | None:
    """Return when the item's life ends, or None."""
    end = item.get("expires_at") or item.get("ttl")
    return None if end is None else read_epoch(end)


def is_alive(item: Item, *, at: datetime) -> bool:
    """Whether the item's life goes on after ``at``."""
    end = read_end(item)
    return end is None or end > at


def vacant(at: datetime) -> Condition:
    """The place is free: nothing is there, or what is there ended at or before ``at`` and is not yet deleted."""
    return Condition("attribute_not_exists(id) OR expires_at <= :at", values={":at": epoch(at)})


def fills(item: Item, *, at: datetime) -> bool:
    """Whether the item is in a place and keeps ``vacant`` from holding there."""
    return "expires_at" not in item or read_epoch(item["expires_at"]) > at


def alive(at: datetime) -> Condition:
    """The item's life goes on after ``at``."""
    # Our own items have both or neither, and ``ttl`` is never the earlier; the guide's have ``ttl`` at most.
    return Condition(
        "expires_at > :at OR (attribute_not_exists(expires_at) AND (attribute_not_exists(#ttl) OR #ttl > :at))",
        {"#ttl": "ttl"},
        {":at": epoch(at)},
    )


def equal(name: str, value: str) -> Condition:
    """The attribute is this text."""
    return Condition(f"#{name} = :{name}", {f"#{name}": name}, {f":{name}": text(value)})


def all_of(conditions: Iterable[Condition]) -> Condition:
    """All of the conditions hold."""
    found = tuple(conditions)
    return Condition(
        " AND ".join(f"({condition.expression})" for condition in found),
        {key: name for condition in found for key, name in condition.names.items()},
        {key: value for condition in found for key, value in condition.values.items()},
    )
