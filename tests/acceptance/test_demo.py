"""``variate demo`` runs an experiment from end to end, on nothing but Python."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance.command import InProcess, Variate


def _differences(report: dict[str, Any]) -> dict[str, float]:
    """Return the new checkout's difference by metric."""
    found = {metric["name"]: metric["slices"][0]["comparisons"][0] for metric in report["metrics"]}
    return {name: comparison["effect"]["difference"] for name, comparison in found.items()}


def test_the_demo_assigns_everybody_once_and_ships_the_effect_it_simulates(variate: Variate) -> None:
    found = variate.ok("demo", "--json").json
    control, treatment = found["variations"]
    assert (control["name"], treatment["name"]) == ("control", "new-checkout")
    assert control["units"] + treatment["units"] == 20_000
    assert control["units"] == pytest.approx(10_000, abs=354), "five times sqrt(20,000 / 4) = 71"
    health = found["health"]
    # No dimension was asked for, no look came before this one, and events without numbers do not tell what was lost.
    assert {each["kind"] for each in health["checks"] if each["status"] == "unknown"} == {
        "sample_ratio_by_dimension",
        "completeness",
        "late_data",
    }
    assert {each["status"] for each in health["checks"]} == {"ok", "unknown"}
    assert (health["crossed"], health["unknown"], health["overridden"]) == (0, 0, 0)

    assert (found["verdict"]["kind"], found["verdict"]["variation"]) == ("ship", "new-checkout")
    roles = {metric["name"]: metric["role"] for metric in found["metrics"]}
    assert roles == {"purchase": "goal", "revenue": "secondary", "support": "guardrail"}
    differences = _differences(found)
    # The truth is +2 points, +0.80 and nothing; five standard errors of 0.44 points, 0.16 and 0.24 points.
    assert differences["purchase"] == pytest.approx(0.02, abs=0.022)
    assert differences["revenue"] == pytest.approx(0.8, abs=0.8)
    assert differences["support"] == pytest.approx(0, abs=0.012)
    (revenue,) = (metric for metric in found["metrics"] if metric["name"] == "revenue")
    judged = revenue["slices"][0]["comparisons"][0]
    assert judged["judged"] == "cuped"
    # Of the simulation: correlation 125 / sqrt(184 * 264) between what was bought before and after, squared.
    assert judged["variance_reduction"] == pytest.approx(0.32, abs=0.1)


def test_the_report_is_plain_text_of_eighty_columns_and_says_what_to_try_next(variate: Variate) -> None:
    printed = variate.ok("demo", "--users", "500")
    assert "\x1b" not in printed.out + printed.err
    assert "\r" not in printed.out + printed.err
    assert max(map(len, printed.out.splitlines())) <= 80
    assert "asked again after the weights went to 1:9, 0 had moved" in printed.out
    for words in ("Checks of the data", "CUPED (judged)", "Is the guardrail safe?", "The truth: purchase +2.00 pp"):
        assert words in printed.out
    following = printed.out.partition("Next:")[2]
    for command in ("report", "aa", "metrics list", "power", "analyze", "import-results"):
        assert f"variate {command}" in following


@pytest.mark.slow
def test_every_run_makes_an_experiment_of_its_own_judged_by_the_same_metrics(command: InProcess) -> None:
    first, second = (command.ok("demo", "--users", "200", "--json").json for _ in range(2))
    assert first["experiment_id"] != second["experiment_id"]
    listed = command.ok("experiments", "list", "--json").json
    assert [(row["id"], row["status"]) for row in listed] == [
        (second["experiment_id"], "completed"),
        (first["experiment_id"], "completed"),
    ]
    assert [row["revision"] for row in command.ok("metrics", "list", "--json").json] == [1, 1, 1]
    assert _differences(first) != {}
    again = command.ok("report", first["experiment_id"], "--json").json
    assert _differences(again) == _differences(first), "the customers of the second demo are others"


def test_a_metric_of_somebody_elses_is_left_as_it_is(command: InProcess) -> None:
    command.ok("metrics", "create", "demo-revenue", "--kind", "mean", "--event", "rent", "--sum")
    outcome = command("demo", "--users", "200")
    assert outcome.code == 2
    assert "'demo-revenue' is a metric already and measures something else (mean: sum of rent, a user" in outcome.err
    assert command.ok("experiments", "list", "--json").json == []
    assert [row["id"] for row in command.ok("metrics", "list", "--json").json] == ["demo-revenue"]


@pytest.mark.slow
def test_what_the_demo_did_can_be_looked_at_afterwards(command: InProcess) -> None:
    report: dict[str, Any] = command.ok("demo", "--users", "200", "--json").json
    experiment = report["experiment_id"]
    assert command.ok("report", experiment, "--stored", report["id"], "--json").json == report
    (by_country,) = command.ok("report", experiment, "--dimension", "country", "--json").json["metrics"][:1]
    assert [each["value"] for each in by_country["slices"]] == [None, "DE", "FR", "US"]
    actions = [entry["action"] for entry in command.ok("audit", "--entity", experiment, "--json").json]
    assert actions == ["status_change", "updated", "updated", "status_change", "created"]
    events = command.ok("events", "list", "user-1", "--json").json
    assert "exposure" in [event["event_type"] for event in events]
