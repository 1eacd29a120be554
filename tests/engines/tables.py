"""Fresh DynamoDB tables on either engine, over one client for the whole session."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config

from variate.stores.dynamodb import DynamoDBTables

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient


KEYS = ("assignments", "events", "feature-flags", "experiments", "overrides")


@dataclass(frozen=True, slots=True)
class FreshTables:
    """A ``TableSource`` whose tables nobody else uses."""

    client: DynamoDBClient
    environment: str

    def table_name(self, table_key: str) -> str:
        """Return a name by the convention."""
        return f"experimentation-{table_key}-{self.environment}"

    def drop(self) -> None:
        """Delete the tables there are: an engine grows slow with hundreds."""
        for key in KEYS:
            with contextlib.suppress(self.client.exceptions.ResourceNotFoundException):
                self.client.delete_table(TableName=self.table_name(key))


@pytest.fixture(params=["ministack", "dynoxide"])
def unmade_tables(request: pytest.FixtureRequest, environment_name: str) -> Iterator[FreshTables]:
    """The names of tables, on each engine in turn, that nobody made yet."""
    endpoint = "dynamodb_endpoint" if request.param == "ministack" else "dynoxide_endpoint"
    tables = FreshTables(low_level_client(request.getfixturevalue(endpoint)), environment_name)
    yield tables
    tables.drop()


@pytest.fixture
def tables(unmade_tables: FreshTables) -> FreshTables:
    """Empty tables, on each engine in turn."""
    DynamoDBTables(unmade_tables).migrate()
    return unmade_tables


@cache
def low_level_client(endpoint: str) -> DynamoDBClient:
    """Return the session's client of this engine."""
    config = Config(retries={"mode": "standard", "total_max_attempts": 4}, max_pool_connections=60)
    return boto3.client("dynamodb", endpoint_url=endpoint, region_name="us-east-1", config=config)
