"""The cache in Redis: what stands there, where, and which errors come of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import redis
from redis.backoff import NoBackoff
from redis.crc import key_slot
from redis.retry import Retry

from tests.engines.redis import PrivateRedis
from variate.errors import InvalidInputError, StoreError, StoreUnavailableError
from variate.stores.redis import RedisCache
from variate.stores.redis.cache import lease_key


@pytest.fixture
def cache(client: redis.Redis) -> RedisCache:
    return RedisCache(lambda use_reader=False: client)


def test_key_and_value_stand_in_redis_as_they_were_given(cache: RedisCache, client: redis.Redis) -> None:
    cache.set("assignment:ada:exp-1", "treatment", ttl_seconds=3600)
    assert client.get("assignment:ada:exp-1") == "treatment"
    assert 3_599_000 < client.pttl("assignment:ada:exp-1") <= 3_600_000


def test_what_another_program_stored_is_returned(cache: RedisCache, client: redis.Redis) -> None:
    client.set("assignment:ada:exp-1", "control", ex=60)
    assert cache.get("assignment:ada:exp-1") == "control"


def test_a_lease_ends_by_itself_and_leaves_nothing_after_a_fill(cache: RedisCache, client: redis.Redis) -> None:
    cache.lease("key", "token", ttl_seconds=30)
    assert 29_000 < client.pttl(lease_key("key")) <= 30_000
    cache.fill("key", "token", "value", ttl_seconds=60)
    assert client.keys("*") == ["key"]


@pytest.mark.parametrize("key", ["plain", "experiment:1", "{user}:1", "a{b}c{d}", "open{only", "ключ"])
def test_a_lease_stands_in_the_slot_of_its_key(key: str) -> None:
    assert key_slot(lease_key(key).encode()) == key_slot(key.encode())
    assert lease_key(key) != key


def test_only_reading_asks_the_replica(client: redis.Redis) -> None:
    asked: list[bool] = []

    def connection(use_reader: bool = False) -> redis.Redis:
        asked.append(use_reader)
        return client

    cache = RedisCache(connection)
    cache.get("key")
    cache.set("key", "value", ttl_seconds=1)
    cache.delete("key")
    cache.lease("key", "token", ttl_seconds=1)
    cache.fill("key", "token", "value", ttl_seconds=1)
    cache.release("key", "token")
    assert asked == [True, False, False, False, False, False]


def test_making_a_cache_connects_to_nothing() -> None:
    RedisCache(lambda use_reader=False: pytest.fail("connected"))


def test_a_server_that_forgot_the_scripts_is_told_them_again(cache: RedisCache, client: redis.Redis) -> None:
    assert cache.lease("key", "token", ttl_seconds=60)
    client.script_flush()
    assert cache.fill("key", "token", "value", ttl_seconds=60)


def test_a_key_of_another_kind_is_an_error_that_trying_again_does_not_help(
    cache: RedisCache, client: redis.Redis
) -> None:
    client.lpush("list", "1")
    with pytest.raises(StoreError) as raised:
        cache.get("list")
    assert not isinstance(raised.value, StoreUnavailableError)
    assert isinstance(raised.value.__cause__, redis.ResponseError)


@pytest.mark.parametrize("key", ["", "x" * 10_000, "nul\x00", "\ud800", None])
def test_a_bad_key_is_named(cache: RedisCache, key: str) -> None:
    with pytest.raises(InvalidInputError) as raised:
        cache.set(key, "value", ttl_seconds=1)
    assert raised.value.field == "key"


def test_a_value_that_is_not_unicode_is_bad_input(cache: RedisCache) -> None:
    with pytest.raises(InvalidInputError, match="unpaired surrogate"):
        cache.set("key", "\ud800", ttl_seconds=1)


class TestWhenRedisCannotAnswer:
    """Each is transient for the caller: it may go on without, and try again later."""

    @pytest.fixture
    def cache(self, redis_server: PrivateRedis) -> RedisCache:
        client = redis.Redis.from_url(redis_server.url, socket_timeout=0.2, retry=Retry(NoBackoff(), 0))
        return RedisCache(lambda use_reader=False: client)

    @pytest.fixture
    def admin(self, redis_server: PrivateRedis) -> redis.Redis:
        return redis.Redis.from_url(redis_server.url, decode_responses=True)

    def unavailable(self, call: Callable[[], object]) -> BaseException | None:
        with pytest.raises(StoreUnavailableError) as raised:
            call()
        return raised.value.__cause__

    def test_stopped(self, cache: RedisCache, redis_server: PrivateRedis) -> None:
        cache.set("key", "value", ttl_seconds=60)
        redis_server.stop()
        assert isinstance(self.unavailable(lambda: cache.get("key")), redis.ConnectionError)
        assert isinstance(self.unavailable(lambda: cache.delete("key")), redis.ConnectionError)
        redis_server.start()
        assert cache.set("key", "value", ttl_seconds=60)

    def test_hanging(self, cache: RedisCache, redis_server: PrivateRedis) -> None:
        cache.set("key", "value", ttl_seconds=60)
        redis_server.pause()
        assert isinstance(self.unavailable(lambda: cache.get("key")), redis.TimeoutError)
        redis_server.resume()
        assert cache.get("key") == "value"

    def test_full(self, cache: RedisCache, admin: redis.Redis) -> None:
        with admin:
            admin.config_set("maxmemory", "1")
        assert "maxmemory" in str(self.unavailable(lambda: cache.set("key", "value", ttl_seconds=60)))

    def test_read_only_in_a_failover(self, cache: RedisCache, admin: redis.Redis) -> None:
        with admin:
            admin.replicaof("127.0.0.1", "1")
            cause = self.unavailable(lambda: cache.set("key", "value", ttl_seconds=60))
            assert isinstance(cause, redis.exceptions.ReadOnlyError)
            # By a script, where it has other words before Redis 7.
            self.unavailable(lambda: cache.lease("key", "me", ttl_seconds=60))
            admin.replicaof("NO", "ONE")

    def test_but_a_refused_password_is_not_transient(self, redis_server: PrivateRedis, admin: redis.Redis) -> None:
        with admin:
            admin.config_set("requirepass", "secret")
        with redis.Redis.from_url(redis_server.url, password="wrong") as client:
            cache = RedisCache(lambda use_reader=False: client)
            with pytest.raises(StoreError) as raised:
                cache.get("key")
        assert not isinstance(raised.value, StoreUnavailableError)
