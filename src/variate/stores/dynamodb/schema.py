"""The tables: the guide's names, keys and indexes, and what variate adds to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

TTL_ATTRIBUTE = "ttl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """A global secondary index over whole items; ``numeric`` says that it sorts by a number, not by text."""

    name: str
    partition: str
    sort: str
    numeric: bool = False

    @property
    def key_schema(self) -> list[Any]:
        """The key as DynamoDB describes it."""
        return [
            {"AttributeName": self.partition, "KeyType": "HASH"},
            {"AttributeName": self.sort, "KeyType": "RANGE"},
        ]

    @property
    def attribute_types(self) -> dict[str, str]:
        """The types of the attributes in the key."""
        return {self.partition: "S", self.sort: "N" if self.numeric else "S"}

    @property
    def definition(self) -> dict[str, Any]:
        """The index as DynamoDB makes it."""
        return {"IndexName": self.name, "KeySchema": self.key_schema, "Projection": {"ProjectionType": "ALL"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSchema:
    """A table with the key ``id``. Items of one that ``expires`` are deleted some time after their ``ttl``."""

    key: str
    indexes: tuple[Index, ...] = ()
    expires: bool = False

    @property
    def key_schema(self) -> list[Any]:
        """The key as DynamoDB describes it."""
        return [{"AttributeName": "id", "KeyType": "HASH"}]

    @property
    def attribute_types(self) -> dict[str, str]:
        """The types of the attributes in any key."""
        types = {"id": "S"}
        for index in self.indexes:
            types |= index.attribute_types
        return types


SCHEMA = (
    TableSchema(
        key="assignments",
        indexes=(
            Index(name="user-experiment-index", partition="user_id", sort="experiment_id"),
            Index(name="experiment-index", partition="experiment_id", sort="assigned_at", numeric=True),
        ),
        expires=True,
    ),
    TableSchema(
        key="events",
        indexes=(
            Index(name="user-event-index", partition="user_id", sort="timestamp"),
            Index(name="slot-index", partition="slot", sort="timestamp"),
        ),
        expires=True,
    ),
    TableSchema(
        key="feature-flags",
        indexes=(
            Index(name="status-index", partition="status", sort="updated_at"),
            Index(name="unlogged-index", partition="unlogged", sort="created_at"),
        ),
    ),
    TableSchema(key="experiments", indexes=(Index(name="kept-index", partition="kept", sort="used_at"),)),
    TableSchema(
        key="overrides",
        indexes=(
            Index(name="user-index", partition="user_id", sort="target_id"),
            Index(name="target-index", partition="target_id", sort="user_id"),
            Index(name="type-index", partition="type", sort="target_id"),
        ),
        expires=True,
    ),
)


def attribute_definitions(types: dict[str, str]) -> list[Any]:
    """Return the types as DynamoDB takes them."""
    return [{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()]
