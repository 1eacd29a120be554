"""The bounded map under the memory backend."""

from __future__ import annotations

from tests.unit.stores.ticking import Ticking
from variate.stores.memory.expiring import ExpiringMap


def test_expired_entries_leave_memory_without_being_asked_for() -> None:
    clock = Ticking()
    held: ExpiringMap[int] = ExpiringMap(clock=clock, max_entries=1_000)
    for number in range(500):
        held.put(f"short-{number}", number, ttl_seconds=10)
    clock.advance(10)
    held.put("long", 1, ttl_seconds=100)
    assert len(held) == 1


def test_beyond_its_bound_it_drops_what_was_used_least_recently() -> None:
    held: ExpiringMap[int] = ExpiringMap(clock=Ticking(), max_entries=2)
    held.put("a", 1, ttl_seconds=10)
    held.put("b", 2, ttl_seconds=10)
    held.get("a")
    held.put("c", 3, ttl_seconds=10)
    assert (held.get("a"), held.get("b"), held.get("c")) == (1, None, 3)


def test_an_entry_put_again_lives_by_its_later_end() -> None:
    clock = Ticking()
    held: ExpiringMap[int] = ExpiringMap(clock=clock, max_entries=10)
    held.put("a", 1, ttl_seconds=10)
    clock.advance(9)
    held.put("a", 2, ttl_seconds=10)
    clock.advance(9)
    held.put("b", 1, ttl_seconds=10)
    assert held.get("a") == 2
    clock.advance(1)
    assert held.get("a") is None


def test_putting_one_key_for_ever_takes_no_more_memory() -> None:
    held: ExpiringMap[int] = ExpiringMap(clock=Ticking(), max_entries=10)
    for number in range(10_000):
        held.put("a", number, ttl_seconds=1_000_000)
    assert len(held._ends) < 100
