"""Deciding from end to end by the functions alone, in every profile."""

from __future__ import annotations

from typing import Any

import pytest

import variate
from tests.acceptance.command import Variate
from tests.acceptance.deployments import Deployment
from variate import Reason
from variate.analysis.report_record import head_record

PRO = {"plan": "pro"}
UNITS = [f"u{number}" for number in range(30)]
TWO: list[dict[str, Any]] = [{"name": "control"}, {"name": "green", "value": {"colour": "#0f0"}}]

in_every_profile = pytest.mark.parametrize("deployment", ["local", "postgres_alone", "postgres", "aws"], indirect=True)


@in_every_profile
def test_an_experiment_is_defined_decided_changed_and_explained(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VARIATE_CHANGE_DELAY_SECONDS", "0")
    variate.create_audience("beta", {"attribute": "plan", "operator": "equals", "value": "pro"})
    variate.create_layer("checkout")
    variate.create_holdout("global", 5)
    variate.create_metric("purchase", "proportion", measure="purchase", window_end_hours=168)
    made = variate.create_experiment(
        *("Green button", "", TWO), audience={"audience": "beta"}, layer="checkout", layer_range=[0, 100],
        holdouts=["global"], hypothesis="green sells", metrics=["purchase"], plan={"units": 1_000},
    )  # fmt: skip
    experiment = made["id"]
    assert all(point["met"] for point in variate.launch_checklist(experiment))
    variate.update_experiment_status(experiment, "active")

    first = variate.assign_many(experiment, UNITS, [PRO] * len(UNITS))
    assert {each.reason for each in first} <= {Reason.SPLIT, Reason.HELD_OUT}
    assert [variate.decide(unit, experiment, PRO) for unit in UNITS] == first
    assert variate.decide("u1", experiment).reason is Reason.AUDIENCE

    weights = [{"name": "control", "weight": 0}, {"name": "green", "weight": 1}]
    previewed = variate.preview_change(experiment, weights)
    assert previewed["held"] == sum(each.variation == "control" for each in first)
    variate.update_experiment(experiment, variations=weights)
    again = variate.assign_many(experiment, UNITS, [PRO] * len(UNITS))
    assert [each.variation for each in again] == [each.variation for each in first]
    held = UNITS[[each.variation for each in first].index("control")]
    explained = variate.explain(held, experiment, PRO)
    assert (explained["decision"]["reason"], explained["rungs"][-1]["name"]) == ("kept", "kept")
    variate.create_override(held, experiment, "green")
    assert variate.decide(held, experiment, PRO).reason is Reason.OVERRIDE


@in_every_profile
def test_after_a_new_version_what_is_kept_by_hand_and_read_is_of_that_version(deployment: Deployment) -> None:
    variate.create_experiment("Green button", "", TWO, experiment_id="button")
    variate.update_experiment_status("button", "active")
    drawn = variate.decide("u1", "button").variation
    assert drawn is not None
    first = variate.create_assignment("u1", "button", drawn)
    assert variate.get_user_assignment("u1", "button") == first

    variate.start_new_version("button")
    assert variate.decide("u1", "button").version == 2
    assert variate.get_user_assignment("u1", "button") is None
    other = next(each["name"] for each in TWO if each["name"] != variate.decide("u1", "button").variation)
    second = variate.create_assignment("u1", "button", other)
    assert (first["version"], second["version"], second["variation"]) == (1, 2, other)
    assert variate.get_user_assignment("u1", "button") == second
    decided = variate.decide("u1", "button")
    assert (decided.variation, decided.reason, decided.version) == (other, Reason.KEPT, 2)


@in_every_profile
def test_an_assignment_to_an_experiment_that_there_is_not_is_of_version_one(deployment: Deployment) -> None:
    made = variate.create_assignment("u1", "elsewhere", "green")
    assert made["version"] == 1
    assert variate.get_user_assignment("u1", "elsewhere") == made


@in_every_profile
def test_a_flag_is_defined_evaluated_rolled_back_and_published(deployment: Deployment) -> None:
    made = variate.create_feature_flag("Dark mode", "", [], "active", type="boolean", default="off")
    flag = made["id"]
    assert variate.evaluate_flag("u1", flag).value is False
    variate.update_feature_flag(flag, rules=[{"serve": "on"}])
    assert variate.evaluate_all_flags("u1")[flag].value is True
    latest, first = variate.list_snapshots()
    variate.rollback_snapshot(first["digest"])
    assert variate.evaluate_flag("u1", flag).value is False
    assert variate.publish_snapshot()["digest"] == latest["digest"]
    variate.create_flag_override("u1", flag, "off")
    assert variate.evaluate_flag("u1", flag).reason is Reason.OVERRIDE
    assert variate.explain_flag("u1", flag)["decision"]["value"] is False


@pytest.mark.slow
@pytest.mark.parametrize("profile", ["postgres", "aws"])
def test_the_command_line_decides_explains_and_goes_back(
    variate: Variate, request: pytest.FixtureRequest, profile: str
) -> None:
    environ = request.getfixturevalue(f"{profile}_deployment").environ

    def ok(*arguments: str) -> Any:
        done = variate(*arguments, "--json", **environ)
        assert done.code == 0, done.err
        return done.json

    ok("experiments", "create", "x", "--id", "x", "--variation", "a", "--variation", "b")
    ok("experiments", "status", "x", "active")
    decided = ok("decide", "--unit", "u1", "--experiment", "x", "--keep")
    explained = ok("explain", "--unit", "u1", "--experiment", "x")
    assert (explained["decision"], explained["sequence"]) == (decided, 1)
    assert ok("snapshots", "rollback", "1")["kind"] == "rollback"


@in_every_profile
def test_a_report_says_what_was_recorded_and_is_kept(deployment: Deployment) -> None:
    variate.create_metric("purchase", "proportion", measure="purchase")
    variate.create_experiment("Green button", "", TWO, experiment_id="button", metrics=["purchase"])
    variate.update_experiment_status("button", "active")
    for number, unit in enumerate(UNITS):
        variate.record_exposure(unit, "button", TWO[number % 2]["name"], dimensions={"country": "DE"})
        if number % 2 and number % 3:
            variate.record_event(unit, "purchase", {"value": 1}, experiment_id="button")
    report = variate.report_experiment("button", dimensions=["country"])
    assert [each["units"] for each in report["variations"]] == [15, 15]
    for found in report["metrics"][0]["slices"]:  # of the 15 odd numbers below 30, 5 are multiples of 3
        assert (found["control"], found["comparisons"][0]["estimate"]) == (0, pytest.approx(10 / 15))
    assert variate.get_report(report["id"]) == report
    assert variate.get_report("another") is None
    past = variate.report_experiment("button", at=report["at"])
    assert {each["id"] for each in variate.list_reports("button")} == {past["id"], report["id"]}
    assert {each["verdict"] for each in variate.list_reports()} == {report["verdict"]["kind"]}
    newest = variate.default_platform().newest_reports(["button", "another"])
    assert {name: head_record(head) for name, head in newest.items()} == {"button": variate.list_reports("button")[0]}
    assert past["metrics"] == [
        {**each, "slices": each["slices"][:1], "heterogeneity": []} for each in report["metrics"]
    ]
