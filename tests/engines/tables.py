"""Fresh DynamoDB tables on either engine, over one client for the whole session."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import uuid4

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
    asked: set[str] = field(default_factory=set, compare=False)
    """The names that were asked for since they were emptied: nothing is written to a table before."""

    def table_name(self, table_key: str) -> str:
        """Return a name by the convention."""
        name = f"experimentation-{table_key}-{self.environment}"
        self.asked.add(name)
        return name

    def empty(self) -> None:
        """Delete every item."""
        for name in sorted(self.asked):
            pages = self.client.get_paginator("scan").paginate(TableName=name, ProjectionExpression="id")
            found: list[Any] = [
                {"DeleteRequest": {"Key": {"id": item["id"]}}} for page in pages for item in page["Items"]
            ]
            for start in range(0, len(found), 25):
                self.client.batch_write_item(RequestItems={name: found[start : start + 25]})
        self.asked.clear()

    def drop(self) -> None:
        """Delete the tables there are: an engine grows slow with hundreds."""
        for key in KEYS:
            with contextlib.suppress(self.client.exceptions.ResourceNotFoundException):
                self.client.delete_table(TableName=self.table_name(key))


@pytest.fixture(params=["ministack", "dynoxide"])
def each_engine(request: pytest.FixtureRequest) -> DynamoDBClient:
    """A client of each engine in turn."""
    endpoint = "dynamodb_endpoint" if request.param == "ministack" else "dynoxide_endpoint"
    return low_level_client(request.getfixturevalue(endpoint))


@pytest.fixture
def unmade_tables(each_engine: DynamoDBClient, environment_name: str) -> Iterator[FreshTables]:
    """The names of tables, on each engine in turn, that nobody made yet."""
    tables = FreshTables(each_engine, environment_name)
    yield tables
    tables.drop()


@pytest.fixture
def tables(each_engine: DynamoDBClient) -> Iterator[FreshTables]:
    """Empty tables, on each engine in turn: made once and emptied after each test, which is quicker."""
    tables = made_tables(each_engine)
    yield tables
    tables.empty()


@cache
def made_tables(client: DynamoDBClient) -> FreshTables:
    """Return this process's tables on the engine."""
    tables = FreshTables(client, f"t{uuid4().hex[:16]}")
    DynamoDBTables(tables).migrate()
    return tables


@cache
def low_level_client(endpoint: str) -> DynamoDBClient:
    """Return the session's client of this engine."""
    config = Config(retries={"mode": "standard", "total_max_attempts": 4}, max_pool_connections=60)
    return boto3.client("dynamodb", endpoint_url=endpoint, region_name="us-east-1", config=config)
