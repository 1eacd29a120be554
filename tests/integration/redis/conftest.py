"""What the tests of the Redis backend share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    """A client of a fresh database, as the guide's decodes."""
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        yield client
