"""Making the tables what this version wants, and seeing that they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from variate.errors import ConfigurationError, NotMigratedError
from variate.stores.dynamodb.faults import (
    ContendedError,
    Translated,
    WaiterModel,
    create_waiter_with_client,
    driver,
    error_code,
)
from variate.stores.dynamodb.schema import SCHEMA, TTL_ATTRIBUTE, Index, TableSchema, attribute_definitions
from variate.stores.dynamodb.source import TableSource
from variate.stores.dynamodb.writes import persistently

_NOT_READY = "length(Table.GlobalSecondaryIndexes[?IndexStatus!='ACTIVE'] || `[]`) > `0` || Table.TableStatus!='ACTIVE'"
_SETTLED = WaiterModel(
    {
        "version": 2,
        "waiters": {
            "TableSettled": {
                "operation": "DescribeTable",
                "delay": 1,
                # An hour: making an index reads the whole table.
                "maxAttempts": 3600,
                "acceptors": [
                    {"matcher": "error", "expected": "ResourceNotFoundException", "state": "retry"},
                    {"matcher": "path", "argument": _NOT_READY, "expected": False, "state": "success"},
                ],
            }
        },
    }
)


class DynamoDBTables:
    """The tables behind the stores. Several may migrate at once; each does what the others left to do."""

    def __init__(self, tables: TableSource) -> None:
        self._tables = tables

    def migrate(self) -> Sequence[str]:
        """Make what is missing of tables, indexes, expiry and backups; return what was done, in words."""
        return [step for schema in SCHEMA for step in self._migrate(schema)]

    def require_migrated(self) -> None:
        """Raise ``NotMigratedError`` naming the first table or index that is missing."""
        for schema in SCHEMA:
            name = self._tables.table_name(schema.key)
            found = self._describe(name)
            if found is None:
                raise NotMigratedError(f"DynamoDB has no table {name}: run variate migrate")
            _check_keys(name, found, schema)
            for index in _missing(found, schema):
                raise NotMigratedError(f"the DynamoDB table {name} has no index {index.name}: run variate migrate")

    def check(self) -> str:
        """Return its name; raise ``StoreUnavailableError`` unless it answers, with or without the tables."""
        self._describe(self._tables.table_name(SCHEMA[0].key))
        return "DynamoDB"

    def _migrate(self, schema: TableSchema) -> Iterator[str]:
        name = self._tables.table_name(schema.key)
        found = self._describe(name)
        if found is None:
            if self._create(name, schema):
                yield f"created table {name}"
            found = self._settled(name)
        _check_keys(name, found, schema)
        for index in _missing(found, schema):
            # DynamoDB makes one index at a time.
            found = self._settled(name)
            if self._add(found, index):
                yield f"added index {index.name} to {name}"
            self._settled(name)
        if schema.expires and self._expire(name):
            yield f"switched on expiry of {name}"
        if persistently(self._back_up, name):
            yield f"switched on point-in-time recovery of {name}"

    def _describe(self, name: str) -> dict[str, Any] | None:
        with Translated(name):
            try:
                answer: Any = self._tables.client.describe_table(TableName=name)
            except driver.ClientError as error:
                if error_code(error) == "ResourceNotFoundException":
                    return None
                raise
        table: dict[str, Any] = answer["Table"]
        return table

    def _settled(self, name: str) -> dict[str, Any]:
        """Return the table's description once it and its indexes are ready."""
        with Translated(name):
            create_waiter_with_client("TableSettled", _SETTLED, self._tables.client).wait(TableName=name)
            answer: Any = self._tables.client.describe_table(TableName=name)
        table: dict[str, Any] = answer["Table"]
        return table

    def _create(self, name: str, schema: TableSchema) -> bool:
        request: dict[str, Any] = {
            "TableName": name,
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": schema.key_schema,
            "AttributeDefinitions": attribute_definitions(schema.attribute_types),
        }
        if schema.indexes:
            request["GlobalSecondaryIndexes"] = [index.definition for index in schema.indexes]
        with Translated(name):
            try:
                self._tables.client.create_table(**request)
            except driver.ClientError as error:
                if error_code(error) != "ResourceInUseException":
                    raise
                return False
        return True

    def _add(self, table: dict[str, Any], index: Index) -> bool:
        """Begin to make the index; return False where somebody else did in the meantime."""
        name = table["TableName"]
        types = {given["AttributeName"]: given["AttributeType"] for given in table["AttributeDefinitions"]}
        definition = index.definition
        if table.get("BillingModeSummary", {}).get("BillingMode") != "PAY_PER_REQUEST":
            throughput = table["ProvisionedThroughput"]
            capacity = {unit: throughput[unit] for unit in ("ReadCapacityUnits", "WriteCapacityUnits")}
            definition |= {"ProvisionedThroughput": capacity}
        request: dict[str, Any] = {
            "TableName": name,
            "AttributeDefinitions": attribute_definitions(types | index.attribute_types),
            "GlobalSecondaryIndexUpdates": [{"Create": definition}],
        }
        with Translated(name):
            try:
                self._tables.client.update_table(**request)
            except driver.ClientError:
                if index.name not in _indexes(self._describe(name) or {}):
                    raise
                return False
        return True

    def _expire(self, name: str) -> bool:
        with Translated(name):
            if self._expires(name):
                return False
            wish: Any = {"Enabled": True, "AttributeName": TTL_ATTRIBUTE}
            try:
                self._tables.client.update_time_to_live(TableName=name, TimeToLiveSpecification=wish)
            except driver.ClientError:
                if not self._expires(name):
                    raise
                return False
        return True

    def _expires(self, name: str) -> bool:
        description = self._tables.client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        if description.get("TimeToLiveStatus") not in {"ENABLED", "ENABLING"}:
            return False
        attribute = description.get("AttributeName")
        if attribute != TTL_ATTRIBUTE:
            raise ConfigurationError(
                f"the DynamoDB table {name} expires by {attribute!r}, not {TTL_ATTRIBUTE!r}: switch that off, "
                "wait an hour and run variate migrate"
            )
        return True

    def _back_up(self, name: str) -> bool:
        wish: Any = {"PointInTimeRecoveryEnabled": True}
        with Translated(name):
            try:
                answer: Any = self._tables.client.describe_continuous_backups(TableName=name)
                recovery = answer["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
                if recovery.get("PointInTimeRecoveryStatus") == "ENABLED":
                    return False
                self._tables.client.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=wish)
            except driver.ClientError as error:
                if error_code(error) == "UnknownOperationException":
                    return False  # an engine on the developer's machine
                if error_code(error) == "ContinuousBackupsUnavailableException":
                    raise ContendedError(f"DynamoDB is still making {name}: run variate migrate again") from error
                raise
        return True


