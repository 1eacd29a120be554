"""Cache-aside: what is fetched, when, by whom, and what is answered meanwhile."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from threading import Barrier, Event
from uuid import uuid4

import pytest

from tests.unit.stores.ticking import Ticking
from variate.errors import InvalidInputError, StoreUnavailableError
from variate.model import Json
from variate.stores.memory import MemoryCache
from variate.stores.wrappers.breaker import CircuitBreaker
from variate.stores.wrappers.cached import CacheAside, Hit
from variate.testing.waiting import wait_until


class Source:
    """Counts its answers; ``hold`` makes it wait in the middle of one."""

    def __init__(self, value: Json = "answer") -> None:
        self.value = value
        self.error: BaseException | None = None
        self.calls = 0
        self.asked = Event()
        self.answering = Event()
        self.answering.set()

    def __call__(self) -> Json:
        self.calls += 1
        value = self.value
        self.asked.set()
        assert self.answering.wait(30)
        if self.error is not None:
            raise self.error
        return value

    def hold(self) -> None:
        """Answer no call until ``answering`` is set."""
        self.asked.clear()
        self.answering.clear()


@pytest.fixture
def clock() -> Ticking:
    return Ticking()


@pytest.fixture
def cache(clock: Ticking) -> MemoryCache:
    return MemoryCache(clock=clock)


@pytest.fixture
def aside(cache: MemoryCache, clock: Ticking) -> CacheAside:
    return CacheAside(cache, clock=clock, chance=lambda: 0.5)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(50) as executor:
        yield executor


def another_process(cache: MemoryCache, clock: Ticking, **settings: float) -> CacheAside:
    """One more ``CacheAside`` shares nothing with the first but the cache, as another process would."""
    return CacheAside(cache, clock=clock, chance=lambda: 0.5, **settings)  # type: ignore[arg-type]  # all settings given are numbers


@pytest.mark.parametrize("value", [False, True, 0, 0.5, "", "text", [], {}, None, [None], {"a": {"b": [1, "é☃"]}}])
def test_every_json_value_is_fetched_once_and_comes_back_as_it_was(aside: CacheAside, value: Json) -> None:
    source = Source(value)
    answers = [aside.get("key", source, ttl_seconds=60) for _ in range(3)]
    assert answers == [value, value, value]
    assert {type(answer) for answer in answers} == {type(value)}
    assert source.calls == 1


@pytest.mark.parametrize("value", [datetime.now(UTC), uuid4(), Decimal("1.5"), float("nan"), {1: "a"}, object()])
def test_what_is_not_json_is_refused_by_name_and_not_stored(
    aside: CacheAside, cache: MemoryCache, value: object
) -> None:
    for _ in range(2):
        with pytest.raises(InvalidInputError) as raised:
            aside.get("key", lambda: value, ttl_seconds=60)
        assert raised.value.field == "value"
    assert cache.get("key") is None


def test_two_callers_do_not_share_a_list(aside: CacheAside) -> None:
    aside.get("key", lambda: [1], ttl_seconds=60).append(2)
    aside.get("key", list, ttl_seconds=60).append(3)
    assert aside.get("key", list, ttl_seconds=60) == [1]


def test_a_value_is_gone_at_its_time_counted_from_the_start_of_its_fetch(aside: CacheAside, clock: Ticking) -> None:
    def slow() -> str:
        clock.advance(20)
        return "old"

    aside.get("key", slow, ttl_seconds=60)
    clock.advance(39.9)
    assert aside.peek("key") is not None
    clock.advance(0.1)
    assert aside.get("key", lambda: "new", ttl_seconds=60) == "new"


def test_a_fetch_longer_than_the_time_of_its_value_is_not_stored(
    aside: CacheAside, cache: MemoryCache, clock: Ticking
) -> None:
    def slow() -> str:
        clock.advance(20)
        return "old"

    assert aside.get("key", slow, ttl_seconds=10) == "old"
    assert cache.get("key") is None
    assert cache.lease("key", "another", ttl_seconds=1)


def test_that_there_is_nothing_is_remembered_for_a_shorter_time(aside: CacheAside, clock: Ticking) -> None:
    source = Source(None)
    aside.get("key", source, ttl_seconds=300)
    clock.advance(5)
    aside.get("key", source, ttl_seconds=300)
    assert source.calls == 1
    clock.advance(5)
    aside.get("key", source, ttl_seconds=300)
    assert source.calls == 2


def test_keys_stored_together_come_up_for_refreshing_apart(cache: MemoryCache, clock: Ticking) -> None:
    aside = CacheAside(cache, clock=clock)
    for number in range(300):
        aside.get(f"key-{number}", lambda: 1, ttl_seconds=100)
    hits = [aside.peek(f"key-{number}") for number in range(300)]
    shares = sorted((hit.refresh_at - clock.now) / 100 for hit in hits if hit is not None)
    assert 0.8 <= shares[0] < 0.82
    assert 0.98 < shares[-1] <= 1


def test_an_old_value_is_answered_at_once_and_one_caller_refreshes_it(
    aside: CacheAside, clock: Ticking, pool: ThreadPoolExecutor
) -> None:
    source = Source("old")
    aside.get("key", source, ttl_seconds=60)
    clock.advance(59.9)
    source.value = "new"
    source.hold()
    assert list(pool.map(lambda _: aside.get("key", source, ttl_seconds=60), range(50))) == ["old"] * 50
    assert source.asked.wait(30)
    source.answering.set()
    wait_until(lambda: aside.get("key", source, ttl_seconds=60) == "new")
    assert source.calls == 2


def test_only_one_of_two_processes_refreshes(aside: CacheAside, cache: MemoryCache, clock: Ticking) -> None:
    source, other = Source("old"), Source("other")
    aside.get("key", source, ttl_seconds=60)
    clock.advance(59.9)
    source.hold()
    aside.get("key", source, ttl_seconds=60)
    assert source.asked.wait(30)
    elsewhere = another_process(cache, clock)
    elsewhere.get("key", other, ttl_seconds=60)
    wait_until(lambda: not elsewhere._refreshing)
    source.answering.set()
    wait_until(lambda: not aside._refreshing)
    assert (source.calls, other.calls) == (2, 0)


def test_what_another_process_refreshed_meanwhile_is_not_refreshed_again(clock: Ticking) -> None:
    class Racing(MemoryCache):
        """Another process is done just before this one gets the lease."""

        def lease(self, key: str, token: str, *, ttl_seconds: float) -> bool:
            if self.get(key) is not None:
                CacheAside(self, clock=clock, chance=lambda: 0.5).put(key, "theirs", ttl_seconds=60)
            return super().lease(key, token, ttl_seconds=ttl_seconds)

    cache = Racing(clock=clock)
    aside, source = CacheAside(cache, clock=clock, chance=lambda: 0.5), Source("old")
    aside.get("key", source, ttl_seconds=60)
    clock.advance(59.9)
    aside.get("key", source, ttl_seconds=60)
    wait_until(lambda: not aside._refreshing)
    assert source.calls == 1
    assert aside.get("key", source, ttl_seconds=60) == "theirs"
    assert cache.lease("key", "free again", ttl_seconds=1)


def test_a_refresh_that_fails_is_logged_and_the_value_serves_on(
    aside: CacheAside, clock: Ticking, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, logger="variate.cache")
    source = Source("old")
    aside.get("key", source, ttl_seconds=60)
    clock.advance(59.9)
    source.error = StoreUnavailableError("down")
    assert aside.get("key", source, ttl_seconds=60) == "old"
    wait_until(lambda: source.calls == 2 and not aside._refreshing)
    assert "refreshing 'key' failed" in caplog.text
    source.error, source.value = None, "new"
    aside.get("key", source, ttl_seconds=60)
    wait_until(lambda: aside.get("key", source, ttl_seconds=60) == "new")


def test_fifty_threads_that_miss_make_one_fetch(aside: CacheAside, pool: ThreadPoolExecutor) -> None:
    source = Source()
    source.hold()
    calls = [pool.submit(aside.get, "key", source, ttl_seconds=60) for _ in range(50)]
    assert source.asked.wait(30)
    source.answering.set()
    assert [call.result(30) for call in calls] == ["answer"] * 50
    assert source.calls == 1


def test_threads_that_wait_raise_what_the_fetch_raised(aside: CacheAside, pool: ThreadPoolExecutor) -> None:
    source = Source()
    source.hold()
    source.error = StoreUnavailableError("the source is down")
    first = pool.submit(aside.get, "key", source, ttl_seconds=60)
    assert source.asked.wait(30)
    second = in_flight(pool, aside, source)
    source.answering.set()
    for call in (first, second):
        with pytest.raises(StoreUnavailableError, match="the source is down"):
            call.result(30)
    assert source.calls == 1
    source.error = None
    assert aside.get("key", source, ttl_seconds=60) == "answer"


def test_a_thread_takes_the_place_of_one_that_was_interrupted(aside: CacheAside, pool: ThreadPoolExecutor) -> None:
    source, other = Source(), Source("from the second")
    source.hold()
    source.error = KeyboardInterrupt()
    first = pool.submit(aside.get, "key", source, ttl_seconds=60)
    assert source.asked.wait(30)
    second = in_flight(pool, aside, other)
    source.answering.set()
    with pytest.raises(KeyboardInterrupt):
        first.result(30)
    assert second.result(30) == "from the second"


def test_another_process_waits_for_the_one_that_fetches(
    aside: CacheAside, cache: MemoryCache, clock: Ticking, pool: ThreadPoolExecutor
) -> None:
    source, other = Source(), Source("other")
    source.hold()
    first = pool.submit(aside.get, "key", source, ttl_seconds=60)
    assert source.asked.wait(30)
    polled = Event()

    def wait_for_the_first(_seconds: float) -> None:
        polled.set()
        first.result(30)

    elsewhere = CacheAside(cache, clock=clock, sleep=wait_for_the_first)
    second = pool.submit(elsewhere.get, "key", other, ttl_seconds=60)
    assert polled.wait(30)
    source.answering.set()
    assert (first.result(30), second.result(30)) == ("answer", "answer")
    assert other.calls == 0


def test_another_process_takes_over_at_once_where_the_fetch_failed(cache: MemoryCache, clock: Ticking) -> None:
    aside, naps = CacheAside(cache, clock=clock), list[float]()

    def fail() -> None:
        raise ValueError("no luck")

    with pytest.raises(ValueError, match="no luck"):
        aside.get("key", fail, ttl_seconds=60)
    elsewhere = CacheAside(cache, clock=clock, sleep=naps.append)
    assert elsewhere.get("key", lambda: "answer", ttl_seconds=60) == "answer"
    assert naps == []


def test_nobody_waits_longer_than_allowed_for_another_process(cache: MemoryCache, clock: Ticking) -> None:
    naps: list[float] = []
    cache.lease("key", "somebody who hangs", ttl_seconds=30)
    aside = CacheAside(cache, clock=clock, sleep=naps.append, wait_seconds=2)
    assert aside.get("key", lambda: "mine", ttl_seconds=60) == "mine"
    assert sum(naps) == pytest.approx(2)
    assert cache.get("key") is None


def test_a_fetch_begun_before_an_invalidation_is_not_stored_after_it(
    aside: CacheAside, cache: MemoryCache, clock: Ticking, pool: ThreadPoolExecutor
) -> None:
    source = Source("old")
    source.hold()
    first = pool.submit(aside.get, "key", source, ttl_seconds=60)
    assert source.asked.wait(30)
    another_process(cache, clock).invalidate("key")
    source.answering.set()
    assert first.result(30) == "old"
    assert cache.get("key") is None


def test_after_an_invalidation_a_call_does_not_join_a_fetch_from_before(
    aside: CacheAside, pool: ThreadPoolExecutor
) -> None:
    source = Source("old")
    source.hold()
    first = pool.submit(aside.get, "key", source, ttl_seconds=60)
    assert source.asked.wait(30)
    aside.invalidate("key", "another key")
    assert aside.get("key", lambda: "new", ttl_seconds=60) == "new"
    source.answering.set()
    first.result(30)
    assert aside.get("key", source, ttl_seconds=60) == "new"


def test_a_value_put_stands_over_a_fetch_under_way(aside: CacheAside, pool: ThreadPoolExecutor) -> None:
    source = Source("old")
    source.hold()
    first = pool.submit(aside.get, "key", source, ttl_seconds=60)
    assert source.asked.wait(30)
    assert aside.put("key", "put", ttl_seconds=60)
    source.answering.set()
    first.result(30)
    assert aside.get("key", source, ttl_seconds=60) == "put"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('{"a": [1, 2]}', {"a": [1, 2]}),
        ("true", True),
        ("control", "control"),
        ("", ""),
        ("NaN", "NaN"),
        ("{broken", "{broken"),
        ('{"$value": 1}', {"$value": 1}),
        ('{"$value": 1, "$refresh_at": 2.0, "a": 3}', {"$value": 1, "$refresh_at": 2.0, "a": 3}),
        ("[" * 100_000, "[" * 100_000),
    ],
)
def test_what_another_program_wrote_is_its_json_or_else_the_text(
    aside: CacheAside, cache: MemoryCache, written: str, read: Json
) -> None:
    cache.set("key", written, ttl_seconds=60)
    assert aside.get("key", lambda: "fetched", ttl_seconds=60) == read


def test_a_value_that_looks_like_an_envelope_comes_back_as_it_was(aside: CacheAside) -> None:
    value = {"$value": 1, "$refresh_at": 2.0}
    assert aside.get("key", lambda: value, ttl_seconds=60) == value
    assert aside.get("key", lambda: value, ttl_seconds=60) == value


def test_the_stored_text_can_be_read_by_a_person(aside: CacheAside, cache: MemoryCache) -> None:
    aside.put("key", {"name": "Über"}, ttl_seconds=60)
    text = cache.get("key")
    assert text is not None
    assert '"name":"Über"' in text
    assert json.loads(text)["$value"] == {"name": "Über"}


def test_peek_tells_a_stored_none_from_nothing(aside: CacheAside) -> None:
    assert aside.peek("key") is None
    aside.put("key", None, ttl_seconds=60)
    hit = aside.peek("key")
    assert isinstance(hit, Hit)
    assert hit.value is None


def test_while_the_cache_is_away_values_are_fetched_once_for_all_who_ask_at_once(
    clock: Ticking, pool: ThreadPoolExecutor
) -> None:
    class Away(MemoryCache):
        def get(self, key: str) -> str | None:
            raise StoreUnavailableError

        def lease(self, key: str, token: str, *, ttl_seconds: float) -> bool:
            raise StoreUnavailableError

        def fill(self, key: str, token: str, value: str, *, ttl_seconds: float) -> bool:
            raise StoreUnavailableError

    aside = CacheAside(Away(), breaker=CircuitBreaker(clock=clock), clock=clock)
    source = Source()
    source.hold()
    first = pool.submit(aside.get, "key", source, ttl_seconds=60)
    assert source.asked.wait(30)
    second = in_flight(pool, aside, source)
    source.answering.set()
    assert (first.result(30), second.result(30)) == ("answer", "answer")
    assert source.calls == 1
    assert aside.get("key", source, ttl_seconds=60) == "answer"
    assert source.calls == 2


@pytest.mark.parametrize("ttl", [0, -1, float("nan"), float("inf"), "60", True])
def test_a_time_to_live_that_is_none_is_refused(aside: CacheAside, ttl: float) -> None:
    with pytest.raises(InvalidInputError, match="ttl_seconds"):
        aside.get("key", lambda: 1, ttl_seconds=ttl)


def in_flight(pool: ThreadPoolExecutor, aside: CacheAside, source: Callable[[], Json]) -> Future[Json]:
    """Start a call that has to wait for the one that fetches, and return when it does wait."""
    flight = aside._flights["key"]
    call = pool.submit(aside.get, "key", source, ttl_seconds=60)
    wait_until(lambda: bool(flight._condition._waiters))  # type: ignore[attr-defined]  # who waits is not public
    return call


def test_a_fetch_may_ask_for_its_own_key(aside: CacheAside) -> None:
    def fetch() -> Json:
        return [aside.get("key", lambda: "inner", ttl_seconds=60)]

    assert aside.get("key", fetch, ttl_seconds=60) == ["inner"]
    assert aside.get("key", fetch, ttl_seconds=60) == ["inner"]


def test_two_fetches_that_ask_for_each_others_keys_both_end(aside: CacheAside, pool: ThreadPoolExecutor) -> None:
    both = Barrier(2)

    def fetch(other: str) -> Json:
        both.wait(30)
        return [aside.get(other, lambda: other, ttl_seconds=60)]

    first = pool.submit(aside.get, "a", lambda: fetch("b"), ttl_seconds=60)
    second = pool.submit(aside.get, "b", lambda: fetch("a"), ttl_seconds=60)
    # Whether each fetched the other's key or found it fetched is a matter of who was first.
    assert first.result(30) in (["b"], [["a"]])
    assert second.result(30) in (["a"], [["b"]])
