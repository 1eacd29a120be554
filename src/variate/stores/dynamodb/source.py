"""What the stores ask of a client: the names of the tables and the way to the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


class TableSource(Protocol):
    """The guide's client. Both are asked for at every operation, so both answer from memory."""

    def table_name(self, table_key: str) -> str:
        """Return the name of the table for ``assignments``, ``events``, ``feature-flags`` and so on."""

    @property
    def client(self) -> DynamoDBClient:
        """The low-level client, which is not a resource's ``meta.client``: that one translates every value."""
