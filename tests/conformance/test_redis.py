"""The Redis backend keeps the promises of its ports, alone and behind the wrapper for outages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from variate.stores.memory import MemoryRateLimiter
from variate.stores.ports import Announcements, Cache, RateLimiter
from variate.stores.redis import RedisAnnouncements, RedisCache, RedisRateLimiter
from variate.stores.wrappers.breaker import CircuitBreaker
from variate.stores.wrappers.resilient import GuardedCache, ResilientCache, ResilientRateLimiter
from variate.testing.conformance import AnnouncementsConformance, CacheConformance, RateLimiterConformance


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        yield client


class TestRedisCache(CacheConformance):
    @pytest.fixture
    def store(self, client: redis.Redis) -> Cache:
        return RedisCache(lambda use_reader=False: client)


class TestRedisCacheOfBytes(CacheConformance):
    """A client that does not decode serves as well."""

    @pytest.fixture
    def store(self, redis_url: str) -> Iterator[Cache]:
        with redis.Redis.from_url(redis_url) as client:
            yield RedisCache(lambda use_reader=False: client)


class TestRedisRateLimiter(RateLimiterConformance):
    @pytest.fixture
    def store(self, client: redis.Redis) -> RateLimiter:
        return RedisRateLimiter(lambda use_reader=False: client)


class TestResilientCache(CacheConformance):
    @pytest.fixture
    def store(self, client: redis.Redis) -> Cache:
        return ResilientCache(RedisCache(lambda use_reader=False: client), CircuitBreaker())


class TestGuardedCache(CacheConformance):
    @pytest.fixture
    def store(self, client: redis.Redis) -> Cache:
        return GuardedCache(RedisCache(lambda use_reader=False: client), CircuitBreaker())


class TestResilientRateLimiter(RateLimiterConformance):
    @pytest.fixture
    def store(self, client: redis.Redis) -> RateLimiter:
        primary = RedisRateLimiter(lambda use_reader=False: client)
        return ResilientRateLimiter(primary, MemoryRateLimiter(), CircuitBreaker())


class TestRedisAnnouncements(AnnouncementsConformance):
    @pytest.fixture
    def store(self, client: redis.Redis) -> Announcements:
        return RedisAnnouncements(lambda use_reader=False: client)


class TestRedisAnnouncementsOfBytes(AnnouncementsConformance):
    """A client that does not decode, and speaks the older protocol, serves as well."""

    @pytest.fixture
    def store(self, redis_url: str) -> Iterator[Announcements]:
        with redis.Redis.from_url(redis_url, protocol=2, socket_timeout=1) as client:
            yield RedisAnnouncements(lambda use_reader=False: client)
