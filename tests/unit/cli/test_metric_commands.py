"""``variate metrics``, and what of experiments goes with them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.acceptance.command import InProcess
from variate.cli.length import hours
from variate.rendering.metric_definition_words import length_words


def test_a_metric_lives_from_creation_to_removal(variate: InProcess) -> None:
    created = variate.ok(
        *("metrics", "create", "revenue", "--kind", "mean", "--event", "purchase", "--sum", "--within", "7d"),
        *("--cap", "0.999", "--covariate", "14d", "--direction", "increase", "--name", "Revenue", "--json"),
    ).json
    kept = ("id", "name", "kind", "direction", "window_start_hours", "window_end_hours", "cap_quantile")
    assert [created[name] for name in kept] == ["revenue", "Revenue", "mean", "increase", 0, 168, 0.999]
    assert (created["covariate_hours"], created["measure"]) == (
        336,
        {"event_type": "purchase", "aggregation": "sum", "field": "value"},
    )
    assert variate.ok("metrics", "list", "--json").json == [created]
    assert variate.ok("metrics", "list").out.splitlines()[2].split() == [
        *("revenue", "mean", "within", "7", "days", "sum", "of", "purchase,", "a", "user")
    ]
    shown = variate.ok("metrics", "show", "revenue").out
    for said in (
        "better            increase\n",
        "cap               quantile 0.999\n",
        "covariate         14 days before\n",
    ):
        assert said in shown
    changed = variate.ok(
        "metrics", "update", "revenue", "--within", "", "--cap", "", "--direction", "decrease", "--json"
    ).json
    assert [changed[name] for name in ("window_end_hours", "cap_quantile", "direction", "revision")] == [
        *(None, None, "decrease", 2)
    ]
    assert variate.ok("audit", "--type", "metric", "--json").json[0]["entity_id"] == "revenue"
    assert variate.ok("metrics", "remove", "revenue").out == "removed\n"
    assert variate.ok("metrics", "list", "--json").json == []


@pytest.mark.parametrize(
    ("options", "measured", "when"),
    [
        (("proportion", "--event", "buy"), "users with buy", "from the exposure on"),
        (("mean", "--event", "buy", "--count"), "number of buy, a user", "from the exposure on"),
        (("mean", "--event", "buy", "--sum", "--field", "net"), "sum of buy's net, a user", "from the exposure on"),
        (
            ("ratio", "--event", "buy", "--sum", "--per", "visit", "--within", "36h"),
            "sum of buy / number of visit",
            "within 36 hours",
        ),
        (
            ("ratio", "--event", "buy", "--per", "cart", "--per-sum", "--per-field", "items"),
            "number of buy / sum of cart's items",
            "from the exposure on",
        ),
        (
            ("quantile", "--event", "load", "--quantile", "0.9", "--from", "90m"),
            "quantile 0.9 of load",
            "from 1.5 hours on",
        ),
        (
            ("retention", "--event", "visit", "--from", "7d", "--within", "8d"),
            "users with visit",
            "from 7 days to 8 days",
        ),
        (
            ("funnel", "--step", "view", "--step", "cart", "--step", "buy"),
            "users with view, then cart, then buy",
            "from the exposure on",
        ),
    ],
)
def test_each_kind_says_what_it_measures_and_when(
    variate: InProcess, options: tuple[str, ...], measured: str, when: str
) -> None:
    shown = variate.ok("metrics", "create", "m", "--kind", *options).out
    assert f"\nwhat it measures  {measured}\n" in shown
    assert f"\nwhen              {when}\n" in shown


def test_a_measure_keeps_what_is_not_given(variate: InProcess) -> None:
    variate.ok(
        "metrics", "create", "m", "--kind", "ratio", "--event", "buy", "--sum", "--field", "net", "--per", "visit"
    )
    summed = variate.ok("metrics", "update", "m", "--per", "cart", "--json").json
    assert summed["measure"] == {"event_type": "buy", "aggregation": "sum", "field": "net"}
    assert summed["denominator"] == {"event_type": "cart", "aggregation": "count", "field": "value"}
    mean = variate.ok("metrics", "update", "m", "--kind", "mean", "--per", "", "--event", "order", "--json").json
    assert (mean["denominator"], mean["measure"]["event_type"], mean["measure"]["aggregation"]) == (
        *(None, "order", "sum"),
    )
    funnel = variate.ok(
        *("metrics", "update", "m", "--kind", "funnel", "--event", "", "--step", "a", "--step", "b", "--json")
    ).json
    assert (funnel["measure"], funnel["steps"]) == (None, ["a", "b"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("create", "m", "--event", "buy"), "Missing option '--kind'"),
        (("create", "m", "--kind", "share", "--event", "buy"), "'share' is not one of"),
        (("create", "m", "--kind", "mean"), "measure: must be given for a mean"),
        (("create", "m", "--kind", "mean", "--sum"), "give --event too"),
        (("create", "m", "--kind", "ratio", "--event", "buy", "--per-sum"), "give --per too"),
        (("create", "m", "--kind", "mean", "--event", "buy", "--within", "7w"), "'7w' is no length of time"),
        (("create", "m", "--kind", "mean", "--event", "buy", "--within", "0d"), "window_end_hours: must be above 0"),
        (("create", "m", "--kind", "mean", "--event", "buy", "--cap", "much"), "'much' is not a number"),
        (("create", "m", "--kind", "funnel", "--step", "a"), "steps: must be from 2 to 20"),
        (("create", "taken", "--kind", "mean", "--event", "buy"), "taken"),
        (("update", "nobody", "--name", "x"), "metric 'nobody' not found"),
        (("update", "taken"), "give what is to change"),
        (("show", "nobody"), "metric 'nobody' not found"),
        (("remove", "nobody"), "metric 'nobody' not found"),
    ],
)
def test_a_mistake_ends_in_words(variate: InProcess, arguments: tuple[str, ...], words: str) -> None:
    variate.ok("metrics", "create", "taken", "--kind", "mean", "--event", "buy")
    assert words in variate.mistake("metrics", *arguments)


def test_a_running_experiment_s_metric_keeps_what_it_measures(variate: InProcess) -> None:
    variate.ok("metrics", "create", "revenue", "--kind", "mean", "--event", "buy")
    variate.ok("experiments", "create", "x", "--id", "x", "--variation", "a", "--metric", "revenue:secondary")
    variate.ok("experiments", "status", "x", "active")
    for arguments in (("update", "revenue", "--sum"), ("remove", "revenue")):
        assert "experiment 'x', which is active, uses it" in variate.mistake("metrics", *arguments)
    assert "\nname              Revenue\n" in variate.ok("metrics", "update", "revenue", "--name", "Revenue").out


def test_a_plan_is_made_shown_and_changed_in_part(variate: InProcess) -> None:
    variate.ok("metrics", "create", "latency", "--kind", "mean", "--event", "load")
    variate.ok("experiments", "create", "x", "--id", "x", "--variation", "a", "--metric", "latency:guardrail:0.5")
    shown = variate.ok("experiments", "show", "x").out
    assert "\nmetrics      latency (guardrail, margin 0.5)\n" in shown
    assert "\nplan" not in shown
    changed = variate.ok("experiments", "update", "x", "--planned-units", "10000", "--alpha", "0.1", "--json").json
    assert changed["plan"] == {"units": 10_000, "looks": 20, "alpha": 0.1, "spending": "obrien_fleming"}
    said = variate.ok("experiments", "update", "x", "--looks", "5", "--spending", "pocock").out
    assert "\nplan         10,000 units, about 5 looks, alpha 0.1, pocock\n" in said
    assert variate.ok("experiments", "update", "x", "--planned-units", "", "--json").json["plan"]["units"] is None
    variate.ok("experiments", "status", "x", "active")
    refused = variate.mistake("experiments", "update", "x", "--planned-units", "20000")
    assert "plan: cannot change once the experiment has started" in refused
    anew = variate.ok("experiments", "new-version", "x", "--planned-units", "20000", "--json").json
    assert (anew["version"], anew["plan"]["units"], anew["plan"]["looks"]) == (2, 20_000, 5)


def test_a_sender_numbers_its_events(variate: InProcess) -> None:
    arguments = ("events", "record", "u", "buy", "--sender", "cli", "--number", "3", "--json")
    assert [(each["sender"], each["number"]) for each in variate.ok(*arguments).json] == [("cli", 3)]
    assert "number: must be given" in variate.mistake("events", "record", "u", "buy", "--sender", "cli")


@pytest.mark.parametrize(("text", "of"), [("30m", 0.5), ("36h", 36), ("7d", 168), ("1.5d", 36), ("", None)])
def test_a_length_is_read_in_hours(text: str, of: float | None) -> None:
    assert hours(text) == of


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (timedelta(days=7), "7 days"),
        (timedelta(days=1), "1 day"),
        (timedelta(hours=36), "36 hours"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(minutes=90), "1.5 hours"),
        (timedelta(minutes=20), "20 minutes"),
        (timedelta(seconds=90), "1.5 minutes"),
        (timedelta(days=3_650), "3650 days"),
    ],
)
def test_a_length_is_written_as_people_read_it(length: timedelta, words: str) -> None:
    assert length_words(length) == words
