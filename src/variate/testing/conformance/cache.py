"""The suite of ``Cache``."""

from __future__ import annotations

import pytest

from variate.stores.ports import Cache
from variate.testing.builders import build_id
from variate.testing.conformance.concurrency import together
from variate.testing.conformance.samples import ALIKE, every_text
from variate.testing.waiting import wait_until

LONG = 600.0
SHORT = 0.2
"""Seconds. Expiry is by the engine's own clock, so it is awaited; nothing is said of how long it takes."""


class CacheConformance:
    """Subclass it and provide the fixture ``store``, empty."""

    @pytest.fixture
    def store(self) -> Cache:
        raise NotImplementedError("provide a fixture `store`: an empty Cache")

    def test_what_was_set_is_returned(self, store: Cache) -> None:
        assert store.get("key") is None
        assert store.set("key", "value", ttl_seconds=LONG) is True
        assert store.get("key") == "value"
        assert store.get("key") == "value"

    def test_setting_again_takes_its_place(self, store: Cache) -> None:
        store.set("key", "old", ttl_seconds=LONG)
        store.set("key", "new", ttl_seconds=LONG)
        assert store.get("key") == "new"

    def test_empty_text_is_a_value(self, store: Cache) -> None:
        store.set("key", "", ttl_seconds=LONG)
        assert store.get("key") == ""

    @every_text
    def test_text_comes_back_as_it_was_given(self, store: Cache, text: str) -> None:
        store.set(text, text, ttl_seconds=LONG)
        assert store.get(text) == text
        store.delete(text)
        assert store.get(text) is None

    def test_a_megabyte_comes_back_as_it_was_given(self, store: Cache) -> None:
        value = "a😀" * 200_000
        store.set("key", value, ttl_seconds=LONG)
        assert store.get("key") == value

    def test_keys_that_look_alike_are_different(self, store: Cache) -> None:
        for each in ALIKE:
            store.set(each, f"of {each}", ttl_seconds=LONG)
        assert [store.get(each) for each in ALIKE] == [f"of {each}" for each in ALIKE]

    def test_a_value_expires(self, store: Cache) -> None:
        store.set("long", "value", ttl_seconds=LONG)
        store.set("short", "value", ttl_seconds=SHORT)
        wait_until(lambda: store.get("short") is None, what="the end of a value of 0.2 seconds")
        assert store.get("long") == "value"

    def test_less_than_a_millisecond_is_not_for_ever(self, store: Cache) -> None:
        store.set("key", "value", ttl_seconds=0.0004)
        wait_until(lambda: store.get("key") is None, what="the end of a value of 0.4 milliseconds")

    def test_less_than_a_second_is_not_nothing(self, store: Cache) -> None:
        store.set("key", "value", ttl_seconds=0.999)
        assert store.get("key") == "value"

    def test_setting_again_sets_the_time_anew(self, store: Cache) -> None:
        store.set("longer", "old", ttl_seconds=SHORT)
        store.set("longer", "new", ttl_seconds=LONG)
        store.set("shorter", "old", ttl_seconds=LONG)
        store.set("shorter", "new", ttl_seconds=SHORT)
        wait_until(lambda: store.get("shorter") is None, what="the end of a value set to 0.2 seconds")
        assert store.get("longer") == "new"

    def test_delete_removes_every_key_it_names_and_no_other(self, store: Cache) -> None:
        for each in ("a", "b", "c"):
            store.set(each, each, ttl_seconds=LONG)
        store.delete("a", "c", "unknown")
        assert [store.get(each) for each in ("a", "b", "c")] == [None, "b", None]

    def test_delete_of_nothing_does_nothing(self, store: Cache) -> None:
        store.set("a", "a", ttl_seconds=LONG)
        store.delete()
        assert store.get("a") == "a"

    def test_one_token_at_a_time_holds_a_lease(self, store: Cache) -> None:
        assert store.lease("key", "mine", ttl_seconds=LONG) is True
        assert store.lease("key", "yours", ttl_seconds=LONG) is False
        assert store.lease("key", "mine", ttl_seconds=LONG) is True
        assert store.lease("other", "yours", ttl_seconds=LONG) is True

    def test_a_lease_is_no_value_and_hides_none(self, store: Cache) -> None:
        store.set("full", "value", ttl_seconds=LONG)
        for key in ("full", "empty"):
            assert store.lease(key, "mine", ttl_seconds=LONG) is True
        assert store.get("full") == "value"
        assert store.get("empty") is None

    def test_of_fifty_callers_one_gets_the_lease(self, store: Cache) -> None:
        taken = together(50, lambda number: store.lease("key", f"token-{number}", ttl_seconds=LONG))
        assert taken.count(True) == 1

    def test_a_fill_stores_the_value_and_gives_the_lease_back(self, store: Cache) -> None:
        store.lease("key", "mine", ttl_seconds=LONG)
        assert store.fill("key", "mine", "value", ttl_seconds=LONG) is True
        assert store.get("key") == "value"
        assert store.fill("key", "mine", "again", ttl_seconds=LONG) is False
        assert store.get("key") == "value"
        assert store.lease("key", "yours", ttl_seconds=LONG) is True

    def test_a_filled_value_expires(self, store: Cache) -> None:
        store.lease("key", "mine", ttl_seconds=LONG)
        store.fill("key", "mine", "value", ttl_seconds=SHORT)
        wait_until(lambda: store.get("key") is None, what="the end of a filled value of 0.2 seconds")

    def test_only_who_holds_the_lease_fills(self, store: Cache) -> None:
        assert store.fill("key", "mine", "value", ttl_seconds=LONG) is False
        store.lease("key", "mine", ttl_seconds=LONG)
        assert store.fill("key", "yours", "value", ttl_seconds=LONG) is False
        assert store.fill("other", "mine", "value", ttl_seconds=LONG) is False
        assert [store.get(each) for each in ("key", "other")] == [None, None]
        assert store.fill("key", "mine", "value", ttl_seconds=LONG) is True

    def test_a_delete_keeps_a_fill_under_way_from_bringing_an_old_value_back(self, store: Cache) -> None:
        store.lease("key", "mine", ttl_seconds=LONG)
        store.delete("other", "key")
        assert store.fill("key", "mine", "old", ttl_seconds=LONG) is False
        assert store.get("key") is None

    def test_after_a_delete_another_may_fill_and_the_first_may_not(self, store: Cache) -> None:
        store.lease("key", "first", ttl_seconds=LONG)
        store.delete("key")
        assert store.lease("key", "second", ttl_seconds=LONG) is True
        assert store.fill("key", "first", "old", ttl_seconds=LONG) is False
        assert store.fill("key", "second", "new", ttl_seconds=LONG) is True
        assert store.get("key") == "new"

    def test_a_lease_expires_and_with_it_the_right_to_fill(self, store: Cache) -> None:
        store.lease("key", "slow", ttl_seconds=SHORT)
        wait_until(lambda: store.lease("key", "quick", ttl_seconds=LONG), what="the end of a lease of 0.2 seconds")
        assert store.fill("key", "slow", "old", ttl_seconds=LONG) is False
        assert store.fill("key", "quick", "new", ttl_seconds=LONG) is True
        assert store.get("key") == "new"

    def test_a_released_lease_is_free(self, store: Cache) -> None:
        store.lease("key", "mine", ttl_seconds=LONG)
        store.release("key", "mine")
        assert store.fill("key", "mine", "value", ttl_seconds=LONG) is False
        assert store.lease("key", "yours", ttl_seconds=LONG) is True

    def test_only_who_holds_a_lease_releases_it(self, store: Cache) -> None:
        store.release("key", "nobody")
        store.lease("key", "mine", ttl_seconds=LONG)
        store.release("key", "yours")
        assert store.lease("key", "yours", ttl_seconds=LONG) is False
        assert store.fill("key", "mine", "value", ttl_seconds=LONG) is True

    def test_of_fills_and_deletes_at_once_none_brings_back_what_was_deleted_last(self, store: Cache) -> None:
        def act(number: int) -> None:
            key = f"key-{number % 5}"
            token = build_id("token")
            if store.lease(key, token, ttl_seconds=LONG):
                store.fill(key, token, f"of {number}", ttl_seconds=LONG)
            store.delete(key)

        together(30, act)
        assert [store.get(f"key-{number}") for number in range(5)] == [None] * 5
