"""Reports of the platform's experiments, on SQLite: from recorded events to a report that is kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from variate.analysis.comparison import Finding, Method
from variate.analysis.report import CheckKind, CheckStatus, LastLook, Report, VerdictKind
from variate.errors import InvalidInputError, NotFoundError
from variate.model import EXPOSURE
from variate.platform import Platform
from variate.platform.profiles import open_backends
from variate.settings import Settings
from variate.testing.clocks import START, SettableClock
from variate.testing.conformance.concurrency import together

VARIATIONS = [{"name": "control"}, {"name": "green"}]


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def platform(tmp_path: Path, clock: SettableClock) -> Iterator[Platform]:
    settings = Settings(home=tmp_path)
    with Platform(settings, open_backends(settings), clock=clock) as opened:
        opened.migrate()
        opened.create_metric("buying", kind="proportion", measure="purchase", name="Buying")
        yield opened


def launch(platform: Platform, **design: Any) -> str:
    """Return the id of an experiment that is launched."""
    made = platform.create_experiment(
        "Button colour", variations=VARIATIONS, **{"metrics": ["buying"], "hypothesis": "Green sells", **design}
    )
    platform.update_experiment_status(made.id, "active")
    return made.id


def happen(platform: Platform, experiment_id: str, *, units: range, bought: tuple[int, int], at: datetime) -> None:
    """Record the exposures of these units, every second one to green, of which so many of each side buy."""
    sides = [[unit for unit in units if unit % 2 == side] for side in (0, 1)]
    buyers = {unit for side, count in zip(sides, bought, strict=True) for unit in side[:count]}
    events: list[dict[str, Any]] = []
    for unit in units:
        common = {"user_id": f"u{unit}", "experiment_id": experiment_id}
        data = {"variation": ("control", "green")[unit % 2], "dimensions": {"country": ("de", "fr")[unit // 2 % 2]}}
        events.append({**common, "event_type": EXPOSURE, "data": data, "timestamp": at})
        if unit in buyers:
            events.append({**common, "event_type": "purchase", "data": {}, "timestamp": at + timedelta(seconds=1)})
    assert all(verdict.error is None for verdict in platform.batch_create_events(events))


def test_a_report_is_of_what_was_recorded_and_is_kept(platform: Platform, clock: SettableClock) -> None:
    experiment_id = launch(platform, plan={"units": 1_000})
    clock.set(START + timedelta(hours=1))
    happen(platform, experiment_id, units=range(1_000), bought=(50, 100), at=clock())
    clock.set(START + timedelta(hours=2))
    report = platform.report_experiment(experiment_id, dimensions=["country"])
    assert (report.name, report.hypothesis, report.control) == ("Button colour", "Green sells", "control")
    assert [(each.name, each.units) for each in report.variations] == [("control", 500), ("green", 500)]
    assert START <= report.start < START + timedelta(seconds=1)
    overall = report.metrics[0].overall
    assert overall is not None
    (found,) = overall.comparisons
    assert (overall.control, found.estimate, found.finding) == (0.1, 0.2, Finding.BETTER)
    assert report.verdict.kind is VerdictKind.SHIP
    assert [each.value for each in report.metrics[0].slices] == [None, "de", "fr"]
    assert platform.get_report(report.id) == report
    (head,) = platform.list_reports(experiment_id)
    assert (head.id, head.verdict, head.variation) == (report.id, "ship", "green")


def test_events_whose_data_are_sealed_are_reported_alike(tmp_path: Path, clock: SettableClock) -> None:
    settings = Settings(home=tmp_path, encrypted_fields=frozenset({"event.data"}))
    with Platform(settings, open_backends(settings), clock=clock) as platform:
        platform.migrate()
        platform.create_metric("buying", kind="proportion", measure="purchase", name="Buying")
        experiment_id = launch(platform, plan={"units": 1_000})
        clock.set(START + timedelta(hours=1))
        happen(platform, experiment_id, units=range(1_000), bought=(50, 100), at=clock())
        clock.set(START + timedelta(hours=2))
        report = platform.report_experiment(experiment_id, dimensions=["country"])
    assert report.verdict.kind is VerdictKind.SHIP
    assert [each.control_units for each in report.metrics[0].slices] == [500, 250, 250]


def test_events_that_were_sealed_before_are_reported_after_the_setting_is_off(
    tmp_path: Path, clock: SettableClock
) -> None:
    sealing = Settings(home=tmp_path, encrypted_fields=frozenset({"event.data"}))
    with Platform(sealing, open_backends(sealing), clock=clock) as platform:
        platform.migrate()
        platform.create_metric("buying", kind="proportion", measure="purchase", name="Buying")
        experiment_id = launch(platform)
        clock.set(START + timedelta(hours=1))
        happen(platform, experiment_id, units=range(400), bought=(20, 60), at=clock())
    clock.set(START + timedelta(hours=2))
    settings = Settings(home=tmp_path)
    with Platform(settings, open_backends(settings), clock=clock) as platform:
        happen(platform, experiment_id, units=range(400, 500), bought=(5, 15), at=clock())
        clock.set(START + timedelta(hours=3))
        report = platform.report_experiment(experiment_id)
        check = platform.check_aa(experiment_id, runs=100)
    assert [each.units for each in report.variations] == [250, 250]
    assert report.health.unknown == 0
    assert [each.units for each in check.metrics] == [500]


def test_the_variation_that_the_design_names_is_what_the_others_are_compared_with(
    platform: Platform, clock: SettableClock
) -> None:
    experiment_id = launch(platform, control="green")
    clock.set(START + timedelta(hours=1))
    happen(platform, experiment_id, units=range(1_000), bought=(50, 100), at=clock())
    clock.set(START + timedelta(hours=2))
    report = platform.report_experiment(experiment_id)
    assert [each.name for each in report.variations] == ["green", "control"]
    overall = report.metrics[0].overall
    assert overall is not None
    assert (overall.control, [each.variation for each in overall.comparisons]) == (0.2, ["control"])


def test_of_an_experiment_completed_before_its_end_no_more_units_are_waited_for(
    platform: Platform, clock: SettableClock
) -> None:
    experiment_id = launch(platform, plan={"units": 4_000})
    clock.set(START + timedelta(hours=1))
    happen(platform, experiment_id, units=range(1_000), bought=(50, 50), at=clock())
    clock.set(START + timedelta(days=2))
    platform.update_experiment_status(experiment_id, "completed")
    report = platform.report_experiment(experiment_id)
    (said,) = report.verdict.missing
    assert said.startswith("The experiment was completed with 1,000 of 4,000 planned units, and nobody enters")
    assert (report.progress.units_per_day, report.progress.days_left) == (None, None)


def test_what_comes_after_an_experiment_was_completed_does_not_count(platform: Platform, clock: SettableClock) -> None:
    experiment_id = launch(platform, plan={"units": 1_000})
    clock.set(START + timedelta(hours=1))
    happen(platform, experiment_id, units=range(600), bought=(20, 60), at=clock())
    clock.set(START + timedelta(days=2))
    platform.update_experiment_status(experiment_id, "completed")
    first = platform.report_experiment(experiment_id)
    # An end that somebody chose is no end that was fixed in advance: what is left of the error is not spent by it.
    assert (first.progress.is_ended, first.progress.planned_end) == (False, None)
    assert first.progress.looks[-1].spent < 0.05
    clock.set(START + timedelta(days=30))
    happen(platform, experiment_id, units=range(600, 700), bought=(50, 0), at=clock())
    late = {"user_id": "u599", "event_type": "purchase", "data": {}, "experiment_id": experiment_id}
    platform.batch_create_events([late | {"timestamp": clock()}])
    clock.set(START + timedelta(days=31))
    again = platform.report_experiment(experiment_id)
    assert (again.variations, again.progress.looks) == (first.variations, first.progress.looks)
    assert again.metrics[0].overall == first.metrics[0].overall


def test_reports_are_listed_newest_first_by_experiment(platform: Platform, clock: SettableClock) -> None:
    ids = [launch(platform), launch(platform)]
    clock.set(START + timedelta(hours=1))
    made = [platform.report_experiment(ids[place]).id for place in (0, 1, 0)]
    assert [head.id for head in platform.list_reports()] == made[::-1]
    page = platform.list_reports(ids[0], limit=1)
    assert [head.id for head in page] == [made[2]]
    assert [head.id for head in platform.list_reports(ids[0], last_key=page.last_key)] == [made[0]]


def test_each_look_with_more_units_spends_error_and_is_recorded(platform: Platform, clock: SettableClock) -> None:
    experiment_id = launch(platform, plan={"units": 1_000})
    clock.set(START + timedelta(hours=1))
    happen(platform, experiment_id, units=range(400), bought=(20, 20), at=clock())
    clock.set(START + timedelta(hours=2))
    first = platform.report_experiment(experiment_id).progress
    again = platform.report_experiment(experiment_id).progress
    assert again.looks == first.looks
    happen(platform, experiment_id, units=range(400, 800), bought=(20, 20), at=clock())
    clock.set(START + timedelta(hours=3))
    second = platform.report_experiment(experiment_id)
    assert [look.units for look in second.progress.looks] == [400, 800]
    assert second.progress.looks[0] == first.looks[0]
    assert second.progress.looks[1].spent > first.looks[0].spent
    effect = second.metrics[0].overall.comparisons[0].effect  # type: ignore[union-attr] # the metric is defined
    assert effect.method is Method.GROUP_SEQUENTIAL  # type: ignore[union-attr] # there are units


def test_a_report_of_the_past_records_no_look(platform: Platform, clock: SettableClock) -> None:
    experiment_id = launch(platform, plan={"units": 1_000})
    clock.set(START + timedelta(hours=1))
    happen(platform, experiment_id, units=range(400), bought=(20, 20), at=clock())
    clock.set(START + timedelta(hours=2))
    platform.report_experiment(experiment_id, at=START + timedelta(minutes=90))
    looks = platform.report_experiment(experiment_id).progress.looks
    assert [look.at > START + timedelta(hours=1.9) for look in looks] == [True]


def look_at_the_planned_end(platform: Platform, clock: SettableClock) -> Report:
    """Return the report of the only look at a new experiment, in which green sells more."""
    experiment_id = launch(platform, plan={"units": 400})
    clock.set(START + timedelta(hours=1))
    happen(platform, experiment_id, units=range(400), bought=(20, 90), at=clock())
    clock.set(START + timedelta(hours=2))
    return platform.report_experiment(experiment_id)


def test_a_report_of_the_past_is_judged_by_the_look_of_that_moment_and_of_any_other_decides_nothing(
    platform: Platform, clock: SettableClock
) -> None:
    looked = look_at_the_planned_end(platform, clock)
    clock.set(START + timedelta(hours=3))
    between, of_look = (
        platform.report_experiment(looked.experiment_id, at=at) for at in (START + timedelta(minutes=90), looked.at)
    )
    methods = [each.metrics[0].overall.comparisons[0].effect.method for each in (between, of_look)]  # type: ignore[union-attr] # there are units
    assert methods == [Method.CONFIDENCE_SEQUENCE, Method.FIXED_HORIZON]
    assert [each.verdict.kind for each in (between, of_look)] == [VerdictKind.HOLD, VerdictKind.SHIP]


def test_what_the_look_at_the_planned_end_found_stands_in_the_reports_after_it(
    platform: Platform, clock: SettableClock
) -> None:
    of_look = look_at_the_planned_end(platform, clock)
    experiment_id, looked = of_look.experiment_id, of_look.at
    happen(platform, experiment_id, units=range(400, 800), bought=(90, 20), at=clock())
    clock.set(START + timedelta(hours=3))
    after, once_more = (platform.report_experiment(experiment_id) for _ in range(2))
    assert [each.verdict.kind for each in (of_look, after, once_more)] == [VerdictKind.SHIP] * 3
    assert [each.verdict.variation for each in (after, once_more)] == ["green"] * 2
    assert after.verdict.standing == LastLook(report_id=of_look.id, at=looked, kind=VerdictKind.SHIP, variation="green")
    assert (once_more.verdict.standing, of_look.verdict.standing) == (after.verdict.standing, None)
    before = platform.report_experiment(experiment_id, at=START + timedelta(minutes=90))
    assert (before.verdict.kind, before.verdict.standing) == (VerdictKind.HOLD, None)


def test_of_many_who_look_at_once_all_are_at_one_look(platform: Platform, clock: SettableClock) -> None:
    experiment_id = launch(platform, plan={"units": 1_000})
    clock.set(START + timedelta(hours=1))
    happen(platform, experiment_id, units=range(400), bought=(20, 20), at=clock())
    clock.set(START + timedelta(hours=2))
    found = together(8, lambda _: platform.report_experiment(experiment_id).progress.looks)
    assert len(set(found)) == 1
    assert len(found[0]) == 1


def test_whoever_was_ever_forced_is_out(platform: Platform, clock: SettableClock) -> None:
    experiment_id = launch(platform)
    clock.set(START + timedelta(hours=1))
    happen(platform, experiment_id, units=range(10), bought=(1, 1), at=clock())
    platform.create_override("u0", experiment_id, "green", reason="a tester")
    platform.create_override("u1", experiment_id, "green", reason="another")
    platform.remove_override("u0", experiment_id)
    clock.set(START + timedelta(hours=2))
    report = platform.report_experiment(experiment_id)
    assert report.health.overridden == 2
    assert [each.units for each in report.variations] == [4, 4]


def test_a_new_version_begins_anew(platform: Platform, clock: SettableClock) -> None:
    experiment_id = launch(platform)
    clock.set(START + timedelta(hours=1))
    happen(platform, experiment_id, units=range(10), bought=(1, 1), at=clock())
    clock.set(START + timedelta(hours=2))
    platform.start_new_version(experiment_id)
    clock.set(START + timedelta(hours=3))
    happen(platform, experiment_id, units=range(20, 26), bought=(1, 1), at=clock())
    clock.set(START + timedelta(hours=4))
    report = platform.report_experiment(experiment_id)
    assert (report.version, [each.units for each in report.variations]) == (2, [3, 3])
    assert START + timedelta(hours=2) <= report.start < START + timedelta(hours=2.1)


def test_a_metric_that_is_gone_is_not_defined(platform: Platform, clock: SettableClock) -> None:
    experiment_id = launch(platform)
    clock.set(START + timedelta(hours=1))
    happen(platform, experiment_id, units=range(10), bought=(1, 1), at=clock())
    platform.update_experiment_status(experiment_id, "completed")
    platform.remove_metric("buying")
    clock.set(START + timedelta(hours=2))
    report = platform.report_experiment(experiment_id)
    assert report.metrics[0].not_estimable == "not_defined"


def test_an_experiment_without_exposures_has_an_invalid_report(platform: Platform, clock: SettableClock) -> None:
    experiment_id = launch(platform)
    clock.set(START + timedelta(hours=1))
    report = platform.report_experiment(experiment_id)
    assert report.verdict.reasons == ("No unit has come in yet.",)
    assert [check.kind for check in report.health.checks] == list(CheckKind)


def test_what_cannot_be_reported_is_refused(platform: Platform, clock: SettableClock) -> None:
    experiment_id = launch(platform)
    clock.set(START + timedelta(hours=1))
    with pytest.raises(NotFoundError):
        platform.report_experiment("unknown")
    with pytest.raises(NotFoundError):
        platform.get_report("unknown")
    with pytest.raises(InvalidInputError, match="future"):
        platform.report_experiment(experiment_id, at=START + timedelta(hours=3))
    with pytest.raises(InvalidInputError, match="after the start"):
        platform.report_experiment(experiment_id, at=START - timedelta(hours=3))
    for dimensions in ("country", ["a", "a"], [""], [str(number) for number in range(11)]):
        with pytest.raises(InvalidInputError, match="dimensions"):
            platform.report_experiment(experiment_id, dimensions=dimensions)


def arrive(platform: Platform, experiment_id: str, *, units: range, at: datetime, loses: int = 0) -> None:
    """Assign these units, and record that each met what it was given; of the green ones one in ``loses`` is lost."""
    names = [f"u{unit}" for unit in units]
    given = [each.variation for each in platform.assign_many(experiment_id, names)]
    events: list[dict[str, Any]] = [
        {"user_id": unit, "experiment_id": experiment_id, "event_type": EXPOSURE, "timestamp": at}
        | {"data": {"variation": name}}
        for place, (unit, name) in enumerate(zip(names, given, strict=True))
        if not loses or name == "control" or place % loses
    ]
    assert all(verdict.error is None for verdict in platform.batch_create_events(events))


def weigh(platform: Platform, experiment_id: str, *weights: int) -> None:
    """Give the variations these weights."""
    names = [each["name"] for each in VARIATIONS]
    variations = [{"name": name, "weight": weight} for name, weight in zip(names, weights, strict=True)]
    platform.update_experiment(experiment_id, variations=variations)


def test_units_that_came_before_and_after_other_weights_are_each_expected_by_their_own(
    platform: Platform, clock: SettableClock
) -> None:
    experiment_id = launch(platform, salt="a draw that is the same each time")
    clock.set(START + timedelta(hours=1))
    arrive(platform, experiment_id, units=range(3_000), at=clock())
    weigh(platform, experiment_id, 20, 80)
    clock.set(START + timedelta(hours=2))
    platform.refresh()
    # Some of before come back: they keep what they have, and count once, as of then.
    arrive(platform, experiment_id, units=range(2_000, 6_000), at=clock())
    platform.update_experiment(experiment_id, traffic=50)
    clock.set(START + timedelta(hours=3))
    report = platform.report_experiment(experiment_id)
    assert [each.status for each in report.health.checks if each.kind is CheckKind.SAMPLE_RATIO] == [CheckStatus.OK]
    assert [sum(each.units) for each in report.health.periods] == [3_000, 3_000]
    assert [each.shares for each in report.health.periods] == [(0.5, 0.5), (0.2, 0.8)]
    assert [each.expected for each in report.variations] == pytest.approx([2_100, 3_900])
    assert report.health.crossed == 0
    before = platform.report_experiment(experiment_id, at=START + timedelta(hours=1, minutes=30))
    assert [each.weight for each in before.variations] == [20, 80], (
        "some seconds after the first hour they were in force"
    )
    first = platform.report_experiment(experiment_id, at=START + timedelta(hours=1, seconds=1))
    assert [(each.weight, each.expected) for each in first.variations] == [(1, 1_500)] * 2
    assert len(first.health.periods) == 1
    assert platform.get_report(report.id) == report


@pytest.mark.parametrize("wrong", [1, 2], ids=["before", "after"])
def test_units_that_are_lost_of_a_variation_before_or_after_other_weights_are_a_mismatch(
    platform: Platform, clock: SettableClock, *, wrong: int
) -> None:
    experiment_id = launch(platform, salt="a draw that is the same each time")
    clock.set(START + timedelta(hours=1))
    arrive(platform, experiment_id, units=range(3_000), at=clock(), loses=3 * (wrong == 1))
    weigh(platform, experiment_id, 40, 60)
    clock.set(START + timedelta(hours=2))
    platform.refresh()
    arrive(platform, experiment_id, units=range(3_000, 6_000), at=clock(), loses=3 * (wrong == 2))
    clock.set(START + timedelta(hours=3))
    report = platform.report_experiment(experiment_id)
    assert report.verdict.kind is VerdictKind.INVALID
    p_values = [each.p_value for each in report.health.periods]
    assert [isinstance(p, float) and p < 0.001 for p in p_values] == [wrong == 1, wrong == 2]
