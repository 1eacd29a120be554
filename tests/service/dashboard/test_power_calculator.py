"""The power calculator of the form: what it reckons, what it takes from a report, and what it puts into the plan."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.service.dashboard.filled import filled
from tests.service.dashboard.people import Browser, words
from tests.service.running import Running
from variate.errors import StoreUnavailableError

Typed = dict[str, str | list[str]]


@pytest.fixture
def typed(editor: Browser) -> Typed:
    """A new form with a share of 10 % of which 1 pp more is to be told, as the reference has it."""
    fields = filled(editor.get("/experiments/new"), "experiment-form")
    return {
        **fields,
        "power.kind": "share",
        "power.baseline": "10",
        "power.mde": "1",
        "power.scale": "own",
        "power.daily_units": "5000",
        "do": "power:reckon",
    }


def reckoned(browser: Browser, fields: Typed) -> str:
    answer = browser.send("/experiments/new", fields)
    assert answer.status_code == 200
    return words(answer)


def test_it_reckons_what_variate_power_reckons(editor: Browser, typed: Typed) -> None:
    said = reckoned(editor, typed)
    # docs/howto/plan-an-experiment.md has the same of `variate power proportion --baseline 0.10 --mde 0.01`.
    assert "What it takes: 30,862 units, 7 days" in said
    assert "control 15,431 treatment 15,431" in said
    assert "effect +1.00 pp (to 11.00 %, +10.00 %)" in said
    assert "judged by a group sequential test of 20 looks, O'Brien-Fleming" in said
    relative = reckoned(editor, {**typed, "power.mde": "10", "power.scale": "relative"})
    assert "What it takes: 30,862 units, 7 days" in relative


def test_weights_goals_looks_and_the_control_count(editor: Browser, typed: Typed) -> None:
    uneven = {**typed, "variations[0].weight": "80", "variations[1].weight": "20", "control": "1", "plan.looks": "1"}
    said = reckoned(editor, uneven)
    assert "one test at the planned end" in said
    rows = said.partition("Units of each variation Variation Units ")[2].split()
    assert (rows[0], rows[2]) == ("treatment", "control")
    assert int(rows[3].replace(",", "")) == pytest.approx(4 * int(rows[1].replace(",", "")), abs=4)
    goals = {**typed, "metrics[0].metric": "one", "metrics[1].metric": "two", "metrics[1].role": "goal"}
    assert "shared by 2 tests" in reckoned(editor, goals)


def test_an_average_needs_its_deviation(editor: Browser, typed: Typed) -> None:
    fields = {**typed, "power.kind": "amount", "power.baseline": "14", "power.mde": "5", "power.scale": "relative"}
    missing = editor.send("/experiments/new", fields)
    assert 'id="f-power-deviation-wrong"' in missing.text
    said = reckoned(editor, {**fields, "power.deviation": "40", "plan.looks": "1"})
    # By hand: 4 (1.959964 + 0.841621)^2 40^2 / 0.7^2 units.
    assert "What it takes: 102,516 units" in said


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"power.baseline": ""}, "power-baseline"),
        ({"power.baseline": "100"}, "power-baseline"),
        ({"power.mde": ""}, "power-mde"),
        ({"power.mde": "-1"}, "power-mde"),
        ({"power.mde": "95"}, "power-mde"),
        ({"power.power": "100"}, "power-power"),
        ({"power.daily_units": "0"}, "power-daily_units"),
        ({"power.covariate_correlation": "1"}, "power-covariate_correlation"),
        ({"plan.looks": "1000"}, "plan-looks"),
        ({"plan.alpha": "2"}, "plan-alpha"),
        ({"variations[1].weight": "0"}, "variations"),
        (
            {"power.kind": "amount", "power.baseline": "0", "power.scale": "relative", "power.deviation": "1"},
            "power-scale",
        ),
    ],
)
def test_what_cannot_be_reckoned_is_said_at_its_place(
    editor: Browser, typed: Typed, given: dict[str, str], field: str
) -> None:
    answer = editor.send("/experiments/new", {**typed, **given})
    assert f'href="#f-{field}"' in answer.text
    assert f'id="f-{field}' in answer.text
    assert "What it takes" not in words(answer)


def test_power_is_said_in_the_percent_that_it_is_typed_in(editor: Browser, typed: Typed) -> None:
    answer = editor.send("/experiments/new", {**typed, "power.power": "100"})
    assert "must be above 0 and below 100 %, not 100" in words(answer)


def test_a_plan_that_is_used_stands_in_the_form_and_is_saved_with_it(
    service: Running, editor: Browser, typed: Typed
) -> None:
    starts = (datetime.now(UTC) + timedelta(days=30)).replace(second=0, microsecond=0)
    fields = {**typed, "do": "power:use", "power.daily_units": "4000", "starts_at": starts.strftime("%Y-%m-%dT%H:%M")}
    shown = editor.send("/experiments/new", fields)
    assert "This is in the plan now" in words(shown)
    standing = filled(shown, "experiment-form")
    assert standing["plan.units"] == "30862"
    # Eight days at this intake, so two whole weeks from the start.
    assert standing["ends_at"] == (starts + timedelta(days=14)).strftime("%Y-%m-%dT%H:%M")
    made = editor.send("/experiments/new", {**standing, "name": "Planned", "id": "planned"}, follow=False)
    assert made.status_code == 303
    planned = service.platform.get_experiment("planned")
    assert planned is not None
    assert (planned.design.plan.units, planned.design.ends_at) == (30_862, starts + timedelta(days=14))


def test_a_plan_without_an_intake_leaves_the_end_alone(editor: Browser, typed: Typed) -> None:
    typed |= {"do": "power:use", "power.daily_units": "", "ends_at": "2040-01-01T00:00"}
    assert filled(editor.send("/experiments/new", typed), "experiment-form")["ends_at"] == "2040-01-01T00:00"
    endless = reckoned(editor, {**typed, "power.daily_units": "1"})
    assert "over ten years" in endless


def test_a_baseline_comes_from_the_newest_report_of_the_metric(service: Running, editor: Browser, typed: Typed) -> None:
    platform = service.platform
    platform.create_metric("bought", kind="proportion", measure={"event_type": "bought"})
    platform.create_metric("spent", kind="mean", measure={"event_type": "spent", "aggregation": "sum"})
    variations = [{"name": "a"}, {"name": "b"}]
    platform.create_experiment("Before", experiment_id="before", variations=variations, metrics=["bought", "spent"])
    platform.update_experiment_status("before", "active")
    for number in range(400):
        unit = f"unit-{number}"
        variation = platform.assign(unit, "before").variation
        assert variation is not None
        platform.record_exposure(unit, "before", variation)
        if number % 4 == 0:
            platform.record_event(unit, "bought", {})
            platform.record_event(unit, "spent", {"value": number % 7})
    report = platform.report_experiment("before")
    control = {each.metric_id: each.overall for each in report.metrics}

    taken = editor.send("/experiments/new", {**typed, "do": "power:find", "metrics[0].metric": "bought"})
    assert "bought as the control of Before had it" in words(taken)
    fields = filled(taken, "experiment-form")
    bought = control["bought"]
    assert bought is not None
    assert float(str(fields["power.baseline"])) == pytest.approx(100 * bought.control, rel=1e-4)  # type: ignore[operator]  # a number
    assert fields["power.kind"] == "share"

    taken = editor.send("/experiments/new", {**typed, "do": "power:find", "power.metric": "spent"})
    fields = filled(taken, "experiment-form")
    assert fields["power.kind"] == "amount"
    # Zeros but for a quarter, who spent 0 to 6: by hand a standard deviation of 1.63.
    assert float(str(fields["power.deviation"])) == pytest.approx(1.63, abs=0.1)
    assert "What it takes" in reckoned(editor, {**fields, "do": "power:reckon", "power.mde": "10"})


def test_a_metric_that_nobody_reported_on_is_said_to_be_so(editor: Browser, typed: Typed) -> None:
    answer = editor.send("/experiments/new", {**typed, "do": "power:find", "power.metric": "unheard-of"})
    assert "is in none of the newest reports" in words(answer)
    answer = editor.send("/experiments/new", {**typed, "do": "power:find"})
    assert 'id="f-power-metric-wrong"' in answer.text


def test_reports_that_cannot_be_read_take_nothing_that_was_typed(
    service: Running, editor: Browser, typed: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(**_: object) -> None:
        raise StoreUnavailableError("the database is away")

    monkeypatch.setattr(service.platform, "list_reports", away)
    answer = editor.send("/experiments/new", {**typed, "do": "power:find", "power.metric": "bought", "name": "Kept"})
    assert "the database is away" in words(answer)
    assert 'value="Kept"' in answer.text
