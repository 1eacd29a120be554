"""Redis hangs or dies while it is in use: calls are answered from the source, and soon without paying the timeout."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests.engines.redis import PrivateRedis
from variate.stores.memory import MemoryRateLimiter
from variate.stores.redis import RedisCache, RedisRateLimiter
from variate.stores.wrappers.breaker import CircuitBreaker
from variate.stores.wrappers.cached import CacheAside
from variate.stores.wrappers.resilient import ResilientRateLimiter
from variate.testing.waiting import wait_until

TIMEOUT = 0.25


@pytest.fixture
def client(redis_server: PrivateRedis) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(
        redis_server.url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, retry=Retry(NoBackoff(), 0)
    ) as client:
        yield client


@pytest.fixture
def breaker() -> CircuitBreaker:
    return CircuitBreaker(name="Redis", failure_threshold=3, reset_seconds=0.5)


def test_while_redis_hangs_the_source_answers_and_only_three_calls_wait(
    redis_server: PrivateRedis, client: redis.Redis, breaker: CircuitBreaker
) -> None:
    aside = CacheAside(RedisCache(lambda use_reader=False: client), breaker=breaker)
    assert aside.get("key", lambda: "cached", ttl_seconds=60) == "cached"
    redis_server.pause()
    begun = time.monotonic()
    answers = [aside.get("key", lambda: "from the source", ttl_seconds=60) for _ in range(100)]
    took = time.monotonic() - begun
    redis_server.resume()
    assert answers == ["from the source"] * 100
    # Three timeouts open the circuit; one probe more may fall in between. Unprotected it would be 400 of them.
    assert took < 5 * TIMEOUT
    wait_until(lambda: aside.get("key", lambda: "from the source", ttl_seconds=60) == "cached", what="Redis, again")
    assert not breaker.is_open


def test_when_redis_dies_and_comes_back_empty_it_is_filled_again(
    redis_server: PrivateRedis, client: redis.Redis, breaker: CircuitBreaker
) -> None:
    aside = CacheAside(RedisCache(lambda use_reader=False: client), breaker=breaker)
    aside.get("key", lambda: 1, ttl_seconds=60)
    redis_server.kill()
    assert [aside.get("key", lambda: 2, ttl_seconds=60) for _ in range(10)] == [2] * 10
    aside.invalidate("key")
    assert not aside.put("key", 2, ttl_seconds=60)
    redis_server.start()

    def stored() -> bool:
        aside.get("key", lambda: 3, ttl_seconds=60)
        return client.exists("key") == 1

    wait_until(stored, what="the value to be in Redis again")


def test_while_redis_is_dead_each_process_keeps_the_limit_by_itself(
    redis_server: PrivateRedis, client: redis.Redis, breaker: CircuitBreaker
) -> None:
    primary = RedisRateLimiter(lambda use_reader=False: client)
    limiter = ResilientRateLimiter(primary, MemoryRateLimiter(), breaker)
    assert limiter.fixed_window("key", max_requests=3, window_seconds=60).allowed
    redis_server.kill()
    answers = [limiter.fixed_window("key", max_requests=3, window_seconds=60) for _ in range(5)]
    assert [answer.allowed for answer in answers] == [True, True, True, False, False]
