"""``variate decide``, ``evaluate`` and ``explain``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.command import InProcess
from variate import Platform, Settings

PRO = '{"plan": "pro"}'


def kept(tmp_path: Path, unit: str, experiment: str) -> str | None:
    with Platform.open(Settings(home=tmp_path / "home")) as platform:
        found = platform.get_user_assignment(unit, experiment)
    return None if found is None else found.variation


def test_a_decision_is_printed_and_not_kept(variate: InProcess, experiment: str, tmp_path: Path) -> None:
    arguments = ("decide", "--unit", "u1", "--experiment", experiment, "--attributes", PRO)
    found = variate.ok(*arguments, "--json").json
    assert (found["reason"], found["version"], found["rule"]) == ("split", 1, None)
    assert found["variation"] in ("control", "green")
    lines = variate.ok(*arguments).out.splitlines()
    assert lines[0].split() == ["variation", found["variation"]]
    assert lines[3].split() == ["bucket", str(found["bucket"])]
    assert kept(tmp_path, "u1", experiment) is None


def test_a_decision_is_kept_on_demand(variate: InProcess, experiment: str, tmp_path: Path) -> None:
    arguments = ("--unit", "u1", "--experiment", experiment, "--attributes", PRO, "--keep", "--json")
    assert kept(tmp_path, "u1", experiment) is None
    assert variate.ok("decide", *arguments).json["variation"] == kept(tmp_path, "u1", experiment)


def test_attributes_may_stand_in_a_file(variate: InProcess, experiment: str, tmp_path: Path) -> None:
    (tmp_path / "who.json").write_text(PRO, encoding="utf-8")
    arguments = ("--unit", "u1", "--experiment", experiment, "--attributes", f"@{tmp_path / 'who.json'}")
    assert variate.ok("decide", *arguments, "--json").json["reason"] == "split"


def test_a_unit_outside_gets_no_variation_and_is_told_why(variate: InProcess, experiment: str) -> None:
    assert variate.ok("decide", "--unit", "u1", "--experiment", experiment).out.splitlines() == [
        "variation  none",
        "reason     audience",
        "version    1",
    ]
    assert variate.ok("decide", "--unit", "u1", "--experiment", "nobody", "--json").json["reason"] == "unknown"


def test_flags_are_evaluated_one_by_one_and_all_at_once(variate: InProcess, flag: str) -> None:
    variate.ok("flags", "create", "plain", "--id", "plain", "--status", "active")
    one = variate.ok("evaluate", "--unit", "u1", "--flag", flag, "--attributes", PRO, "--json").json
    assert (one["variation"], one["value"], one["reason"], one["rule"]) == ("on", True, "rule", "pros")
    every = variate.ok("evaluate", "--unit", "u1", "--attributes", PRO, "--json").json
    assert every[flag] == one
    assert every["plain"]["reason"] == "default"
    table = variate.ok("evaluate", "--unit", "u1", "--attributes", PRO).out.splitlines()
    assert table[2].split() == [flag, "on", "true", "rule:", "pros"]
    assert "rule       pros" in variate.ok("evaluate", "--unit", "u1", "--flag", flag, "--attributes", PRO).out


def test_an_explanation_shows_every_rung_and_marks_the_one_that_decided(variate: InProcess, experiment: str) -> None:
    arguments = ("--unit", "u1", "--experiment", experiment, "--attributes", PRO)
    explained = variate.ok("explain", *arguments, "--json").json
    assert explained["decision"] == variate.ok("decide", *arguments, "--json").json
    assert [rung["name"] for rung in explained["rungs"]] == ["running", "override", "kept", "audience", "variation"]
    assert [rung["decided"] for rung in explained["rungs"]] == [False] * 4 + [True]
    (published,) = variate.ok("snapshots", "list", "--json").json
    assert all(explained[name] == published[name] for name in ("environment", "sequence", "digest"))

    printed = variate.ok("explain", *arguments).out
    (decided,) = [line for line in printed.splitlines() if line.startswith(">")]
    assert decided.split()[1] == "variation"
    assert explained["rungs"][-1]["salt"] in decided
    assert decided.rstrip().endswith(str(explained["decision"]["bucket"]))
    for rung in explained["rungs"]:
        assert f"\n   {rung['name']}" in printed or f"\n>  {rung['name']}" in printed
    assert f"1 of dev ({published['digest'][:12]}), published {published['at'][:10]}" in printed
    assert max(map(len, printed.splitlines())) <= 80


def test_an_explanation_shows_the_draw_of_the_experiment_behind_a_flag(variate: InProcess, experiment: str) -> None:
    serves = f'{{"name": "t", "serve": {{"experiment": "{experiment}"}}}}'
    names = ("--variation", 'control="c"', "--variation", 'green="g"', "--default", "control", "--off", "control")
    variate.ok("flags", "create", "Button", "--id", "button", "--status", "active", *names, "--rule", serves)
    arguments = ("--unit", "u1", "--flag", "button", "--attributes", PRO)
    explained = variate.ok("explain", *arguments, "--json").json
    beneath = variate.ok("explain", "--unit", "u1", "--experiment", experiment, "--attributes", PRO, "--json").json
    assert explained["rungs"][-1]["rungs"] == beneath["rungs"]
    assert beneath["rungs"][-1]["bucket"] == explained["decision"]["bucket"] is not None

    printed = variate.ok("explain", *arguments).out
    (decided,) = [line for line in printed.splitlines() if line.startswith(">")]
    assert decided.split()[1:3] == ["rule", "'t'"]
    (drawn,) = [line for line in printed.splitlines() if beneath["rungs"][-1]["salt"] in line]
    assert drawn.startswith("     variation ")
    assert drawn.rstrip().endswith(str(explained["decision"]["bucket"]))
    assert max(map(len, printed.splitlines())) <= 80


def test_an_explanation_of_a_random_id_fits_eighty_columns(variate: InProcess) -> None:
    created = variate.ok("experiments", "create", "x", "--variation", "a", "--variation", "b", "--json").json
    variate.ok("experiments", "status", created["id"], "active")
    printed = variate.ok("explain", "--unit", "u1", "--experiment", created["id"]).out
    assert max(map(len, printed.splitlines())) <= 80


def test_an_explanation_can_go_back_in_time(variate: InProcess, flag: str) -> None:
    arguments = ("--unit", "u1", "--flag", flag, "--attributes", PRO, "--json")
    assert variate.ok("explain", *arguments).json["decision"]["variation"] == "on"
    (published,) = variate.ok("snapshots", "list", "--json").json
    variate.ok("flags", "update", flag, "--rules", "[]")
    now, then = (variate.ok("explain", *arguments, *at).json for at in ((), ("--at", published["at"])))
    assert (now["decision"]["variation"], now["sequence"]) == ("off", 2)
    assert (then["decision"]["variation"], then["sequence"]) == ("on", 1)
    assert then["at"] == published["at"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("decide", "--unit", "u1"), "Missing option '--experiment'"),
        (("decide", "--unit", "", "--experiment", "x"), "user_id: must not be empty"),
        (("decide", "--unit", "u", "--experiment", "x", "--attributes", "[1]"), "must be a JSON object"),
        (("decide", "--unit", "u", "--experiment", "x", "--attributes", "{"), "is not JSON"),
        (("evaluate", "--unit", "u", "--attributes", '{"a": NaN}'), "'--attributes': must not contain NaN"),
        (
            ("evaluate", "--unit", "u", "--attributes", '{"a": [-Infinity]}'),
            "'--attributes': must not contain -Infinity",
        ),
        (("evaluate", "--unit", "u", "--attributes", '{"a": 1e999}'), "'--attributes': must not contain 1e999"),
        (("evaluate", "--unit", "u", "--attributes", "@/nowhere.json"), "cannot read"),
        (("explain", "--unit", "u"), "give either --experiment ID or --flag ID"),
        (("explain", "--unit", "u", "--flag", "f", "--experiment", "e"), "give either --experiment ID or --flag ID"),
        (("explain", "--unit", "u", "--flag", "f", "--at", "yesterday"), "10m, 2h, 7d"),
        (("explain", "--unit", "u", "--flag", "f", "--at", "2020-01-01T00:00:00Z"), "not found"),
    ],
)
def test_a_mistake_ends_in_words(variate: InProcess, arguments: tuple[str, ...], words: str) -> None:
    assert words in variate.mistake(*arguments)
