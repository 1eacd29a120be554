"""``variate demo`` runs an experiment from end to end, on nothing but Python."""

from __future__ import annotations

from typing import Any

import pytest

from tests.acceptance.command import Variate


def test_the_demo_assigns_everybody_once_and_finds_the_effect_it_simulates(variate: Variate) -> None:
    found = variate.ok("demo", "--json").json
    assert sum(found["users"].values()) == 20_000
    assert found["users"]["control"] == pytest.approx(10_000, abs=354), "five times sqrt(20,000 / 4) = 71"
    assert (found["control"], found["crossed"], found["unknown"]) == ("control", 0, 0)
    purchase, revenue = found["outcomes"]
    assert (purchase["event_type"], revenue["event_type"]) == ("purchase", "revenue")
    assert purchase["rows"][0]["rate"] == pytest.approx(0.10, abs=0.015), "five standard errors"
    assert purchase["rows"][1]["rate"] == pytest.approx(0.12, abs=0.017)
    # The truth is +2 points; five standard errors of 0.44 points on either side.
    assert purchase["rows"][1]["rate_difference"]["value"] == pytest.approx(0.02, abs=0.022)
    assert revenue["rows"][1]["mean"] == pytest.approx(4.8, abs=1.0)


def test_the_table_is_plain_text_of_eighty_columns_and_says_what_to_try_next(variate: Variate) -> None:
    printed = variate.ok("demo", "--users", "500")
    assert "\x1b" not in printed.out + printed.err
    assert "\r" not in printed.out + printed.err
    assert max(map(len, printed.out.splitlines())) <= 80
    for heading in ("users", "converted", "rate", "mean", "difference", "95 % interval"):
        assert heading in printed.out
    assert "asked again after the weights went to 1:9, 0 had moved" in printed.out
    assert "variate experiments show" in printed.out


def test_every_run_makes_an_experiment_of_its_own_and_leaves_it_completed(variate: Variate) -> None:
    first, second = (variate.ok("demo", "--users", "200", "--json").json for _ in range(2))
    assert first["experiment_id"] != second["experiment_id"]
    listed = variate.ok("experiments", "list", "--json").json
    assert [(row["id"], row["status"]) for row in listed] == [
        (second["experiment_id"], "completed"),
        (first["experiment_id"], "completed"),
    ]


def test_what_the_demo_did_can_be_looked_at_afterwards(variate: Variate) -> None:
    summary: dict[str, Any] = variate.ok("demo", "--users", "200", "--json").json
    experiment = summary["experiment_id"]
    assert variate.ok("experiments", "results", experiment, "--json").json == summary
    actions = [entry["action"] for entry in variate.ok("audit", "--entity", experiment, "--json").json]
    assert actions == ["status_change", "updated", "updated", "status_change", "created"]
    events = variate.ok("events", "list", "user-1", "--json").json
    assert [event["event_type"] for event in events][-1:] == ["exposure"]
