"""Redis: a platform's cache and rate limits beside redis-py, on one server; and the same in memory, without Redis."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from redis import Redis

from benchmarks.contest import Contest, Figure, Turn
from benchmarks.engines import Engines
from benchmarks.line import Aim, Line
from variate import Platform, Settings

CALLS = 50
"""Few, and many turns instead: at some thousandths of a second each, what else the machine does meets both sides."""
AIM = Aim(1.25)
VALUE = {"variation": "treatment", "colour": "green", "price": 9.5}
# The usual three lines: count, let the first call open the window, say how long is left.
COUNT = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {count, redis.call('PTTL', KEYS[1])}
"""


def lines(engines: Engines, *, turns: int) -> Iterator[Line]:
    """Yield the lines of Redis."""
    url = engines.redis_url()
    with (
        Platform.open(Settings(home=engines.folder / "redis", redis_url=url)) as platform,
        Redis.from_url(url, decode_responses=True) as bare,
    ):
        for contest in _contests(platform, bare, turns=8 * turns):
            yield contest.run()


def lines_in_memory(engines: Engines, *, turns: int) -> Iterator[Line]:
    """Yield the lines of the local profile, which has no Redis."""
    with Platform.open(Settings(home=engines.folder / "memory")) as platform:
        for what, ours in _operations(platform).items():
            yield Contest(
                what=f"memory: {what}", ours=ours, bare=None, operations=CALLS, turns=8 * turns, figure=Figure.COST
            ).run()


def _contests(platform: Platform, bare: Redis, *, turns: int) -> Iterator[Contest]:
    beside = _bare_operations(bare)
    for what, ours in _operations(platform).items():
        name, operation = beside[what]
        yield Contest(
            what=f"Redis: {what}, beside {name}",
            ours=ours,
            bare=operation,
            operations=CALLS,
            turns=turns,
            figure=Figure.COST,
            aim=AIM,
        )


def _operations(platform: Platform) -> dict[str, Turn]:
    def fetch() -> Any:
        return VALUE

    platform.cache_experiment_assignment("user-1", "x", "treatment")

    def put(_: int) -> None:
        for number in range(CALLS):
            platform.cache_experiment_assignment(f"user-{number}", "x", "treatment")

    def hit(_: int) -> None:
        for _ in range(CALLS):
            assert platform.get_cached_experiment_assignment("user-1", "x") == "treatment"

    def aside(_: int) -> None:
        for _ in range(CALLS):
            assert platform.cache_get("hit", fetch, ttl_seconds=3_600) == VALUE

    def limit(_: int) -> None:
        for _ in range(CALLS):
            assert platform.check_rate_limit("rate:ours", 1_000_000, 60).allowed

    return {
        "cache_experiment_assignment": put,
        "get_cached_experiment_assignment, a hit": hit,
        "cache_get, a hit": aside,
        "check_rate_limit": limit,
    }


def _bare_operations(bare: Redis) -> dict[str, tuple[str, Turn]]:
    bare.set("bare:json", json.dumps(VALUE))
    bare.set("bare:text", "treatment")
    count = bare.register_script(COUNT)

    def put(_: int) -> None:
        for number in range(CALLS):
            bare.set(f"bare:user-{number}:x", "treatment", ex=3_600)

    def hit(_: int) -> None:
        for _ in range(CALLS):
            assert bare.get("bare:text") == "treatment"

    def aside(_: int) -> None:
        for _ in range(CALLS):
            assert json.loads(str(bare.get("bare:json"))) == VALUE

    def limit(_: int) -> None:
        for _ in range(CALLS):
            count(keys=["rate:bare"], args=[60_000])

    return {
        "cache_experiment_assignment": ("SET EX", put),
        "get_cached_experiment_assignment, a hit": ("GET", hit),
        "cache_get, a hit": ("GET and json.loads", aside),
        "check_rate_limit": ("a script of INCR, PEXPIRE, PTTL", limit),
    }
