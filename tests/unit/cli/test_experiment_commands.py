"""``variate experiments``: the design, what changes of it, and what a change would do."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.acceptance.command import InProcess

PRO = '{"plan": "pro"}'


def test_a_whole_design_is_written_and_shown(variate: InProcess, tmp_path: Path) -> None:
    variate.ok("audiences", "create", "beta", '{"attribute": "plan", "operator": "equals", "value": "pro"}')
    variate.ok("layers", "create", "checkout")
    variate.ok("holdouts", "create", "global", "5")
    for metric in ("purchase", "refund"):
        variate.ok("metrics", "create", metric, "--kind", "proportion", "--event", metric)
    (tmp_path / "who.json").write_text('{"audience": "beta"}', encoding="utf-8")
    created = variate.ok(
        *("experiments", "create", "Green button", "--id", "green", "--owner", "ann", "--json"),
        *("--variation", "control", "--variation", "green=3", "--value", 'green={"colour": "#0f0"}'),
        *("--hypothesis", "Green sells", "--audience", f"@{tmp_path / 'who.json'}", "--traffic", "50"),
        *("--layer", "checkout", "--layer-range", "0:12.5", "--holdout", "global", "--control", "green"),
        *("--starts", "2026-01-01T00:00:00Z", "--ends", "2030-01-01T00:00:00+01:00", "--unit-type", "visitor"),
        *("--metric", "purchase", "--metric", "refund:guardrail:0.01", "--salt", "grass", "--keep-outside-audience"),
        *("--planned-units", "20000", "--looks", "5"),
    ).json
    assert [(row["name"], row["weight"], row["value"]) for row in created["variations"]] == [
        ("control", 1, {}),
        ("green", 3, {"colour": "#0f0"}),
    ]
    assert {name: created[name] for name in created if name not in ("variations", "created_at", "updated_at")} == {
        "id": "green",
        "name": "Green button",
        "description": "",
        "status": "draft",
        "owner": "ann",
        "version": 1,
        "revision": 1,
        "hypothesis": "Green sells",
        "unit_type": "visitor",
        "salt": "grass",
        "audience": {"audience": "beta"},
        "traffic": 50,
        "layer": "checkout",
        "layer_range": [0, 12.5],
        "holdouts": ["global"],
        "starts_at": "2026-01-01T00:00:00.000000Z",
        "ends_at": "2029-12-31T23:00:00.000000Z",
        "control": "green",
        "metrics": [
            {"metric": "purchase", "role": "goal"},
            {"metric": "refund", "role": "guardrail", "margin": 0.01},
        ],
        "plan": {"units": 20_000, "looks": 5, "alpha": 0.05, "spending": "obrien_fleming"},
        "takes_new_units": True,
        "keeps_outside_audience": True,
        "reads_ledger": False,
        "conclusion": None,
    }
    shown = variate.ok("experiments", "show", "green").out
    for name, said in {
        "hypothesis": "Green sells",
        "audience": "audience beta",
        "traffic": "50 %",
        "layer": "checkout, 0 to 12.5 %",
        "ends": "2029-12-31 23:00:00 UTC",
        "metrics": "purchase (goal), refund (guardrail, margin 0.01)",
        "plan": "20,000 units, about 5 looks, alpha 0.05, obrien fleming",
        "outside audience": "who is in stays in",
    }.items():
        assert f"\n{name:<16}  {said}\n" in shown


def test_what_is_given_changes_and_an_empty_value_takes_away(variate: InProcess, experiment: str) -> None:
    changed = variate.ok(
        *("experiments", "update", experiment, "--name", "Greener", "--description", "more", "--json"),
        *("--weight", "green=3", "--traffic", "60", "--audience", "null", "--ends", "2030-01-01T00:00:00Z"),
    ).json
    assert [(row["name"], row["weight"]) for row in changed["variations"]] == [("control", 1), ("green", 3)]
    assert (changed["name"], changed["description"], changed["traffic"]) == ("Greener", "more", 60)
    assert (changed["audience"], changed["ends_at"]) == (None, "2030-01-01T00:00:00.000000Z")
    changed = variate.ok("experiments", "update", experiment, "--ends", "", "--json").json
    assert (changed["ends_at"], changed["traffic"], changed["name"]) == (None, 60, "Greener")
    assert "in force since" in variate.ok("experiments", "show", experiment).out


@pytest.mark.parametrize("option", ["--layer", "--layer-range"])
def test_an_empty_layer_or_range_takes_both_away(variate: InProcess, option: str) -> None:
    variate.ok("layers", "create", "checkout")
    claim = ("--layer", "checkout", "--layer-range", "0:50")
    variate.ok("experiments", "create", "x", "--id", "x", "--variation", "a", "--variation", "b", *claim)
    changed = variate.ok("experiments", "update", "x", option, "", "--json").json
    assert (changed["layer"], changed["layer_range"]) == (None, None)
    assert variate.ok("layers", "show", "checkout", "--json").json["ranges"] == {}


def test_the_intake_stops_and_resumes(variate: InProcess, experiment: str) -> None:
    variate.ok("experiments", "update", experiment, "--stop-intake")
    arguments = ("decide", "--unit", "u1", "--experiment", experiment, "--attributes", PRO, "--json")
    assert variate.ok(*arguments).json["reason"] == "intake_stopped"
    assert "no new users" in variate.ok("experiments", "show", experiment).out
    variate.ok("experiments", "update", experiment, "--resume-intake")
    assert variate.ok(*arguments).json["reason"] == "split"


def test_a_preview_counts_and_changes_nothing(variate: InProcess, experiment: str) -> None:
    for number in range(4):
        variate.ok("decide", "--keep", "--unit", f"u{number}", "--experiment", experiment, "--attributes", PRO)
    before = variate.ok("experiments", "show", experiment, "--json").json
    asked = ("experiments", "update", experiment, "--traffic", "0", "--preview")
    whole = {"kept": 4, "looked_at": 4, "low": 4, "high": 4, "is_cut": False, "audience_matters": False}
    assert variate.ok(*asked, "--json").json == {**whole, "moved": 0, "held": 4}
    printed = variate.ok(*asked).out.splitlines()
    assert printed[2].split()[:4] == ["would", "be", "held", "4"]
    assert printed[-1] == "Nothing was changed."
    anew = ("experiments", "new-version", experiment, "--salt", "other", "--traffic", "0", "--preview", "--json")
    assert variate.ok(*anew).json == {**whole, "moved": 4, "held": 0}
    assert variate.ok("experiments", "show", experiment, "--json").json == before


def test_a_preview_of_many_says_that_it_is_an_estimate_and_how_good(
    variate: InProcess, experiment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("variate.platform.previewing.LOOKED_AT", 2)
    monkeypatch.setattr("variate.platform.previewing.COUNTED", 3)
    for number in range(4):
        variate.ok("decide", "--keep", "--unit", f"u{number}", "--experiment", experiment, "--attributes", PRO)
    printed = variate.ok("experiments", "update", experiment, "--traffic", "0", "--preview").out
    assert "Estimated from 2 chosen by chance: 0 to 3 would be drawn otherwise, with a confidence of 95 %." in printed
    assert "Only the newest assignments were counted; older ones are left out." in printed


def test_a_new_version_may_change_everything(variate: InProcess, experiment: str) -> None:
    changed = variate.ok(
        *("experiments", "new-version", experiment, "--variation", "control", "--variation", "blue=2"),
        *("--value", "blue=true", "--hypothesis", "blue sells", "--json"),
    ).json
    assert (changed["version"], changed["hypothesis"]) == (2, "blue sells")
    assert [(row["name"], row["weight"], row["value"]) for row in changed["variations"]] == [
        ("control", 1, {}),
        ("blue", 2, True),
    ]
    variate.ok("experiments", "new-version", experiment, "--reason", "bots were in it")
    assert '"reason":"bots were in it"' in variate.ok("audit", "--entity", experiment).out


def test_the_checklist_says_what_blocks_a_launch_and_ends_with_one(variate: InProcess) -> None:
    variate.ok("experiments", "create", "x", "--id", "x", "--variation", "a", "--traffic", "0")
    found = variate("experiments", "checklist", "x")
    assert found.code == 1
    marks = {line[:6].strip(): line[8:].split()[0] for line in found.out.splitlines()[2:] if line[:6].strip()}
    assert marks["BLOCKS"] == "traffic"
    points = variate("experiments", "checklist", "x", "--json").json
    assert [point["name"] for point in points if point["blocks"] and not point["met"]] == ["traffic"]
    assert "cannot become active: traffic" in variate.mistake("experiments", "status", "x", "active")
    variate.ok("experiments", "update", "x", "--traffic", "100")
    variate.ok("experiments", "checklist", "x")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--audience", '{"attribut": "a"}'), "audience: must have one of the keys attribute, all, any"),
        (("--audience", "{"), "is not JSON"),
        (("--audience", '{"audience": "nobody"}'), "audience: names the audience 'nobody', which is not there"),
        (("--traffic", "101"), "traffic: must be"),
        (("--traffic", "many"), "'many' is not a number"),
        (("--layer", "nobody", "--layer-range", "0:50"), "layer: names 'nobody', which is not there"),
        (("--layer", "checkout"), "layer_range: must be given too"),
        (("--layer-range", "50"), "is not FROM:TO"),
        (("--holdout", "nobody"), "holdouts: names 'nobody', which is not there"),
        (("--control", "nobody"), "control: must be one of the variations a, b"),
        (("--metric", "x:judge"), "'judge' is not a role"),
        (("--metric", "x:goal:0.01"), "'0.01' is not a role"),
        (("--metric", "x:guardrail:little"), "'little' is not a number"),
        (("--metric", "x:guardrail:-1"), "margin: must be finite and not negative"),
        (("--metric", "nobody"), "define it with create_metric or variate metrics create"),
        (("--planned-units", "many"), "'many' is not a whole number"),
        (("--planned-units", "1"), "plan.units: must be from 2"),
        (("--looks", ""), "plan.looks: must be a whole number"),
        (("--alpha", "0.9"), "plan.alpha: must be from"),
        (("--starts", "soon"), "starts_at: must be an ISO 8601 time"),
        (("--value", "c=1"), "--value: must be of one of the variations a, b, not 'c'"),
        (("--value", "a=blue"), "text needs its quotes"),
        (("--value", "blue"), "is not NAME=JSON"),
    ],
)
def test_a_design_that_is_wrong_is_refused_naming_what(
    variate: InProcess, arguments: tuple[str, ...], words: str
) -> None:
    variate.ok("layers", "create", "checkout")
    said = variate.mistake("experiments", "create", "x", "--variation", "a", "--variation", "b", *arguments)
    assert words in said
    assert variate.ok("experiments", "list", "--json").json == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("update",), "give what is to change"),
        (("update", "--salt", "other"), "salt: cannot change once the experiment has started; begin a new version"),
        (("update", "--variation", "a", "--variation", "b"), "variations: of an experiment that is active may change"),
        (("update", "--weight", "red=1"), "--weight: must be of one of the variations control, green, not 'red'"),
        (("update", "--weight", "green"), "is not NAME=WEIGHT"),
        (("update", "--salt", "other", "--preview"), "salt: cannot change"),
    ],
)
def test_a_change_that_is_not_allowed_says_what_is(
    variate: InProcess, experiment: str, arguments: tuple[str, ...], words: str
) -> None:
    before = variate.ok("experiments", "show", experiment, "--json").json
    assert words in variate.mistake("experiments", arguments[0], experiment, *arguments[1:])
    assert variate.ok("experiments", "show", experiment, "--json").json == before


@pytest.mark.parametrize(
    "subcommand", [("update", "nobody", "--name", "x"), ("new-version", "nobody"), ("checklist", "nobody")]
)
def test_an_unknown_experiment_is_said_to_be(variate: InProcess, subcommand: tuple[str, ...]) -> None:
    assert "experiment 'nobody' not found" in variate.mistake("experiments", *subcommand)


def test_a_draft_has_no_new_version(variate: InProcess) -> None:
    variate.ok("experiments", "create", "x", "--id", "x", "--variation", "a")
    assert "must be of a started experiment" in variate.mistake("experiments", "new-version", "x")


def test_of_a_taken_id_another_is_advised(variate: InProcess) -> None:
    create = ("experiments", "create", "x", "--id", "x", "--variation", "a")
    variate.ok(*create)
    said = variate.mistake(*create)
    assert said == "error: experiment 'x' is there already: choose another id, or change that one\n"


def test_a_list_says_on_standard_error_what_it_leaves_out(variate: InProcess, tmp_path: Path) -> None:
    for name in ("bad", "good"):
        variate.ok("experiments", "create", name, "--id", name, "--variation", "a", "--variation", "b")
        variate.ok("flags", "create", name, "--id", name)
        variate.ok("audiences", "create", name, '{"attribute": "plan", "operator": "equals", "value": "pro"}')
    with closing(sqlite3.connect(tmp_path / "home" / "variate.db")) as connection, connection:
        connection.execute("UPDATE experiments SET definition = '{\"traffic\": 500}' WHERE id = 'bad'")
        connection.execute("UPDATE feature_flags SET name = ' ' WHERE id = 'bad'")
        connection.execute("UPDATE definitions SET data = '{}' WHERE id = 'bad'")
    for group, kind in (("experiments", "experiment"), ("flags", "flag"), ("audiences", "audience")):
        for more in ((), ("--json",)):
            outcome = variate.ok(group, "list", *more)
            assert ("good" in outcome.out, "bad" in outcome.out) == (True, False)
            assert outcome.err.startswith(f"warning: left out: {kind}: 'bad' cannot be read: ")
            assert outcome.err.count("\n") == 1
    assert "experiment: 'bad' cannot be read: traffic: " in variate.mistake("experiments", "show", "bad")


def test_experiments_are_found_by_a_text(variate: InProcess) -> None:
    for experiment_id, name, hypothesis in (
        ("one", "Fast CHECKOUT", ""),
        ("two", "x", "a checkout"),
        ("three", "x", ""),
    ):
        parts = ("--variation", "a", "--variation", "b", "--hypothesis", hypothesis)
        variate.ok("experiments", "create", name, "--id", experiment_id, *parts)
    found = variate.ok("experiments", "list", "--json", "--text", "Checkout").json
    assert {each["id"] for each in found} == {"one", "two"}


def test_an_experiment_is_completed_with_what_was_decided_and_it_is_corrected(variate: InProcess) -> None:
    variate.ok("experiments", "create", "X", "--id", "x", "--variation", "control", "--variation", "green")
    variate.ok("experiments", "status", "x", "active")
    ship = ("--decision", "ship", "--variation", "green", "--note", "Green sells")
    ended = variate.ok("experiments", "complete", "x", *ship, "--json").json
    told = ended["conclusion"]
    assert (ended["status"], told["decision"], told["variation"], told["note"]) == (
        "completed",
        "ship",
        "green",
        "Green sells",
    )
    shown = variate.ok("experiments", "show", "x").out
    assert "ship green, by " in shown
    assert "Green sells" in shown
    assert "keep, by " in variate.ok("experiments", "conclude", "x", "--decision", "keep").out
    assert "conclusion.variation: must be given" in variate.mistake(
        "experiments", "conclude", "x", "--decision", "ship"
    )
    assert variate.ok("experiments", "show", "x", "--json").json["conclusion"]["decision"] == "keep"
