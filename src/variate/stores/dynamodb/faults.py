"""DynamoDB's errors in our words."""

from __future__ import annotations

from types import TracebackType

from variate.errors import (
    ConfigurationError,
    MissingExtraError,
    NotMigratedError,
    StoreError,
    StoreUnavailableError,
    VariateError,
)

try:
    from botocore import exceptions as driver
    from botocore.waiter import WaiterModel, create_waiter_with_client
except ModuleNotFoundError as error:
    raise MissingExtraError("boto3", "dynamodb") from error

__all__ = [
    "ContendedError",
    "Translated",
    "WaiterModel",
    "create_waiter_with_client",
    "driver",
    "error_code",
]

_UNREACHABLE = (
    driver.ConnectionError,
    driver.HTTPClientError,
    driver.CredentialRetrievalError,
    driver.MetadataRetrievalError,
)
_MISCONFIGURED = (
    driver.NoCredentialsError,
    driver.PartialCredentialsError,
    driver.NoRegionError,
    driver.ProfileNotFound,
)
_OVERLOADED = frozenset(
    {
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "ReplicatedWriteConflictException",
        "RequestLimitExceeded",
        "ResourceInUseException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "Throttling",
        "ThrottlingException",
    }
)
_CONTENDED = frozenset({"TransactionConflictException", "TransactionInProgressException"})


class ContendedError(StoreUnavailableError):
    """Another write holds the item at this moment. Tried again here before anybody else sees it."""


class Translated:
    """A block in which botocore's errors about this table become variate's."""

    __slots__ = ("_table",)

    def __init__(self, table: str) -> None:
        self._table = table

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if isinstance(error, driver.ClientError):
            raise _of_answer(error, table=self._table) from error
        if isinstance(error, driver.BotoCoreError):
            raise _of_driver(error, table=self._table) from error


def error_code(error: driver.ClientError) -> str:
    """Return the engine's name for the error."""
    return str(error.response.get("Error", {}).get("Code", ""))


def _of_answer(error: driver.ClientError, *, table: str) -> VariateError:
    code = error_code(error)
    words = str(error.response.get("Error", {}).get("Message", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in {"ResourceNotFoundException", "TableNotFoundException"}:
        return NotMigratedError(f"DynamoDB has no table {table}: run variate migrate")
    if code == "ValidationException" and "does not have the specified index" in words:
        return NotMigratedError(f"the DynamoDB table {table} lacks an index ({words}): run variate migrate")
    if code in _CONTENDED:
        return ContendedError(f"DynamoDB is busy with other writes to the same item of {table}: try again later")
    if code in _OVERLOADED or status >= 500:
        return StoreUnavailableError(f"DynamoDB cannot answer for {table} ({code}: {words}): try again later")
    return StoreError(f"DynamoDB refused a request to {table} ({code}: {words}): see the cause")


def _of_driver(error: driver.BotoCoreError, *, table: str) -> VariateError:
    if isinstance(error, _MISCONFIGURED):
        return ConfigurationError(f"AWS is not configured: {error}: set AWS_REGION and credentials as boto3 wants them")
    if isinstance(error, _UNREACHABLE):
        return StoreUnavailableError(f"DynamoDB cannot be reached for {table} ({error}): try again later")
    return StoreError(f"a request to the DynamoDB table {table} could not be made ({error}): see the cause")
