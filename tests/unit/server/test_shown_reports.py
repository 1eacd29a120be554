"""Reports as pages show them are read once, kept within bounds, and divided where they are long."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from tests.unit.rendering.sample import comparison, effect, metric, report, series
from variate.analysis.comparison import Slice
from variate.analysis.report import Report
from variate.errors import NotFoundError
from variate.server.dashboard import shown_reports
from variate.server.dashboard.shown_reports import MOST_CHARTS, ShownReports


class Store:
    """Has a report of every id, and counts how often one is read."""

    def __init__(self, found: Report) -> None:
        self.found = found
        self.read: list[str] = []

    def __call__(self, report_id: str) -> Report:
        self.read.append(report_id)
        return replace(self.found, id=report_id)


def long() -> Report:
    names = ("control", *(f"v{number}" for number in range(9)))
    some = tuple(comparison(name, effect(0.01, error=0.004, base=0.1)) for name in names[1:])
    slices = tuple(
        Slice(dimension="country", value=f"c{number}", control_units=10, control=0.1, comparisons=some)
        for number in range(20)
    )
    courses = tuple(series(name) for name in names[1:])
    metrics = tuple(metric(f"m{number}", some, slices=slices, courses=courses) for number in range(3))
    return report(metrics, variations=names)


def test_a_report_is_read_and_rendered_once() -> None:
    store = Store(report())
    shown = ShownReports(store)
    first = shown.report("r-1")
    assert shown.report("r-1") is first
    assert shown.metric("r-1", 1) is shown.metric("r-1", 1)
    assert store.read == ["r-1"]


class Noticed:
    """A lock that tells of everybody who comes to it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.came = threading.Semaphore(0)

    def __enter__(self) -> None:
        self.came.release()
        self.lock.acquire()

    def __exit__(self, *_: object) -> None:
        self.lock.release()


@pytest.mark.parametrize("look", [lambda shown: shown.report("r"), lambda shown: shown.metric("r", 1)])
def test_of_many_who_come_at_once_one_renders(
    look: Callable[[ShownReports], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    noticed, read = Noticed(), list[str]()

    def once_all_are_there(report_id: str) -> Report:
        read.append(report_id)
        assert all(noticed.came.acquire(timeout=30) for _ in range(3))
        return replace(report(), id=report_id)

    shown = ShownReports(once_all_are_there)
    monkeypatch.setattr(shown, "_rendering", noticed)
    with ThreadPoolExecutor(3) as threads:
        found = [each.result() for each in [threads.submit(look, shown) for _ in range(3)]]
    assert read == ["r"]
    assert all(each is found[0] for each in found)


def test_what_was_looked_at_longest_ago_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(report())
    shown = ShownReports(store)
    monkeypatch.setattr(shown_reports, "MOST_CHARACTERS", 5 * shown.report("r-1").size // 2)
    shown.report("r-2")
    shown.report("r-1")
    shown.report("r-3")
    assert store.read == ["r-1", "r-2", "r-3"]
    shown.report("r-1")
    assert store.read == ["r-1", "r-2", "r-3"]
    shown.report("r-2")
    assert store.read == ["r-1", "r-2", "r-3", "r-2"]


def test_a_long_report_has_the_rest_of_a_metric_on_a_page_of_its_own() -> None:
    shown = ShownReports(Store(long()))
    whole = shown.report("r-1").body
    assert whole.count('class="course"') == MOST_CHARTS
    assert "m0: By country" in whole
    assert "m1: By country" not in whole
    assert 'href="/experiments/checkout/results/r-1/metrics/2"' in whole
    assert "also 9 more charts over time and 180 rows by dimension" in whole
    own = shown.metric("r-1", 2)
    assert own.name == "m1"
    assert own.body.count('class="course"') == 9
    assert "By country" in own.body
    assert "metrics/" not in own.body


@pytest.mark.parametrize("number", [0, -1, 5])
def test_there_is_no_metric_but_those_of_the_report(number: int) -> None:
    with pytest.raises(NotFoundError):
        ShownReports(Store(report())).metric("r-1", number)


def test_a_short_report_is_on_one_page() -> None:
    body = ShownReports(Store(report())).report("r-1").body
    assert "metrics/" not in body
    assert "in the record at the end" not in body
