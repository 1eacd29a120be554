"""The guide's clients. Importing them, and making one, touches nothing: no driver, no environment, no engine."""

from variate.clients.dynamodb import DynamoDBClient, dynamodb_client
from variate.clients.postgres import PostgresClient, pg_client
from variate.clients.redis import RedisClient, redis_client

__all__ = ["DynamoDBClient", "PostgresClient", "RedisClient", "dynamodb_client", "pg_client", "redis_client"]
