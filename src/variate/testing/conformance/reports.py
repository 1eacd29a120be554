"""The suites of ``LookStore`` and ``ReportStore``."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from variate.errors import ConflictError
from variate.model import Json
from variate.model.document import Document
from variate.stores.reports import LookStore, ReportHead, ReportStore, StoredReport
from variate.testing.builders import minutes_after_start
from variate.testing.conformance.concurrency import together, wins
from variate.testing.conformance.paging import Fetch, check_newest_first, check_pages, check_refusals, walk
from variate.testing.conformance.samples import every_instant, every_json, plain
from variate.testing.report_builders import build_look, build_report


class LookStoreConformance:
    """Subclass it and provide the fixture ``store``, empty."""

    @pytest.fixture
    def store(self) -> LookStore:
        raise NotImplementedError("provide a fixture `store`: an empty LookStore")

    def test_looks_come_back_in_order_of_their_numbers(self, store: LookStore) -> None:
        given = [build_look(number=number, units=100 * number) for number in range(1, 12)]
        assert plain([store.add(each) for each in given]) == plain(given)
        assert plain([*store.of_version("experiment", version=1)]) == plain(given)

    def test_where_nobody_looked_there_is_none(self, store: LookStore) -> None:
        store.add(build_look())
        assert list(store.of_version("other", version=1)) == []

    def test_versions_and_experiments_do_not_touch_one_another(self, store: LookStore) -> None:
        given = [build_look(), build_look(version=2, units=7), build_look("Experiment", units=8)]
        for each in given:
            store.add(each)
        found = [
            [*store.of_version("experiment", version=1)],
            [*store.of_version("experiment", version=2)],
            [*store.of_version("Experiment", version=1)],
        ]
        assert plain(found) == plain([[each] for each in given])

    def test_numbers_keep_every_digit(self, store: LookStore) -> None:
        given = build_look(fraction=1 / 3, alpha=0.05 / 7, spent=5e-324, critical=2.4370123456789012, units=10**12)
        store.add(given)
        assert [*store.of_version("experiment", version=1)] == [given]

    @every_instant
    def test_times_come_back_to_the_microsecond(self, store: LookStore, instant: datetime) -> None:
        store.add(build_look(at=instant))
        assert [each.at for each in store.of_version("experiment", version=1)] == [instant]

    def test_the_first_of_a_number_stands(self, store: LookStore) -> None:
        first = store.add(build_look(units=100))
        assert store.add(build_look(units=200)) == first
        assert [*store.of_version("experiment", version=1)] == [first]

    @pytest.mark.parametrize("number", [3, 4, 2**31])
    def test_one_that_follows_none_is_a_conflict_and_changes_nothing(self, store: LookStore, number: int) -> None:
        first = store.add(build_look())
        with pytest.raises(ConflictError):
            store.add(build_look(number=number))
        assert [*store.of_version("experiment", version=1)] == [first]

    def test_of_twenty_who_add_the_same_number_one_wins_and_all_are_told_which(self, store: LookStore) -> None:
        store.add(build_look())
        stood = together(20, lambda caller: store.add(build_look(number=2, units=caller + 1)))
        assert len(set(stood)) == 1
        assert [*store.of_version("experiment", version=1)][1:] == stood[:1]


class ReportStoreConformance:
    """Subclass it and provide the fixture ``store``, empty."""

    @pytest.fixture
    def store(self) -> ReportStore:
        raise NotImplementedError("provide a fixture `store`: an empty ReportStore")

    def test_what_was_added_is_returned(self, store: ReportStore) -> None:
        one, other = build_report(variation="treatment", verdict="ship"), build_report(version=3)
        for each in (one, other):
            store.add(each)
        assert plain(store.get(one.head.id)) == plain(one)
        assert plain(store.get(other.head.id)) == plain(other)

    def test_an_unknown_id_is_none(self, store: ReportStore) -> None:
        store.add(build_report())
        assert store.get("unknown") is None

    def test_one_whose_id_is_taken_is_a_conflict_and_changes_nothing(self, store: ReportStore) -> None:
        first = build_report()
        store.add(first)
        with pytest.raises(ConflictError):
            store.add(replace(first, document=Document('{"other":1}')))
        assert plain(store.get(first.head.id)) == plain(first)

    def test_of_twenty_who_add_the_same_id_exactly_one_wins(self, store: ReportStore) -> None:
        given = [build_report("one", data={"caller": caller}) for caller in range(20)]
        won = together(20, lambda caller: wins(lambda: store.add(given[caller]), losing=ConflictError))
        assert won.count(True) == 1
        assert plain(store.get("one")) == plain(given[won.index(True)])

    @every_json
    def test_the_document_comes_back_as_equal_json(self, store: ReportStore, value: Json) -> None:
        given = replace(build_report(), document=Document.of(value, field="report"))
        store.add(given)
        assert plain(store.get(given.head.id)) == plain(given)

    def test_megabytes_come_back(self, store: ReportStore) -> None:
        given = build_report(data=[[number, number / 7, "grün 😀"] for number in range(100_000)])
        store.add(given)
        assert store.get(given.head.id) == given

    @every_instant
    def test_times_come_back_to_the_microsecond(self, store: ReportStore, instant: datetime) -> None:
        given = [build_report(at=instant), build_report(at=instant)]
        for each in given:
            store.add(each)
        assert [head.at for head in walk(_list(store), limit=1)] == [instant, instant]

    def test_the_list_has_the_most_recent_first_of_the_experiment_asked_for(self, store: ReportStore) -> None:
        given = [
            build_report(
                f"r{number:02d}", experiment_id="one" if number % 3 else "other", at=minutes_after_start(minute)
            )
            for number, minute in enumerate([5, 1, 9, 5, 5, 0, 2, 8, 7, 3, 4, 6, 11, 10, 5, 12])
        ]
        for each in given:
            store.add(each)
        newest = sorted((each.head for each in given), key=lambda head: (-head.at.timestamp(), head.id))
        check_pages(_list(store), expected=[head.id for head in newest], of=lambda head: head.id)
        ones = [head for head in newest if head.experiment_id == "one"]
        check_pages(_list(store, "one"), expected=ones, of=lambda head: head)
        check_newest_first(walk(_list(store)), at=lambda head: head.at, by=lambda head: head.id)

    def test_the_newest_of_each_experiment_is_the_one_its_list_begins_with(self, store: ReportStore) -> None:
        for number, minute in enumerate([5, 1, 9, 5, 9, 0, 9, 3, 2, 2, 7, 7]):
            store.add(
                build_report(f"r{11 - number:02d}", experiment_id=f"e{number % 3}", at=minutes_after_start(minute))
            )
        store.add(build_report(experiment_id="not asked for"))
        found = store.newest(["e2", "e0", "none", "e1", "e0"])
        assert found == {name: _list(store, name)(1, None)[0] for name in ("e0", "e1", "e2")}
        assert (dict(store.newest([])), dict(store.newest(["none"]))) == ({}, {})

    def test_the_newest_of_hundreds_of_experiments_are_found(self, store: ReportStore) -> None:
        given = [build_report(experiment_id=f"e{number}").head for number in range(230)]
        for head in given:
            store.add(StoredReport(head=head, document=Document("{}")))
        assert store.newest([head.experiment_id for head in given]) == {head.experiment_id: head for head in given}

    @pytest.mark.parametrize(
        ("health", "concern", "units", "units_per_day"),
        [
            (None, None, None, None),
            ("ok", None, 0, None),
            ("warning", "completeness", 7, 0.1),
            ("failed", "sample_ratio", 2**40, 1e12),
        ],
    )
    def test_what_is_told_of_its_health_comes_back(
        self,
        store: ReportStore,
        health: str | None,
        concern: str | None,
        units: int | None,
        units_per_day: float | None,
    ) -> None:
        given = build_report(health=health, concern=concern, units=units, units_per_day=units_per_day)
        store.add(given)
        assert store.get(given.head.id) == given
        assert [*store.list(limit=1)] == [given.head] == [*store.newest(["experiment"]).values()]

    def test_an_experiment_without_reports_has_an_empty_page(self, store: ReportStore) -> None:
        store.add(build_report())
        page = store.list(experiment_id="other", limit=10)
        assert (len(page), page.last_key) == (0, None)

    def test_only_a_key_of_the_same_list_is_taken(self, store: ReportStore) -> None:
        for experiment_id in ("one", "one", "other", "other"):
            store.add(build_report(experiment_id=experiment_id))
        check_refusals(
            _list(store, "one"), foreign=[store.list(limit=1).last_key, _list(store, "other")(1, None).last_key]
        )


def _list(store: ReportStore, experiment_id: str | None = None) -> Fetch[ReportHead]:
    return lambda limit, last_key: store.list(experiment_id=experiment_id, limit=limit, last_key=last_key)
