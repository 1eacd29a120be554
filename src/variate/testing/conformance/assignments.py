"""The suite of ``AssignmentStore``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from variate.model import Assignment, AssignmentSample, Page
from variate.stores.ports import AssignmentStore
from variate.testing.builders import build_assignment
from variate.testing.clocks import START
from variate.testing.conformance.concurrency import together
from variate.testing.conformance.paging import Fetch, check_newest_first, check_pages, check_refusals, walk
from variate.testing.conformance.samples import ALIKE, IN_ORDER, every_instant, every_text

SECOND = timedelta(seconds=1)
MICROSECOND = timedelta(microseconds=1)


class AssignmentStoreConformance:
    """Subclass it and provide the fixture ``store``, empty."""

    @pytest.fixture
    def store(self) -> AssignmentStore:
        raise NotImplementedError("provide a fixture `store`: an empty AssignmentStore")

    def test_what_was_kept_stands(self, store: AssignmentStore) -> None:
        kept = build_assignment("ada", experiment_id="e", version=3, expires_at=START + timedelta(days=30))
        assert list(store.keep([kept])) == [kept]
        assert _of(store, kept) == kept
        assert [*store.of_unit("ada", at=START, limit=10)] == [kept]
        assert [*store.of_experiment("e", at=START, limit=10)] == [kept]

    def test_many_are_told_by_unit_and_only_those_that_stand(self, store: AssignmentStore) -> None:
        ends = START + SECOND
        units = [f"unit-{number}" for number in range(1_234)]
        kept = [
            build_assignment(unit, experiment_id="e", version=2, expires_at=ends if number % 2 else None)
            for number, unit in enumerate(units[::3])
        ]
        store.keep(kept)
        store.keep([build_assignment(unit, experiment_id="e", version=1, variation="other") for unit in units[:9]])
        store.keep([build_assignment(unit, experiment_id="f", version=2, variation="other") for unit in units[:9]])

        def found(asked: Sequence[str], at: datetime) -> dict[str, Assignment]:
            return dict(store.get_many(asked, experiment_id="e", version=2, at=at))

        assert found(units, ends - MICROSECOND) == {each.unit: each for each in kept}
        assert found(units, ends) == {each.unit: each for each in kept[::2]}
        assert found([kept[0].unit], START) == found([kept[0].unit] * 2, START) == {kept[0].unit: kept[0]}
        assert found(["nobody"], START) == found([], START) == {}

    def test_without_an_end_it_stands_for_ever(self, store: AssignmentStore) -> None:
        kept = build_assignment()
        store.keep([kept])
        assert _of(store, kept, at=datetime.max.replace(tzinfo=START.tzinfo)) == kept

    def test_what_was_never_kept_is_none(self, store: AssignmentStore) -> None:
        store.keep([build_assignment("ada", experiment_id="e", version=1)])
        assert store.get(unit="ada", experiment_id="e", version=2, at=START) is None
        assert store.get(unit="ada", experiment_id="f", at=START) is None
        assert store.get(unit="bob", experiment_id="e", at=START) is None
        assert len(store.of_unit("bob", at=START, limit=10)) == 0
        assert len(store.of_experiment("f", at=START, limit=10)) == 0

    def test_the_first_one_stands(self, store: AssignmentStore) -> None:
        first = build_assignment("ada", variation="control")
        later = replace(first, variation="treatment", assigned_at=START + SECOND)
        store.keep([first])
        assert list(store.keep([later])) == [first]
        assert list(store.keep([first])) == [first]
        assert _of(store, first) == first
        assert len(store.of_unit("ada", at=START, limit=10)) == 1

    def test_an_earlier_one_that_comes_later_does_not_replace_it(self, store: AssignmentStore) -> None:
        first = build_assignment("ada", variation="control")
        earlier = replace(first, variation="treatment", assigned_at=START - timedelta(days=1))
        store.keep([first])
        assert list(store.keep([earlier])) == [first]

    def test_each_experiment_and_version_has_its_own(self, store: AssignmentStore) -> None:
        all_of_them = [
            build_assignment("ada", experiment_id=experiment, version=version, variation=f"{experiment}{version}")
            for experiment in ("e", "f")
            for version in (1, 2, 10)
        ]
        assert list(store.keep(all_of_them)) == all_of_them
        assert [_of(store, each) for each in all_of_them] == all_of_them

    def test_a_batch_answers_in_the_order_asked(self, store: AssignmentStore) -> None:
        standing = [build_assignment(f"unit-{number}", variation="old") for number in range(0, 130, 3)]
        store.keep(standing)
        asked = [
            build_assignment(f"unit-{number}", variation="new", assigned_at=START + SECOND)
            for number in reversed(range(130))
        ]
        old = {each.unit: each for each in standing}
        assert list(store.keep(asked)) == [old.get(each.unit, each) for each in asked]

    def test_within_a_batch_the_first_of_a_unit_wins(self, store: AssignmentStore) -> None:
        first, other = build_assignment("ada", variation="control"), build_assignment("bob")
        second = replace(first, variation="treatment")
        assert list(store.keep([first, other, second, first])) == [first, other, first, first]
        assert _of(store, first) == first

    def test_an_empty_batch_keeps_nothing(self, store: AssignmentStore) -> None:
        assert list(store.keep([])) == []

    def test_it_is_gone_at_the_moment_it_expires_and_not_before(self, store: AssignmentStore) -> None:
        ends = START + SECOND + MICROSECOND
        kept = build_assignment("ada", experiment_id="e", expires_at=ends)
        store.keep([kept])
        for at, found in ((ends - MICROSECOND, [kept]), (ends, []), (ends + SECOND, [])):
            assert _of(store, kept, at=at) == (kept if found else None)
            assert [*store.of_unit("ada", at=at, limit=10)] == found
            assert [*store.of_experiment("e", at=at, limit=10)] == found

    @pytest.mark.parametrize("late_by", [timedelta(0), MICROSECOND, timedelta(days=400)])
    def test_one_that_expired_is_replaced(self, store: AssignmentStore, late_by: timedelta) -> None:
        old = build_assignment("ada", variation="control", expires_at=START + SECOND)
        new = build_assignment("ada", variation="treatment", assigned_at=START + SECOND + late_by)
        store.keep([old])
        assert list(store.keep([new])) == [new]
        assert _of(store, new, at=new.assigned_at) == new
        assert len(store.of_unit("ada", at=new.assigned_at, limit=10)) == 1
        assert len(store.of_experiment("experiment", at=new.assigned_at, limit=10)) == 1

    def test_one_that_has_not_yet_expired_is_not_replaced(self, store: AssignmentStore) -> None:
        old = build_assignment("ada", variation="control", expires_at=START + SECOND)
        new = build_assignment("ada", variation="treatment", assigned_at=START + SECOND - MICROSECOND)
        store.keep([old])
        assert list(store.keep([new])) == [old]

    def test_fifty_callers_get_back_the_same_one(self, store: AssignmentStore) -> None:
        mine = [build_assignment("ada", variation=f"variation-{number}") for number in range(50)]
        answers = together(50, lambda number: store.keep([mine[number]])[0])
        assert len({each.variation for each in answers}) == 1
        assert _of(store, mine[0]) == answers[0]
        assert [*store.of_experiment("experiment", at=START, limit=10)] == [answers[0]]

    def test_fifty_callers_replace_an_expired_one_by_the_same_one(self, store: AssignmentStore) -> None:
        store.keep([build_assignment("ada", variation="old", expires_at=START + SECOND)])
        now = START + SECOND
        mine = [build_assignment("ada", variation=f"new-{number}", assigned_at=now) for number in range(50)]
        answers = together(50, lambda number: store.keep([mine[number]])[0])
        assert len({each.variation for each in answers}) == 1
        assert answers[0].variation != "old"
        assert _of(store, mine[0], at=now) == answers[0]

    def test_batches_that_overlap_in_opposite_orders_agree(self, store: AssignmentStore) -> None:
        units = [f"unit-{number}" for number in range(40)]

        def keep(number: int) -> dict[str, str]:
            order = units if number % 2 else units[::-1]
            stood = store.keep([build_assignment(unit, variation=f"caller-{number}") for unit in order])
            return {each.unit: each.variation for each in stood}

        answers = together(8, keep)
        assert all(answer == answers[0] for answer in answers)

    @every_text
    def test_text_comes_back_as_it_was_given(self, store: AssignmentStore, text: str) -> None:
        kept = build_assignment(text, experiment_id=text, variation=text, expires_at=START + SECOND)
        assert list(store.keep([kept])) == [kept]
        assert _of(store, kept) == kept
        assert [*store.of_unit(text, at=START, limit=10)] == [kept]
        assert [*store.of_experiment(text, at=START, limit=10)] == [kept]

    def test_units_that_look_alike_are_different_units(self, store: AssignmentStore) -> None:
        kept = [build_assignment(unit, variation=f"v{number}") for number, unit in enumerate(ALIKE)]
        assert list(store.keep(kept)) == kept
        assert [_of(store, each) for each in kept] == kept

    def test_parts_of_ids_are_not_run_together(self, store: AssignmentStore) -> None:
        kept = [
            build_assignment(unit, experiment_id=experiment, version=version, variation=f"v{number}")
            for number, (unit, experiment, version) in enumerate(
                [("a", "b:1", 1), ("a", "b", 11), ("1:a", "b", 1), ("a#b", "c", 1), ("a", "b#c", 1), ("b#c", "a", 1)]
            )
        ]
        assert list(store.keep(kept)) == kept
        assert [_of(store, each) for each in kept] == kept

    @every_instant
    def test_times_come_back_to_the_microsecond(self, store: AssignmentStore, instant: datetime) -> None:
        kept = build_assignment("ada", assigned_at=instant)
        store.keep([kept])
        assert _of(store, kept, at=instant) == kept
        assert [*store.of_unit("ada", at=instant, limit=10)] == [kept]
        assert [*store.of_experiment("experiment", at=instant, limit=10)] == [kept]

    def test_an_end_comes_back_to_the_microsecond(self, store: AssignmentStore) -> None:
        kept = build_assignment("ada", expires_at=START + timedelta(days=3650, microseconds=1))
        store.keep([kept])
        assert _of(store, kept) == kept

    def test_of_unit_is_in_order_of_experiment_and_version(self, store: AssignmentStore) -> None:
        in_order = [(f"e{ending}", version) for ending in IN_ORDER for version in (2, 10)]
        store.keep([build_assignment("ada", experiment_id=e, version=version) for e, version in reversed(in_order)])
        store.keep([build_assignment("bob", experiment_id="e")])
        check_pages(_of_unit(store, "ada"), expected=in_order, of=lambda each: (each.experiment_id, each.version))

    def test_of_experiment_has_the_most_recent_first(self, store: AssignmentStore) -> None:
        kept = _twenty_five()
        store.keep(kept)
        store.keep([build_assignment("ada", experiment_id="other")])
        for limit in (1, 7, 25, 1_000):
            found = walk(_of_experiment(store, "e"), limit=limit)
            check_newest_first(found, at=lambda each: each.assigned_at)
            assert sorted(found, key=_key) == sorted(kept, key=_key)

    def test_pages_pass_over_what_has_expired_and_are_full_all_the_same(self, store: AssignmentStore) -> None:
        ends = START + SECOND
        kept = [
            build_assignment(f"unit-{number}", experiment_id="e", expires_at=ends if number % 3 else None)
            for number in range(40)
        ]
        store.keep(kept)
        store.keep([replace(each, unit="ada", experiment_id=f"e-{each.unit}") for each in kept])
        assert len(walk(_of_experiment(store, "e", at=ends), limit=4)) == 14
        assert len(walk(_of_unit(store, "ada", at=ends), limit=4)) == 14

    def test_what_is_kept_between_pages_neither_hides_nor_repeats_an_old_one(self, store: AssignmentStore) -> None:
        kept = _twenty_five()
        store.keep(kept)
        page = store.of_experiment("e", at=START, limit=7)
        found = [*page]
        for minutes in (-120, 0, 6, 120):
            store.keep([build_assignment(experiment_id="e", assigned_at=START + timedelta(minutes=minutes))])
        while page.last_key is not None:
            page = store.of_experiment("e", at=START, limit=7, last_key=page.last_key)
            found += page
        old = [each for each in found if each in kept]
        assert sorted(old, key=_key) == sorted(kept, key=_key)

    def test_a_last_key_of_anything_else_is_refused(self, store: AssignmentStore) -> None:
        store.keep(_twenty_five())
        store.keep([build_assignment("unit-1", experiment_id=experiment) for experiment in ("f", "g", "h")])
        store.keep([build_assignment("unit-2", experiment_id=experiment) for experiment in ("f", "g", "h")])
        of_unit, of_experiment = _of_unit(store, "unit-1"), _of_experiment(store, "e")
        check_refusals(of_unit, foreign=[of_experiment(1, None).last_key, _of_unit(store, "unit-2")(1, None).last_key])
        check_refusals(of_experiment, foreign=[of_unit(1, None).last_key, _of_experiment(store, "f")(1, None).last_key])

    def test_a_sample_of_few_is_all_that_stand_of_the_version(self, store: AssignmentStore) -> None:
        ends = START + SECOND
        kept = [build_assignment(f"unit-{number}", experiment_id="e", version=2) for number in range(12)]
        store.keep(kept)
        store.keep([build_assignment("unit-1", experiment_id="e"), build_assignment("ada", experiment_id="f")])
        store.keep([build_assignment("bob", experiment_id="e", version=2, expires_at=ends)])
        for limit in (13, 100):  # what has expired may take a place
            sample = store.sample("e", version=2, at=ends, limit=limit, newest=1_000)
            assert sorted(sample.assignments, key=_key) == sorted(kept, key=_key)
            assert (sample.total, sample.is_whole, sample.is_cut) == (12, True, False)
        assert store.sample("nowhere", version=1, at=ends, limit=5, newest=5) == AssignmentSample(
            assignments=(), total=0
        )

    def test_a_sample_of_many_has_as_many_from_all_over(self, store: AssignmentStore) -> None:
        kept = [
            build_assignment(f"unit-{number:03}", experiment_id="e", assigned_at=START + number * SECOND)
            for number in range(400)
        ]
        store.keep(kept)
        sample = store.sample("e", version=1, at=START, limit=100, newest=1_000)
        assert (sample.total, sample.is_whole, sample.is_cut) == (400, False, False)
        assert len({each.unit for each in sample.assignments}) == 100
        assert {*sample.assignments} <= {*kept}
        # Ten of each tenth are expected: less than one of three tenths by chance comes once in 10**17.
        assert len({int(each.unit[5:]) // 40 for each in sample.assignments}) > 7

    def test_a_sample_of_many_has_nothing_that_expired_and_tells_about_how_many_stand(
        self, store: AssignmentStore
    ) -> None:
        ends = START + SECOND
        kept = [
            build_assignment(f"unit-{number:03}", experiment_id="e", expires_at=ends if number % 2 else None)
            for number in range(400)
        ]
        store.keep(kept)
        sample = store.sample("e", version=1, at=ends, limit=100, newest=1_000)
        assert all(each.expires_at is None for each in sample.assignments)
        # Half are expected: by chance fewer than a quarter come once in 10**6.
        assert 25 <= len(sample.assignments) <= 100
        assert 100 <= sample.total <= 300

    def test_a_sample_leaves_out_what_is_older_than_the_newest_and_says_so(self, store: AssignmentStore) -> None:
        kept = [
            build_assignment(
                f"unit-{number:02}", experiment_id="e", version=1 + number % 2, assigned_at=START + number * SECOND
            )
            for number in range(40)
        ]
        store.keep(kept)
        sample = store.sample("e", version=2, at=START, limit=100, newest=20)
        assert (sample.total, sample.is_whole, sample.is_cut) == (10, True, True)
        assert {*sample.assignments} == {each for each in kept[20:] if each.version == 2}
        few = store.sample("e", version=2, at=START, limit=4, newest=20)
        assert (len(few.assignments), few.total, few.is_cut) == (4, 10, True)
        assert {*few.assignments} <= {*sample.assignments}

    def test_purge_deletes_what_expired_before_or_leaves_it_to_the_engine(self, store: AssignmentStore) -> None:
        ends = START + SECOND
        expired = [build_assignment(expires_at=ends - MICROSECOND) for _ in range(3)]
        alive = [build_assignment(expires_at=ends), build_assignment(expires_at=ends + SECOND), build_assignment()]
        store.keep([*expired, *alive])
        count = store.purge(expired_before=ends)
        assert count in (0, 3)
        assert [_of(store, each) for each in alive] == alive
        if count:
            assert [_of(store, each) for each in expired] == [None, None, None]
        assert store.purge(expired_before=ends) == 0


def _of(store: AssignmentStore, asked: Assignment, *, at: datetime = START) -> Assignment | None:
    return store.get(unit=asked.unit, experiment_id=asked.experiment_id, version=asked.version, at=at)


def _of_unit(store: AssignmentStore, unit: str, *, at: datetime = START) -> Fetch[Assignment]:
    def fetch(limit: int, last_key: str | None) -> Page[Assignment]:
        return store.of_unit(unit, at=at, limit=limit, last_key=last_key)

    return fetch


def _of_experiment(store: AssignmentStore, experiment_id: str, *, at: datetime = START) -> Fetch[Assignment]:
    def fetch(limit: int, last_key: str | None) -> Page[Assignment]:
        return store.of_experiment(experiment_id, at=at, limit=limit, last_key=last_key)

    return fetch


def _twenty_five() -> list[Assignment]:
    """Assignments of experiment ``e``, five in each of five minutes, of two versions."""
    return [
        build_assignment(
            f"unit-{number}",
            experiment_id="e",
            version=1 + number % 2,
            assigned_at=START + timedelta(minutes=number % 5),
        )
        for number in range(25)
    ]


def _key(assignment: Assignment) -> str:
    return assignment.id
