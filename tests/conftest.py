"""The fixtures every test may use."""

from tests.engines.fixtures import (
    aws_endpoint,
    dynamodb_endpoint,
    dynoxide_endpoint,
    engines,
    environment_name,
    postgres_server,
    postgres_url,
    pytest_configure,
    pytest_terminal_summary,
    pytest_unconfigure,
    redis_server,
    redis_url,
)
from tests.engines.sqlite import by_migrations, sqlite_tables

__all__ = [
    "aws_endpoint",
    "by_migrations",
    "dynamodb_endpoint",
    "dynoxide_endpoint",
    "engines",
    "environment_name",
    "postgres_server",
    "postgres_url",
    "pytest_configure",
    "pytest_terminal_summary",
    "pytest_unconfigure",
    "redis_server",
    "redis_url",
    "sqlite_tables",
]
