"""The guide's five DynamoDB tables, and the stores in them."""

from variate.stores.dynamodb.assignments import DynamoDBAssignmentStore
from variate.stores.dynamodb.events import DynamoDBEventStore
from variate.stores.dynamodb.flags import DynamoDBFlagStore
from variate.stores.dynamodb.overrides import DynamoDBOverrideStore
from variate.stores.dynamodb.serving import DynamoDBServingStore
from variate.stores.dynamodb.snapshots import DynamoDBSnapshotStore
from variate.stores.dynamodb.source import TableSource
from variate.stores.dynamodb.tables import DynamoDBTables

__all__ = [
    "DynamoDBAssignmentStore",
    "DynamoDBEventStore",
    "DynamoDBFlagStore",
    "DynamoDBOverrideStore",
    "DynamoDBServingStore",
    "DynamoDBSnapshotStore",
    "DynamoDBTables",
    "TableSource",
]
