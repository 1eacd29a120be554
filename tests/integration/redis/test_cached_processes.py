"""Cache-aside across processes: one of them fetches."""

from __future__ import annotations

import subprocess
import sys

import redis

from variate.stores.redis import RedisCache
from variate.stores.wrappers.cached import CacheAside

PROGRAM = """
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event
import redis
from variate.stores.redis import RedisCache
from variate.stores.wrappers.cached import CacheAside

client = redis.Redis.from_url(sys.argv[1], decode_responses=True)
aside = CacheAside(RedisCache(lambda use_reader=False: client))
client.ping()
print("ready", flush=True)
sys.stdin.readline()

def fetch():
    client.incr("fetches")
    Event().wait(0.3)  # a source that takes its time, so that the others do meet the lease
    return {"status": "active"}

with ThreadPoolExecutor(10) as pool:
    answers = list(pool.map(lambda _: aside.get("experiment:1", fetch, ttl_seconds=60), range(10)))
print(answers == [{"status": "active"}] * 10)
"""


def test_four_processes_of_ten_threads_make_one_fetch(redis_url: str, client: redis.Redis) -> None:
    command = [sys.executable, "-c", PROGRAM, redis_url]
    callers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    for caller in callers:
        assert caller.stdout is not None
        assert caller.stdout.readline() == "ready\n"
    for caller in callers:
        assert caller.stdin is not None
        caller.stdin.write("\n")
        caller.stdin.flush()
    assert [caller.communicate(timeout=60)[0] for caller in callers] == ["True\n"] * 4
    assert client.get("fetches") == "1"


def test_what_the_guide_wrote_is_read_and_what_is_written_is_gone_in_time(client: redis.Redis) -> None:
    aside = CacheAside(RedisCache(lambda use_reader=False: client))
    client.set("experiment:1", '{"id": "1"}', ex=300)
    assert aside.get("experiment:1", dict, ttl_seconds=300) == {"id": "1"}
    aside.get("experiment:2", dict, ttl_seconds=300)
    assert 299_000 < client.pttl("experiment:2") <= 300_000
