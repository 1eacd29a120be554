"""The suite of ``OverrideStore``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations, product

import pytest

from variate.model import Override, OverrideTarget, Page
from variate.stores.ports import OverrideStore
from variate.testing.builders import build_override
from variate.testing.clocks import START
from variate.testing.conformance.concurrency import together
from variate.testing.conformance.paging import Fetch, check_pages, check_refusals, walk
from variate.testing.conformance.samples import ALIKE, IN_ORDER, every_instant, every_text

SECOND = timedelta(seconds=1)
MICROSECOND = timedelta(microseconds=1)
EXPERIMENT, FLAG = OverrideTarget.EXPERIMENT, OverrideTarget.FLAG


class OverrideStoreConformance:
    """Subclass it and provide the fixture ``store``, empty."""

    @pytest.fixture
    def store(self) -> OverrideStore:
        raise NotImplementedError("provide a fixture `store`: an empty OverrideStore")

    def test_what_was_put_is_in_force(self, store: OverrideStore) -> None:
        override = build_override("ada", reason="A demonstration", expires_at=START + timedelta(days=30))
        store.put(override)
        assert _of(store, override) == override
        assert [*store.of_unit("ada", at=START, limit=10)] == [override]
        assert [*store.of_target(target=EXPERIMENT, target_id="experiment", at=START, limit=10)] == [override]
        assert [*store.of_type(EXPERIMENT, at=START, limit=10)] == [override]

    def test_where_nothing_was_put_there_is_none(self, store: OverrideStore) -> None:
        store.put(build_override("ada", target=EXPERIMENT, target_id="x"))
        assert store.get(unit="bob", target=EXPERIMENT, target_id="x", at=START) is None
        assert store.get(unit="ada", target=FLAG, target_id="x", at=START) is None
        assert store.get(unit="ada", target=EXPERIMENT, target_id="y", at=START) is None
        assert len(store.of_unit("bob", at=START, limit=10)) == 0
        assert len(store.of_target(target=FLAG, target_id="x", at=START, limit=10)) == 0
        assert len(store.of_type(FLAG, at=START, limit=10)) == 0

    def test_without_an_end_it_is_in_force_for_ever(self, store: OverrideStore) -> None:
        override = build_override()
        store.put(override)
        assert _of(store, override, at=datetime.max.replace(tzinfo=START.tzinfo)) == override

    def test_a_newer_one_takes_its_place(self, store: OverrideStore) -> None:
        old = build_override("ada", value="control", expires_at=START + SECOND)
        new = replace(old, value="treatment", created_at=START + MICROSECOND, expires_at=None, reason="why")
        store.put(old)
        store.put(new)
        assert _of(store, new) == new
        assert [*store.of_unit("ada", at=START, limit=10)] == [new]
        assert [*store.of_type(new.target, at=START, limit=10)] == [new]

    def test_an_older_one_that_arrives_later_does_not(self, store: OverrideStore) -> None:
        new = build_override("ada", value="new", created_at=START)
        store.put(new)
        store.put(replace(new, value="old", created_at=START - MICROSECOND))
        assert _of(store, new) == new

    def test_of_two_of_one_moment_the_first_stands(self, store: OverrideStore) -> None:
        first = build_override("ada", value="first")
        store.put(first)
        store.put(replace(first, value="second"))
        assert _of(store, first) == first

    def test_putting_it_again_changes_nothing(self, store: OverrideStore) -> None:
        override = build_override("ada", expires_at=START + SECOND)
        for _ in range(3):
            store.put(override)
        assert [*store.of_unit("ada", at=START, limit=10)] == [override]

    def test_it_is_gone_at_the_moment_it_expires_and_not_before(self, store: OverrideStore) -> None:
        ends = START + SECOND + MICROSECOND
        override = build_override("ada", expires_at=ends)
        store.put(override)
        for at, found in ((ends - MICROSECOND, [override]), (ends, []), (ends + SECOND, [])):
            assert _of(store, override, at=at) == (override if found else None)
            assert [*store.of_unit("ada", at=at, limit=10)] == found
            assert [*store.of_target(target=EXPERIMENT, target_id="experiment", at=at, limit=10)] == found
            assert [*store.of_type(EXPERIMENT, at=at, limit=10)] == found

    def test_one_that_was_removed_is_gone(self, store: OverrideStore) -> None:
        override, other = build_override("ada"), build_override("bob")
        store.put(override)
        store.put(other)
        assert _remove(store, override, at=START + SECOND) is True
        assert _of(store, override) is None
        assert len(store.of_unit("ada", at=START, limit=10)) == 0
        assert [*store.of_target(target=EXPERIMENT, target_id="experiment", at=START, limit=10)] == [other]
        assert [*store.of_type(EXPERIMENT, at=START, limit=10)] == [other]

    def test_removing_again_or_what_is_unknown_says_there_was_none(self, store: OverrideStore) -> None:
        override = build_override("ada")
        assert _remove(store, override, at=START) is False
        store.put(replace(override, created_at=START + SECOND))
        assert _remove(store, override, at=START + 2 * SECOND) is True
        assert _remove(store, override, at=START + 2 * SECOND) is False
        assert _remove(store, override, at=START + 3 * SECOND) is False

    @pytest.mark.parametrize("made_later_by", [timedelta(0), MICROSECOND, SECOND])
    def test_one_made_at_the_removal_or_after_is_not_removed(
        self, store: OverrideStore, made_later_by: timedelta
    ) -> None:
        override = build_override("ada", created_at=START + made_later_by)
        store.put(override)
        assert _remove(store, override, at=START) is False
        assert _of(store, override, at=START + SECOND) == override

    @pytest.mark.parametrize("standing", [True, False], ids=["removed", "nothing to remove"])
    def test_one_made_before_the_removal_does_not_come_back(self, store: OverrideStore, *, standing: bool) -> None:
        override = build_override("ada")
        if standing:
            store.put(override)
        _remove(store, override, at=START + SECOND)
        for created_at in (START, START + SECOND - MICROSECOND, START + SECOND):
            store.put(replace(override, created_at=created_at))
            assert _of(store, override, at=START + SECOND) is None
            assert len(store.of_unit("ada", at=START + SECOND, limit=10)) == 0

    def test_one_made_after_the_removal_is_in_force(self, store: OverrideStore) -> None:
        override = build_override("ada")
        store.put(override)
        _remove(store, override, at=START + SECOND)
        new = replace(override, created_at=START + SECOND + MICROSECOND)
        store.put(new)
        assert _of(store, new, at=new.created_at) == new

    def test_an_older_removal_that_arrives_later_does_not_undo_a_newer_one(self, store: OverrideStore) -> None:
        override = build_override("ada")
        _remove(store, override, at=START + 3 * SECOND)
        _remove(store, override, at=START + SECOND)
        store.put(replace(override, created_at=START + 2 * SECOND))
        assert _of(store, override, at=START + 3 * SECOND) is None

    @pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
    def test_whatever_the_order_of_arrival_the_latest_counts(
        self, store: OverrideStore, order: tuple[int, ...]
    ) -> None:
        first = build_override("ada", value="first")
        last = replace(first, value="last", created_at=START + 2 * SECOND)
        steps: list[Callable[[], object]] = [
            lambda: store.put(first),
            lambda: _remove(store, first, at=START + SECOND),
            lambda: store.put(last),
        ]
        for number in order:
            steps[number]()
        assert _of(store, first, at=START + 2 * SECOND) == last

    def test_of_fifty_puts_at_once_the_latest_counts(self, store: OverrideStore) -> None:
        mine = [build_override("ada", value=f"{n}", created_at=START + n * MICROSECOND) for n in range(50)]
        together(50, lambda number: store.put(mine[number]))
        assert _of(store, mine[0]) == mine[-1]
        assert [*store.of_unit("ada", at=START, limit=10)] == [mine[-1]]

    def test_of_twenty_removals_at_once_one_finds_it(self, store: OverrideStore) -> None:
        override = build_override("ada")
        store.put(override)
        assert together(20, lambda _: _remove(store, override, at=START + SECOND)).count(True) == 1
        assert _of(store, override) is None

    @every_text
    def test_text_comes_back_as_it_was_given(self, store: OverrideStore, text: str) -> None:
        override = build_override(text, target=FLAG, target_id=text, value=text, reason=text)
        store.put(override)
        assert _of(store, override) == override
        assert [*store.of_unit(text, at=START, limit=10)] == [override]
        assert [*store.of_target(target=FLAG, target_id=text, at=START, limit=10)] == [override]
        assert [*store.of_type(FLAG, at=START, limit=10)] == [override]
        assert _remove(store, override, at=START + SECOND) is True

    def test_the_longest_reason_there_can_be_is_held(self, store: OverrideStore) -> None:
        override = build_override(reason="😀" * 12_500)
        store.put(override)
        assert _of(store, override) == override

    def test_units_and_targets_that_look_alike_are_different(self, store: OverrideStore) -> None:
        overrides = [build_override(u, target_id=t, value=f"{u}/{t}") for u, t in zip(ALIKE, ALIKE[::-1], strict=True)]
        for each in overrides:
            store.put(each)
        assert [_of(store, each) for each in overrides] == overrides
        assert [[*store.of_unit(each.unit, at=START, limit=10)] for each in overrides] == [[o] for o in overrides]

    @every_instant
    def test_times_come_back_to_the_microsecond(self, store: OverrideStore, instant: datetime) -> None:
        override = build_override("ada", created_at=instant)
        store.put(override)
        assert _of(store, override, at=instant) == override

    def test_an_end_comes_back_to_the_microsecond(self, store: OverrideStore) -> None:
        override = build_override(expires_at=START + timedelta(days=3650, microseconds=1))
        store.put(override)
        assert _of(store, override) == override

    def test_of_target_is_in_order_of_unit(self, store: OverrideStore) -> None:
        units = [f"u{ending}" for ending in IN_ORDER] + [f"v{number:02}" for number in range(13)]
        for unit in reversed(units):
            store.put(build_override(unit, target_id="x"))
            store.put(build_override(unit, target_id="y"))
            store.put(build_override(unit, target=FLAG, target_id="x"))
        check_pages(_of_target(store, "x"), expected=units, of=lambda each: each.unit)

    def test_of_unit_is_in_order_of_target_and_target_id(self, store: OverrideStore) -> None:
        targets = [(target, f"t{ending}") for target in (EXPERIMENT, FLAG) for ending in IN_ORDER]
        for target, target_id in reversed(targets):
            store.put(build_override("ada", target=target, target_id=target_id))
            store.put(build_override("bob", target=target, target_id=target_id))
        check_pages(_of_unit(store, "ada"), expected=targets, of=lambda each: (each.target, each.target_id))

    def test_of_type_is_in_order_of_target_id_and_unit(self, store: OverrideStore) -> None:
        keys = [(f"t{ending}", unit) for ending in IN_ORDER for unit in ("A", "b")]
        keys += [("u", f"u{ending}") for ending in IN_ORDER]
        for target_id, unit in sorted(keys, key=lambda key: key[1], reverse=True):
            store.put(build_override(unit, target_id=target_id))
        check_pages(_of_type(store), expected=keys, of=_place)

    def test_of_type_leaves_out_the_other_kind(self, store: OverrideStore) -> None:
        for target_id in ("x", "y", "z"):
            store.put(build_override("ada", target=EXPERIMENT, target_id=target_id))
            store.put(build_override("bob", target=FLAG, target_id=target_id))
        check_pages(_of_type(store, EXPERIMENT), expected=[("x", "ada"), ("y", "ada"), ("z", "ada")], of=_place)
        check_pages(_of_type(store, FLAG), expected=[("x", "bob"), ("y", "bob"), ("z", "bob")], of=_place)

    def test_pages_pass_over_what_is_no_longer_in_force_and_are_full_all_the_same(self, store: OverrideStore) -> None:
        for number in range(30):
            ends = START + SECOND if number % 3 == 1 else None
            of_target = build_override(f"{number:02}", target_id="x", expires_at=ends)
            of_unit = build_override("ada", target_id=f"{number:02}", expires_at=ends)
            for each in (of_target, of_unit):
                store.put(each)
                if number % 3 == 2:
                    _remove(store, each, at=START + SECOND)
        expected = [f"{number:02}" for number in range(0, 30, 3)]
        at = START + SECOND
        assert [each.unit for each in walk(_of_target(store, "x", at=at), limit=4)] == expected
        assert [each.target_id for each in walk(_of_unit(store, "ada", at=at), limit=4)] == expected
        of_type = [*((target_id, "ada") for target_id in expected), *(("x", unit) for unit in expected)]
        assert [_place(each) for each in walk(_of_type(store, at=at), limit=4)] == of_type

    def test_what_is_put_between_pages_neither_hides_nor_repeats_an_old_one(self, store: OverrideStore) -> None:
        old = [f"old-{number:02}" for number in range(25)]
        for unit in old:
            store.put(build_override(unit, target_id="x"))
        fetch = _of_target(store, "x")
        page = fetch(7, None)
        found = [*page]
        for unit in ("aaa", "old-03x", "old-06x", "old-20x", "zzz"):
            store.put(build_override(unit, target_id="x"))
        store.put(build_override("old-10", target_id="x", created_at=START + SECOND))
        while page.last_key is not None:
            page = fetch(7, page.last_key)
            found += page
        assert [each.unit for each in found if each.unit in old] == old

    def test_what_is_put_between_pages_of_a_type_neither_hides_nor_repeats_an_old_one(
        self, store: OverrideStore
    ) -> None:
        old = [(f"old-{target}", f"old-{unit}") for target in range(5) for unit in range(5)]
        for target_id, unit in old:
            store.put(build_override(unit, target_id=target_id))
        page = _of_type(store)(7, None)
        found = [*page]
        for target_id, unit in [*product(("aaa", "old-1x", "zzz"), ("aaa", "zzz")), ("old-1", "aaa"), ("old-1", "zzz")]:
            store.put(build_override(unit, target_id=target_id))
        store.put(build_override("old-2", target_id="old-2", created_at=START + SECOND))
        while page.last_key is not None:
            page = _of_type(store)(7, page.last_key)
            found += page
        assert [_place(each) for each in found if _place(each) in old] == old

    def test_a_last_key_of_anything_else_is_refused(self, store: OverrideStore) -> None:
        for unit in ("ada", "bob", "cy"):
            for target_id in ("x", "y", "z"):
                store.put(build_override(unit, target_id=target_id))
                store.put(build_override(unit, target_id=target_id, target=FLAG))
        of_ada, of_bob = _of_unit(store, "ada"), _of_unit(store, "bob")
        of_x, of_y, of_flag = _of_target(store, "x"), _of_target(store, "y"), _of_target(store, "x", target=FLAG)
        of_experiments, of_flags = _of_type(store), _of_type(store, FLAG)
        of_type = of_experiments(1, None).last_key
        check_refusals(of_ada, foreign=[of_bob(1, None).last_key, of_x(1, None).last_key, of_type])
        of_others = [fetch(1, None).last_key for fetch in (of_y, of_flag, of_ada)]
        check_refusals(of_x, foreign=[*of_others, of_type])
        of_others = [fetch(1, None).last_key for fetch in (of_flags, of_x, of_ada)]
        check_refusals(of_experiments, foreign=of_others)

    def test_purge_deletes_what_expired_before_or_leaves_it_to_the_engine(self, store: OverrideStore) -> None:
        ends = START + SECOND
        expired = [build_override(expires_at=ends - MICROSECOND) for _ in range(3)]
        alive = [build_override(expires_at=ends), build_override(expires_at=ends + SECOND), build_override()]
        for each in [*expired, *alive]:
            store.put(each)
        count = store.purge(expired_before=ends)
        assert count in (0, 3)
        assert [_of(store, each) for each in alive] == alive
        if count:
            assert [_of(store, each) for each in expired] == [None, None, None]
        assert store.purge(expired_before=ends) == 0

    def test_a_removal_is_remembered_for_90_days_and_then_purged_or_left_to_the_engine(
        self, store: OverrideStore
    ) -> None:
        removed, never = build_override("ada"), build_override("bob")
        forgotten = START + timedelta(days=90)
        expired = build_override(expires_at=forgotten)
        for each in (removed, expired):
            store.put(each)
        for each in (removed, never):
            _remove(store, each, at=START + MICROSECOND)
        assert store.purge(expired_before=forgotten) == 0
        for each in (removed, never):
            store.put(each)
            assert _of(store, each) is None
        count = store.purge(expired_before=forgotten + 2 * MICROSECOND)
        assert count in (0, 3), "what deletes the expired one deletes what is left of the removals too"
        if count:
            store.put(removed)
            assert _of(store, removed) == removed

    @every_instant
    def test_a_removal_may_be_of_any_time(self, store: OverrideStore, instant: datetime) -> None:
        override = build_override("ada", created_at=instant)
        _remove(store, override, at=instant)
        store.put(override)
        assert _of(store, override, at=instant) is None


def _of(store: OverrideStore, asked: Override, *, at: datetime = START) -> Override | None:
    return store.get(unit=asked.unit, target=asked.target, target_id=asked.target_id, at=at)


def _remove(store: OverrideStore, asked: Override, *, at: datetime) -> bool:
    return store.remove(unit=asked.unit, target=asked.target, target_id=asked.target_id, at=at)


def _of_unit(store: OverrideStore, unit: str, *, at: datetime = START) -> Fetch[Override]:
    def fetch(limit: int, last_key: str | None) -> Page[Override]:
        return store.of_unit(unit, at=at, limit=limit, last_key=last_key)

    return fetch


def _of_type(store: OverrideStore, target: OverrideTarget = EXPERIMENT, *, at: datetime = START) -> Fetch[Override]:
    def fetch(limit: int, last_key: str | None) -> Page[Override]:
        return store.of_type(target, at=at, limit=limit, last_key=last_key)

    return fetch


def _place(override: Override) -> tuple[str, str]:
    return override.target_id, override.unit


def _of_target(
    store: OverrideStore, target_id: str, *, target: OverrideTarget = EXPERIMENT, at: datetime = START
) -> Fetch[Override]:
    def fetch(limit: int, last_key: str | None) -> Page[Override]:
        return store.of_target(target=target, target_id=target_id, at=at, limit=limit, last_key=last_key)

    return fetch
