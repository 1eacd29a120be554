"""The DynamoDB client, on a real SSM and a real DynamoDB."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.engines.waiting import free_port
from tests.integration.clients.discovered import Discovered
from variate.clients import DynamoDBClient
from variate.settings import Settings


@pytest.fixture
def table_name(aws: Discovered) -> Iterator[str]:
    """An empty table with a name that no convention gives."""
    name = f"own-name-{aws.environment}"
    client = aws.session.dynamodb
    client.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    yield name
    client.delete_table(TableName=name)


def test_a_table_is_the_one_that_ssm_names(
    aws: Discovered, aws_settings: Callable[..., Settings], table_name: str
) -> None:
    aws.put("dynamodb/assignments-table", table_name)
    client = DynamoDBClient(settings=aws_settings())
    table = client.get_table("assignments")
    table.put_item(Item={"id": "1", "n": 2})
    assert client.get_table("assignments").get_item(Key={"id": "1"})["Item"] == {"id": "1", "n": 2}


def test_the_guides_transaction_and_the_low_level_client_see_the_same_items(
    aws: Discovered, aws_settings: Callable[..., Settings], table_name: str
) -> None:
    client = DynamoDBClient(settings=aws_settings())
    client.dynamodb.meta.client.transact_write_items(
        TransactItems=[{"Put": {"TableName": table_name, "Item": {"id": "1", "status": "active"}}}]
    )
    found = client.client.get_item(TableName=table_name, Key={"id": {"S": "1"}})
    assert found["Item"] == {"id": {"S": "1"}, "status": {"S": "active"}}


def test_without_a_parameter_the_name_follows_the_convention_and_the_log_says_so_once(
    aws: Discovered, aws_settings: Callable[..., Settings], caplog: pytest.LogCaptureFixture
) -> None:
    client = DynamoDBClient(settings=aws_settings())
    for _ in range(3):
        assert client.get_table("feature-flags").name == f"experimentation-feature-flags-{aws.environment}"
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == 1
    assert f"/experimentation/{aws.environment}/dynamodb/feature-flags-table" in warnings[0]


def test_ssm_is_asked_once_for_a_name_it_does_not_have(aws_settings: Callable[..., Settings]) -> None:
    client = DynamoDBClient(settings=aws_settings())
    requests: list[str] = []
    client._discover().session.ssm.meta.events.register(
        "before-call.ssm.GetParameter", lambda **_: requests.append("asked")
    )
    for _ in range(5):
        client.table_name("events")
    assert requests == ["asked"]


def test_fifty_threads_ask_ssm_once(aws: Discovered, aws_settings: Callable[..., Settings]) -> None:
    aws.put("dynamodb/events-table", "the-events")
    client = DynamoDBClient(settings=aws_settings())
    requests: list[str] = []
    client._discover().session.ssm.meta.events.register(
        "before-call.ssm.GetParameter", lambda **_: requests.append("asked")
    )
    with ThreadPoolExecutor(50) as threads:
        names = set(threads.map(lambda _: client.get_table("events").name, range(200)))
    assert names == {"the-events"}
    assert requests == ["asked"]


def test_an_ssm_that_cannot_be_reached_costs_one_wait_and_the_convention_holds(
    aws_settings: Callable[..., Settings], aws_endpoint: str, caplog: pytest.LogCaptureFixture
) -> None:
    client = DynamoDBClient(
        "dev", settings=aws_settings(aws_endpoint=f"http://127.0.0.1:{free_port()}", dynamodb_endpoint=aws_endpoint)
    )
    for _ in range(3):
        assert client.table_name("events") == "experimentation-events-dev"
    assert len([record for record in caplog.records if "using the conventional" in record.getMessage()]) == 1


def test_a_local_dynamodb_follows_the_convention_without_asking_amazons_ssm(
    dynamodb_endpoint: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    client = DynamoDBClient(settings=Settings(dynamodb_endpoint=dynamodb_endpoint, environment="laptop"))
    assert client.get_table("events").name == "experimentation-events-laptop"
    assert "TableNames" in client.client.list_tables()
    assert not caplog.records


def test_a_local_dynamodb_beside_an_ssm_that_boto3_is_told_of_asks_that(
    aws: Discovered, aws_endpoint: str, dynamodb_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SSM", aws_endpoint)
    aws.put("dynamodb/events-table", "the-events")
    client = DynamoDBClient(aws.environment, settings=Settings(dynamodb_endpoint=dynamodb_endpoint))
    assert client.table_name("events") == "the-events"


def test_a_name_changed_in_ssm_is_seen_when_its_time_is_up(
    aws: Discovered, aws_settings: Callable[..., Settings]
) -> None:
    aws.put("dynamodb/events-table", "before")
    client = DynamoDBClient(settings=aws_settings(parameter_max_age_seconds=1e-6))
    assert client.table_name("events") == "before"
    aws.put("dynamodb/events-table", "after")
    assert client.table_name("events") == "after"


def test_many_threads_share_the_client(aws: Discovered, aws_settings: Callable[..., Settings], table_name: str) -> None:
    aws.put("dynamodb/assignments-table", table_name)
    client = DynamoDBClient(settings=aws_settings())

    def write(number: int) -> None:
        client.get_table("assignments").put_item(Item={"id": str(number)})

    with ThreadPoolExecutor(20) as threads:
        list(threads.map(write, range(100)))
    assert client.get_table("assignments").scan(Select="COUNT")["Count"] == 100


def test_a_thread_keeps_its_table_and_shares_it_with_no_other(aws_settings: Callable[..., Settings]) -> None:
    client = DynamoDBClient(settings=aws_settings())
    table = client.get_table("events")
    assert client.get_table("events") is table
    assert client.get_table("assignments") is not table
    with ThreadPoolExecutor(1) as thread:
        assert thread.submit(client.get_table, "events").result() is not table
    client.close()
    assert client.get_table("events") is not table


def test_a_closed_client_opens_again(aws_settings: Callable[..., Settings]) -> None:
    client = DynamoDBClient(settings=aws_settings())
    client.client.list_tables()
    client.close()
    assert "TableNames" in client.client.list_tables()
