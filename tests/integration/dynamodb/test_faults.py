"""No error of the driver's leaves the backend."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore import exceptions as driver

from tests.engines.tables import FreshTables
from tests.integration.dynamodb.stumbling import Answer, StumblingTables, refused
from variate.errors import ConfigurationError, NotMigratedError, StoreError, StoreUnavailableError
from variate.stores.dynamodb import (
    DynamoDBAssignmentStore,
    DynamoDBEventStore,
    DynamoDBFlagStore,
    DynamoDBOverrideStore,
    DynamoDBServingStore,
    TableSource,
)
from variate.testing.builders import (
    build_assignment,
    build_audit_entry,
    build_event,
    build_experiment,
    build_flag,
    build_override,
)
from variate.testing.clocks import START

Operation = Callable[[TableSource], object]

OVERRIDE = build_override()
WHERE: Any = {"unit": OVERRIDE.unit, "target": OVERRIDE.target, "target_id": OVERRIDE.target_id, "at": START}
TARGET: Any = {"target": OVERRIDE.target, "target_id": OVERRIDE.target_id, "at": START}
PAGE: Any = {"at": START, "limit": 5}

OPERATIONS: list[tuple[str, str, str, Operation]] = [
    ("assignments", "keep", "put_item", lambda t: DynamoDBAssignmentStore(t).keep([build_assignment()])),
    (
        "assignments",
        "keep two",
        "transact_write_items",
        lambda t: DynamoDBAssignmentStore(t).keep([build_assignment(), build_assignment()]),
    ),
    ("assignments", "get", "get_item", lambda t: DynamoDBAssignmentStore(t).get(unit="u", experiment_id="e", at=START)),
    ("assignments", "of_unit", "query", lambda t: DynamoDBAssignmentStore(t).of_unit("u", **PAGE)),
    ("assignments", "of_experiment", "query", lambda t: DynamoDBAssignmentStore(t).of_experiment("e", **PAGE)),
    ("events", "append", "put_item", lambda t: DynamoDBEventStore(t).append([build_event()], at=START)),
    (
        "events",
        "append two",
        "transact_write_items",
        lambda t: DynamoDBEventStore(t).append([build_event(), build_event()], at=START),
    ),
    ("events", "of_unit", "query", lambda t: DynamoDBEventStore(t).of_unit("u", **PAGE)),
    (
        "events",
        "window",
        "query",
        lambda t: DynamoDBEventStore(t).window(start=START, end=START + timedelta(days=1), **PAGE),
    ),
    (
        "feature-flags",
        "insert",
        "transact_write_items",
        lambda t: DynamoDBFlagStore(t).insert(build_flag(), audit=build_audit_entry()),
    ),
    ("feature-flags", "get", "get_item", lambda t: DynamoDBFlagStore(t).get("f")),
    ("feature-flags", "list", "query", lambda t: DynamoDBFlagStore(t).list(limit=5)),
    (
        "feature-flags",
        "replace",
        "transact_write_items",
        lambda t: DynamoDBFlagStore(t).replace(build_flag(), expected_revision=1, audit=build_audit_entry()),
    ),
    ("feature-flags", "pending", "query", lambda t: DynamoDBFlagStore(t).pending(limit=5)),
    ("feature-flags", "settle", "batch_write_item", lambda t: DynamoDBFlagStore(t).settle(["a"])),
    ("overrides", "put", "put_item", lambda t: DynamoDBOverrideStore(t).put(OVERRIDE)),
    ("overrides", "remove", "put_item", lambda t: DynamoDBOverrideStore(t).remove(**WHERE)),
    ("overrides", "get", "get_item", lambda t: DynamoDBOverrideStore(t).get(**WHERE)),
    ("overrides", "of_target", "query", lambda t: DynamoDBOverrideStore(t).of_target(**TARGET, limit=5)),
    ("overrides", "of_unit", "query", lambda t: DynamoDBOverrideStore(t).of_unit("u", **PAGE)),
    ("overrides", "of_type", "query", lambda t: DynamoDBOverrideStore(t).of_type(OVERRIDE.target, **PAGE)),
    ("experiments", "put", "put_item", lambda t: DynamoDBServingStore(t).put(build_experiment())),
    ("experiments", "get", "get_item", lambda t: DynamoDBServingStore(t).get("e")),
]
every_operation = pytest.mark.parametrize(
    ("key", "request_name", "operation"),
    [(key, request, operation) for key, _, request, operation in OPERATIONS],
    ids=[f"{key} {name}" for key, name, _, _ in OPERATIONS],
)


def _broken(error: Exception) -> Answer:
    def answer(real: Callable[..., Any], request: dict[str, Any]) -> Any:
        raise error

    return answer


@every_operation
def test_a_missing_table_is_named(
    unmade_tables: FreshTables, key: str, request_name: str, operation: Operation
) -> None:
    with pytest.raises(NotMigratedError, match=f"{unmade_tables.table_name(key)}.*variate migrate"):
        operation(unmade_tables)


@every_operation
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (refused("ThrottlingException"), StoreUnavailableError),
        (refused("ProvisionedThroughputExceededException"), StoreUnavailableError),
        (refused("InternalServerError", status=500), StoreUnavailableError),
        (refused("", status=503), StoreUnavailableError),
        (_broken(driver.ReadTimeoutError(endpoint_url="http://x")), StoreUnavailableError),
        (_broken(driver.ConnectTimeoutError(endpoint_url="http://x")), StoreUnavailableError),
        (_broken(driver.EndpointConnectionError(endpoint_url="http://x")), StoreUnavailableError),
        (_broken(driver.ConnectionClosedError(endpoint_url="http://x")), StoreUnavailableError),
        (refused("ValidationException"), StoreError),
        (refused("AccessDeniedException"), StoreError),
        (_broken(driver.ParamValidationError(report="made up")), StoreError),
        (_broken(driver.NoCredentialsError()), ConfigurationError),
    ],
    ids=[
        "throttling",
        "no capacity",
        "an internal error",
        "a proxy's 503",
        "no answer in time",
        "no connection in time",
        "nobody there",
        "cut off",
        "a refusal",
        "no permission",
        "a request not made",
        "no credentials",
    ],
)
def test_an_error_of_the_driver_is_translated_and_kept_as_the_cause(
    key: str, request_name: str, operation: Operation, answer: Answer, expected: type[Exception]
) -> None:
    source = StumblingTables(FreshTables(_ENGINE, "none"), request_name, answer)
    with pytest.raises((StoreError, ConfigurationError)) as caught:
        operation(source)
    assert type(caught.value) is expected
    assert isinstance(caught.value.__cause__, (driver.ClientError, driver.BotoCoreError))


class _Engine:
    """An engine that nobody gets to: the stumbling client answers first."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**request: Any) -> Any:
            raise AssertionError(f"{name} was asked after all")

        return call


_ENGINE: Any = _Engine()
