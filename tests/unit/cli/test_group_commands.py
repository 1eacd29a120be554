"""``variate audiences``, ``layers`` and ``holdouts``."""

from __future__ import annotations

import pytest

from tests.acceptance.command import InProcess

BETA = '{"attribute": "plan", "operator": "in", "value": ["pro", "team"]}'


def test_an_audience_lives_from_creation_to_removal(variate: InProcess) -> None:
    created = variate.ok("audiences", "create", "beta", BETA, "--name", "Beta", "--json").json
    assert (created["id"], created["name"], created["condition"]["value"]) == ("beta", "Beta", ["pro", "team"])
    assert variate.ok("audiences", "list", "--json").json == [created]
    assert 'beta  plan in ["pro", "team"]' in variate.ok("audiences", "list").out
    condition = '{"not": {"attribute": "plan", "operator": "exists"}}'
    changed = variate.ok(
        "audiences", "update", "beta", "--condition", condition, "--description", "none", "--json"
    ).json
    assert (changed["description"], changed["name"], changed["revision"]) == ("none", "Beta", 2)
    assert "not (plan exists)" in variate.ok("audiences", "show", "beta").out
    assert variate.ok("audiences", "remove", "beta").out == "removed\n"
    assert "audience 'beta' not found" in variate.mistake("audiences", "show", "beta")


def test_a_layer_shows_the_ranges_its_experiments_hold(variate: InProcess) -> None:
    variate.ok("layers", "create", "checkout", "--salt", "till")
    for name, span in (("second", "50:75"), ("first", "0:50")):
        options = ("--variation", "a", "--layer", "checkout", "--layer-range", span)
        variate.ok("experiments", "create", name, "--id", name, *options)
    found = variate.ok("layers", "show", "checkout", "--json").json
    assert (found["ranges"], found["salt"]) == ({"first": [0, 50], "second": [50, 75]}, "till")
    assert [line.split() for line in variate.ok("layers", "show", "checkout").out.splitlines()[-2:]] == [
        ["0", "50", "first"],
        ["50", "75", "second"],
    ]
    assert variate.ok("layers", "list").out.splitlines()[2].split() == ["checkout", "2", "25", "%", "checkout"]
    overlapping = ("--variation", "a", "--layer", "checkout", "--layer-range", "70:80")
    assert "overlaps in layer 'checkout'" in variate.mistake("experiments", "create", "x", *overlapping)
    assert "in use by experiment 'first'" in variate.mistake("layers", "remove", "checkout")
    for name in ("first", "second"):
        variate.ok("experiments", "archive", name)
    variate.ok("layers", "remove", "checkout")
    assert variate.ok("layers", "list", "--json").json == []


def test_a_holdout_lives_from_creation_to_removal(variate: InProcess) -> None:
    created = variate.ok("holdouts", "create", "global", "2.5", "--json").json
    assert (created["percentage"], created["salt"]) == (2.5, "global")
    assert variate.ok("holdouts", "list", "--json").json == [created]
    assert "global  2.5 %  global" in variate.ok("holdouts", "list").out
    changed = variate.ok("holdouts", "update", "global", "--percentage", "5", "--name", "All", "--json").json
    assert (changed["percentage"], changed["name"]) == (5, "All")
    assert "\nshare        5 %\n" in variate.ok("holdouts", "show", "global").out
    variate.ok("holdouts", "remove", "global")
    assert variate.ok("holdouts", "list", "--json").json == []


def test_what_a_running_experiment_uses_stays(variate: InProcess) -> None:
    variate.ok("audiences", "create", "beta", BETA)
    variate.ok("holdouts", "create", "global", "5")
    options = ("--variation", "a", "--audience", '{"audience": "beta"}', "--holdout", "global")
    variate.ok("experiments", "create", "x", "--id", "x", *options)
    variate.ok("experiments", "status", "x", "active")
    condition = '{"attribute": "plan", "operator": "exists"}'
    for arguments in (
        ("audiences", "update", "beta", "--condition", condition),
        ("audiences", "remove", "beta"),
        ("holdouts", "update", "global", "--percentage", "6"),
        ("holdouts", "remove", "global"),
    ):
        assert "experiment 'x', which is active, uses it" in variate.mistake(*arguments)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("audiences", "create", "x", "{"), "is not JSON"),
        (("audiences", "create", "x", '{"attribute": "a", "operator": "equal", "value": 1}'), "did you mean equals?"),
        (("audiences", "create", "x", '{"audience": "nobody"}'), "names the audience 'nobody'"),
        (("audiences", "update", "nobody", "--name", "x"), "audience 'nobody' not found"),
        (("audiences", "update", "nobody"), "give what is to change"),
        (("audiences", "remove", "nobody"), "audience 'nobody' not found"),
        (("layers", "show", "nobody"), "layer 'nobody' not found"),
        (("layers", "remove", "nobody"), "layer 'nobody' not found"),
        (("holdouts", "create", "x", "101"), "holdout.percentage: must be"),
        (("holdouts", "create", "x", "some"), "'some' is not a number"),
        (("holdouts", "show", "nobody"), "holdout 'nobody' not found"),
        (("holdouts", "update", "nobody"), "give what is to change"),
    ],
)
def test_a_mistake_ends_in_words(variate: InProcess, arguments: tuple[str, ...], words: str) -> None:
    assert words in variate.mistake(*arguments)
