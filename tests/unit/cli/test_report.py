"""``variate report``: makes one, lists those made before, or shows one as it was."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from tests.acceptance.command import InProcess
from variate.platform import Platform

BASE = "green-button"


@pytest.fixture
def recorded(variate: InProcess) -> InProcess:
    """An experiment of 400 users in two countries, of whom a quarter buys."""
    variate.ok("experiments", "create", "Green button", "--variation", "control", "--variation", "green", "--id", BASE)
    with Platform.open() as platform:
        platform.create_metric("purchase", kind="proportion", measure="purchase")
        platform.update_experiment(BASE, metrics=[{"metric": "purchase"}])
        platform.update_experiment_status(BASE, "active")
        events = []
        for number in range(400):
            user, variation = f"u-{number}", ("control", "green")[number % 2]
            country = "DE" if number % 4 < 2 else "FR"
            data = {"variation": variation, "dimensions": {"country": country}}
            events.append({"user_id": user, "event_type": "exposure", "data": data, "experiment_id": BASE})
            if number % 8 < 2:
                events.append({"user_id": user, "event_type": "purchase", "data": {}, "experiment_id": BASE})
        assert all(verdict.error is None for verdict in platform.batch_create_events(events))
    return variate


def record(variate: InProcess, *options: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(variate.ok("report", BASE, *options, "--json").out)
    return found


def slices(found: dict[str, object]) -> Sequence[tuple[str, str | None]]:
    (metric,) = found["metrics"]  # type: ignore[misc]  # a record's parts are of any kind
    return [(each["dimension"], each["value"]) for each in metric["slices"]]  # type: ignore[has-type]  # the same


def test_a_report_is_made_of_what_was_recorded(recorded: InProcess) -> None:
    lines = recorded.ok("report", BASE).out.splitlines()
    assert lines[0] == "Green button"
    assert "units       400 (one is a user)" in lines
    assert any(line.startswith("green") and "25.00 %" in line and "not shown" in line for line in lines)


def test_dimensions_are_those_that_are_asked_for(recorded: InProcess) -> None:
    assert slices(record(recorded)) == [("", None)]
    assert slices(record(recorded, "--dimension", "country")) == [("", None), ("country", "DE"), ("country", "FR")]


def test_reports_made_before_are_listed_and_shown_as_they_were(recorded: InProcess) -> None:
    first, second = record(recorded), record(recorded)
    (_, _, latest, earlier) = recorded.ok("report", BASE, "--list").out.splitlines()
    assert (latest.split()[0], earlier.split()[0]) == (second["id"], first["id"])
    assert latest.split()[-2:] == ["1", "hold"]
    heads = json.loads(recorded.ok("report", BASE, "--list", "--json", "--limit", "1").out)
    assert [(head["id"], head["at"]) for head in heads] == [(second["id"], second["at"])]
    assert record(recorded, "--stored", str(first["id"])) == first


def test_a_report_of_another_experiment_is_not_found(recorded: InProcess) -> None:
    made = str(record(recorded)["id"])
    assert made in recorded.mistake("report", "another", "--stored", made)
    assert "r-2" in recorded.mistake("report", BASE, "--stored", "r-2")
    assert "another" in recorded.mistake("report", "another")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--list", "--stored", "r-1"),
        ("--list", "--at", "2h"),
        ("--stored", "r-1", "--dimension", "x"),
        ("--json", "--markdown"),
    ],
)
def test_options_that_do_not_go_together_are_told(variate: InProcess, arguments: tuple[str, ...]) -> None:
    assert "cannot go with" in variate.mistake("report", BASE, *arguments)


def test_a_time_before_the_experiment_or_to_come_is_refused(recorded: InProcess) -> None:
    assert "at: must be after the start" in recorded.mistake("report", BASE, "--at", "9d")
    assert "at: must not be in the future" in recorded.mistake("report", BASE, "--at", "2999-01-01T00:00:00Z")
