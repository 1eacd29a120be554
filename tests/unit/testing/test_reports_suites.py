"""The suites of ``LookStore`` and ``ReportStore`` pass on stores that are obviously right, and find faults."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from threading import Lock

import pytest

from tests.unit.testing.pages import cut, micros
from tests.unit.testing.reference_reports import ReferenceReportStore
from tests.unit.testing.rivals import Rivals
from variate.errors import ConflictError
from variate.model import Page
from variate.model.document import Document
from variate.model.look import Look
from variate.stores.reports import ReportHead, StoredReport
from variate.testing.conformance import LookStoreConformance, ReportStoreConformance

of_looks, of_reports = LookStoreConformance(), ReportStoreConformance()


class ReferenceLookStore:
    """A dict of lists behind a lock."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.looks: dict[tuple[str, int], list[Look]] = {}

    def add(self, look: Look) -> Look:
        with self.lock:
            found = self.looks.setdefault((look.experiment_id, look.version), [])
            if look.number > len(found) + 1:
                raise ConflictError("it follows none")
            if look.number == len(found) + 1:
                found.append(look)
            return found[look.number - 1]

    def of_version(self, experiment_id: str, *, version: int) -> Sequence[Look]:
        return list(self.looks.get((experiment_id, version), []))


class TestLookStore(LookStoreConformance):
    @pytest.fixture
    def store(self) -> ReferenceLookStore:
        return ReferenceLookStore()


class TestReportStore(ReportStoreConformance):
    @pytest.fixture
    def store(self) -> ReferenceReportStore:
        return ReferenceReportStore()


class LastLookWins(ReferenceLookStore):
    def add(self, look: Look) -> Look:
        super().add(look)
        self.looks[look.experiment_id, look.version][look.number - 1] = look
        return look


class SaysThatEachWon(ReferenceLookStore):
    def add(self, look: Look) -> Look:
        super().add(look)
        return look


class LeavesGaps(ReferenceLookStore):
    def add(self, look: Look) -> Look:
        found = self.looks.setdefault((look.experiment_id, look.version), [])
        if look.number > len(found):
            found.append(look)
        return look


class MixesVersions(ReferenceLookStore):
    def of_version(self, experiment_id: str, *, version: int) -> Sequence[Look]:
        return [look for (name, _), found in self.looks.items() if name == experiment_id for look in found]


class RoundsNumbers(ReferenceLookStore):
    def add(self, look: Look) -> Look:
        return super().add(replace(look, critical=round(look.critical, 6)))


class LooksThenAdds(ReferenceReportStore):
    def __init__(self) -> None:
        super().__init__()
        self.rivals = Rivals(20)

    def add(self, report: StoredReport) -> None:
        if report.head.id in self.reports:
            raise ConflictError("it is there already")
        self.rivals.have_looked()
        self.reports[report.head.id] = report


class Overwrites(ReferenceReportStore):
    def add(self, report: StoredReport) -> None:
        self.reports[report.head.id] = report


class KeepsAMegabyte(ReferenceReportStore):
    def add(self, report: StoredReport) -> None:
        super().add(replace(report, document=Document(report.document.text[: 2**20])))


class ListsTheOldestFirst(ReferenceReportStore):
    def list(self, *, experiment_id: str | None = None, limit: int, last_key: str | None = None) -> Page[ReportHead]:
        heads = [each.head for each in self.reports.values() if experiment_id in (None, each.head.experiment_id)]
        return cut(
            heads,
            by=lambda head: (micros(head.at), head.id),
            of=("reports", experiment_id),
            limit=limit,
            last_key=last_key,
        )


class TakesTheKeyOfAnotherList(ReferenceReportStore):
    def list(self, *, experiment_id: str | None = None, limit: int, last_key: str | None = None) -> Page[ReportHead]:
        heads = [each.head for each in self.reports.values() if experiment_id in (None, each.head.experiment_id)]
        return cut(heads, by=lambda head: (-micros(head.at), head.id), of="reports", limit=limit, last_key=last_key)


class GivesTheNewestOfAll(ReferenceReportStore):
    def newest(self, experiment_ids: Sequence[str]) -> Mapping[str, ReportHead]:
        return {name: head for name in experiment_ids for head in self.list(limit=1)}


class ForgetsHealth(ReferenceReportStore):
    def add(self, report: StoredReport) -> None:
        super().add(replace(report, head=replace(report.head, health=None)))


FOUND: dict[str, Callable[[], None]] = {
    "the last look of a number stands": lambda: of_looks.test_the_first_of_a_number_stands(LastLookWins()),
    "who lost is told that it won": lambda: (
        of_looks.test_of_twenty_who_add_the_same_number_one_wins_and_all_are_told_which(SaysThatEachWon())
    ),
    "numbers have gaps": lambda: of_looks.test_one_that_follows_none_is_a_conflict_and_changes_nothing(
        LeavesGaps(), number=3
    ),
    "versions are mixed": lambda: of_looks.test_versions_and_experiments_do_not_touch_one_another(MixesVersions()),
    "numbers lose digits": lambda: of_looks.test_numbers_keep_every_digit(RoundsNumbers()),
    "a report is looked for, then added": lambda: of_reports.test_of_twenty_who_add_the_same_id_exactly_one_wins(
        LooksThenAdds()
    ),
    "a report is written over": lambda: of_reports.test_one_whose_id_is_taken_is_a_conflict_and_changes_nothing(
        Overwrites()
    ),
    "a large report is cut": lambda: of_reports.test_megabytes_come_back(KeepsAMegabyte()),
    "the oldest come first": lambda: of_reports.test_the_list_has_the_most_recent_first_of_the_experiment_asked_for(
        ListsTheOldestFirst()
    ),
    "the newest is not of the experiment": lambda: (
        of_reports.test_the_newest_of_each_experiment_is_the_one_its_list_begins_with(GivesTheNewestOfAll())
    ),
    "its health is lost": lambda: of_reports.test_what_is_told_of_its_health_comes_back(
        ForgetsHealth(), health="ok", concern=None, units=1, units_per_day=None
    ),
    "a key of another list is taken": lambda: of_reports.test_only_a_key_of_the_same_list_is_taken(
        TakesTheKeyOfAnotherList()
    ),
}


@pytest.mark.parametrize("fault", list(FOUND))
def test_the_suite_finds_it(fault: str) -> None:
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        FOUND[fault]()
