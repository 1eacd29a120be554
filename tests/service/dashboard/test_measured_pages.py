"""That what ``python -m benchmarks dashboard`` measures can be made, and that its pages answer with what is in them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from benchmarks.pages.addresses import ADDRESSES, LIVE, NOTHING
from benchmarks.pages.filling import fill
from benchmarks.pages.naming import ENVIRONMENTS, LARGE, Sizes
from benchmarks.pages.viewing import first_views
from benchmarks.pages.visitor import Visitor
from benchmarks.served.workload import SECRET
from tests.service.running import Running, running
from variate.access.keyring import secret_hash
from variate.model.design import MetricRole
from variate.platform import Platform
from variate.settings import Settings

FEW = Sizes(
    experiments=12,
    active=3,
    flags=20,
    audiences=5,
    metrics=5,
    variations=3,
    units=3_000,
    days=10,
    audit=60,
    events=100,
    overrides=10,
    keys=5,
    people=5,
)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    settings = Settings(home=tmp_path_factory.mktemp("filled"), environments=ENVIRONMENTS)
    fill(settings, FEW, first_hash=secret_hash(SECRET))
    with Platform.open(settings) as platform, running(platform, keyring=platform.keyring) as served:
        yield served


@pytest.fixture(scope="module")
def visitor(filled: Running) -> Iterator[Visitor]:
    with closing(Visitor(int(filled.url.rpartition(":")[2]))) as found:
        found.sign_in()
        yield found


def test_every_page_that_is_measured_answers(visitor: Visitor) -> None:
    seen = first_views(visitor, {**ADDRESSES, "nothing": NOTHING})
    assert {name: page.status for name, page in seen.items() if page.status != 200} == {}


@pytest.mark.parametrize("path", LIVE)
def test_every_stream_that_is_measured_tells_something(filled: Running, path: str) -> None:
    with closing(Visitor(int(filled.url.rpartition(":")[2]))) as watching:
        watching.sign_in()
        stream = watching.watch(path)
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        assert b"retry:" in stream.readline()


def test_there_is_as_much_as_is_said(filled: Running) -> None:
    platform = filled.platform
    assert len(platform.list_experiments(limit=100)) == FEW.experiments
    assert len(platform.list_active_experiments(limit=100)) == FEW.active
    assert len(platform.list_feature_flags(limit=100)) == FEW.flags
    assert len(platform.audit_log(limit=100)) == FEW.audit + len(ENVIRONMENTS)  # each has a publication
    assert platform.list_experiments(limit=100).unreadable == {}
    assert len(platform.snapshot_problems()) == 0
    assert platform.verify_audit_log().is_whole


def test_the_large_report_is_of_as_many_units_as_is_said(filled: Running) -> None:
    report = filled.platform.get_report(f"report-{LARGE}")
    assert sum(each.units for each in report.variations) == FEW.units
    assert len(report.metrics) == FEW.metrics
    goals = [metric for metric in report.metrics if metric.role is MetricRole.GOAL]
    assert len(goals) == 3
    assert all(len(metric.series) == FEW.variations - 1 for metric in goals)
    assert all(len(series.points) == FEW.days for metric in goals for series in metric.series)
    slices = report.metrics[0].slices
    assert {each.dimension for each in slices} == {"", "country", "device"}
    assert slices[0].control_units == report.variations[0].units
    of_countries = [each.control_units for each in slices if each.dimension == "country"]
    assert sum(of_countries) == report.variations[0].units
