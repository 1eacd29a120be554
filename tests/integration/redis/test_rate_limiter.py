"""Rate limits in Redis: what the key holds, and what becomes of keys that others left."""

from __future__ import annotations

import subprocess
import sys

import pytest
import redis

from variate.errors import InvalidInputError
from variate.stores.redis import RedisRateLimiter


@pytest.fixture
def limiter(client: redis.Redis) -> RedisRateLimiter:
    return RedisRateLimiter(lambda use_reader=False: client)


def test_the_key_holds_the_count_in_plain_digits_and_ends_with_its_window(
    limiter: RedisRateLimiter, client: redis.Redis
) -> None:
    for _ in range(3):
        limiter.fixed_window("rate:ip:1", max_requests=2, window_seconds=60)
    assert client.get("rate:ip:1") == "2"
    assert 59_000 < client.pttl("rate:ip:1") <= 60_000


def test_a_count_that_another_program_began_goes_on(limiter: RedisRateLimiter, client: redis.Redis) -> None:
    client.set("key", 4, ex=30)
    answer = limiter.fixed_window("key", max_requests=5, window_seconds=60)
    assert (answer.allowed, answer.count) == (True, 5)
    assert answer.reset_seconds in (29, 30)
    assert not limiter.fixed_window("key", max_requests=5, window_seconds=60).allowed


@pytest.mark.parametrize("count", [3, 100])
def test_a_key_without_expiry_does_not_block_for_ever(
    limiter: RedisRateLimiter, client: redis.Redis, count: int
) -> None:
    client.set("key", count)
    assert limiter.fixed_window("key", max_requests=5, window_seconds=60).reset_seconds == 60
    assert 0 < client.pttl("key") <= 60_000


def test_a_window_opened_under_a_longer_rule_ends_by_the_present_one(
    limiter: RedisRateLimiter, client: redis.Redis
) -> None:
    limiter.fixed_window("key", max_requests=1, window_seconds=3_600)
    assert limiter.fixed_window("key", max_requests=1, window_seconds=10).reset_seconds == 10
    assert client.pttl("key") <= 10_000


@pytest.mark.parametrize("value", ["", "control", '{"a":1}', "1.5", "-1", "007", " 1", "99999999999999999999", "1e3"])
def test_a_key_that_holds_no_count_is_refused_and_left_alone(
    limiter: RedisRateLimiter, client: redis.Redis, value: str
) -> None:
    client.set("key", value)
    with pytest.raises(InvalidInputError, match="key: holds something that is not a count"):
        limiter.fixed_window("key", max_requests=5, window_seconds=60)
    assert client.get("key") == value
    assert client.ttl("key") == -1


def test_a_key_of_another_kind_is_refused_and_left_alone(limiter: RedisRateLimiter, client: redis.Redis) -> None:
    client.lpush("key", "1")
    with pytest.raises(InvalidInputError, match="key: holds something that is not a count"):
        limiter.fixed_window("key", max_requests=5, window_seconds=60)
    assert client.lrange("key", 0, -1) == ["1"]


def test_a_sliding_window_holds_the_calls_that_passed_and_ends_with_the_last(
    limiter: RedisRateLimiter, client: redis.Redis
) -> None:
    for _ in range(5):
        limiter.sliding_window("key", max_requests=3, window_seconds=60)
    assert client.zcard("variate:sliding:key") == 3
    assert 59_000 < client.pttl("variate:sliding:key") <= 60_000


def test_a_sliding_window_notes_the_very_microsecond(limiter: RedisRateLimiter, client: redis.Redis) -> None:
    for number in range(50):
        before = microseconds(client)
        limiter.sliding_window(f"key-{number}", max_requests=1, window_seconds=60)
        after = microseconds(client)
        assert client.zcount(f"variate:sliding:key-{number}", before, after) == 1


def test_the_place_of_each_call_is_free_again_when_that_call_is_a_window_old(
    limiter: RedisRateLimiter, client: redis.Redis
) -> None:
    # Three calls, put back in time by hand: 50 s, 30 s and 10 s ago.
    now = microseconds(client)
    client.zadd("variate:sliding:key", {f"{ago}": now - ago * 1_000_000 for ago in (50, 30, 10)})
    assert limiter.sliding_window("key", max_requests=3, window_seconds=60).reset_seconds in (9, 10)
    # With room for two only, the second oldest has to leave as well.
    assert limiter.sliding_window("key", max_requests=2, window_seconds=60).reset_seconds in (29, 30)
    answer = limiter.sliding_window("key", max_requests=3, window_seconds=40)
    assert (answer.allowed, answer.count) == (True, 3)


@pytest.mark.parametrize(
    ("field", "arguments"),
    [
        ("key", {"key": ""}),
        ("max_requests", {"max_requests": 0}),
        ("max_requests", {"max_requests": 1.5}),
        ("max_requests", {"max_requests": True}),
        ("window_seconds", {"window_seconds": 0}),
        ("window_seconds", {"window_seconds": "60"}),
    ],
)
@pytest.mark.parametrize("window", ["fixed_window", "sliding_window"])
def test_a_limit_that_is_none_is_refused(
    limiter: RedisRateLimiter, window: str, field: str, arguments: dict[str, object]
) -> None:
    with pytest.raises(InvalidInputError) as raised:
        getattr(limiter, window)(**{"key": "key", "max_requests": 1, "window_seconds": 1, **arguments})
    assert raised.value.field == field


def microseconds(client: redis.Redis) -> int:
    """The server's clock."""
    seconds, rest = client.time()
    return int(seconds) * 1_000_000 + int(rest)


PROGRAM = """
import sys
from concurrent.futures import ThreadPoolExecutor
import redis
from variate.stores.redis import RedisRateLimiter

client = redis.Redis.from_url(sys.argv[1])
limiter = RedisRateLimiter(lambda use_reader=False: client)
check = getattr(limiter, sys.argv[2])
client.ping()
print("ready", flush=True)
sys.stdin.readline()
with ThreadPoolExecutor(10) as pool:
    answers = list(pool.map(lambda _: check("key", max_requests=10, window_seconds=60), range(10)))
print(sum(answer.allowed for answer in answers))
"""


@pytest.mark.parametrize("window", ["fixed_window", "sliding_window"])
def test_of_fifty_callers_in_five_processes_ten_pass_a_limit_of_ten(redis_url: str, window: str) -> None:
    command = [sys.executable, "-c", PROGRAM, redis_url, window]
    callers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(5)]
    for caller in callers:
        assert caller.stdout is not None
        assert caller.stdout.readline() == "ready\n"
    for caller in callers:
        assert caller.stdin is not None
        caller.stdin.write("\n")
        caller.stdin.flush()
    assert sum(int(caller.communicate(timeout=60)[0]) for caller in callers) == 10