def _indexes(table: dict[str, Any]) -> dict[str, Any]:
    return {index["IndexName"]: index for index in table.get("GlobalSecondaryIndexes", [])}


def _missing(table: dict[str, Any], schema: TableSchema) -> list[Index]:
    present = _indexes(table)
    return [index for index in schema.indexes if index.name not in present]


def _check_keys(name: str, table: dict[str, Any], schema: TableSchema) -> None:
    """Raise ``ConfigurationError`` where a table or an index of the right name has another key."""
    types = {given["AttributeName"]: given["AttributeType"] for given in table["AttributeDefinitions"]}
    present = _indexes(table)
    wanted = [(f"table {name}", table["KeySchema"], schema.key_schema)]
    wanted += [
        (f"index {index.name} of {name}", present[index.name]["KeySchema"], index.key_schema)
        for index in schema.indexes
        if index.name in present
    ]
    for subject, found, want in wanted:
        if _in_words(found, types) != _in_words(want, schema.attribute_types):
            raise ConfigurationError(
                f"the DynamoDB {subject} has the key {_in_words(found, types)}, and variate needs "
                f"{_in_words(want, schema.attribute_types)}: use another table, or make this one anew"
            )


def _in_words(key_schema: list[Any], types: dict[str, str]) -> str:
    # HASH comes before RANGE in the alphabet too.
    parts = sorted(key_schema, key=lambda part: str(part["KeyType"]))
    return ", ".join(f"{part['AttributeName']} ({types[part['AttributeName']]})" for part in parts)
