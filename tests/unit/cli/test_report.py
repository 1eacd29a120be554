"""``variate report``: makes one, lists those made before, or shows one as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.cli.conftest import InProcess
from tests.unit.rendering.sample import AT, report
from variate.analysis.report import Report
from variate.model import Page
from variate.platform import Platform
from variate.stores.reports import ReportHead

REPORT = replace(report(), experiment_id="green-button")
HEAD = ReportHead(id="r-1", experiment_id="green-button", version=1, verdict="ship", variation="new-checkout", at=AT)


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the platform was asked; it answers with the sample report."""
    found: dict[str, Any] = {}

    def make(_platform: Platform, experiment_id: str, **options: Any) -> Report:
        options.pop("advance")("reading events", 1, 2)
        found.update(options, experiment_id=experiment_id)
        return REPORT

    def get(_platform: Platform, report_id: str) -> Report | None:
        return REPORT if report_id == HEAD.id else None

    def list_(_platform: Platform, experiment_id: str, *, limit: int, last_key: str | None) -> Page[ReportHead]:
        return Page([HEAD])

    monkeypatch.setattr(Platform, "report_experiment", make, raising=False)
    monkeypatch.setattr(Platform, "get_report", get, raising=False)
    monkeypatch.setattr(Platform, "list_reports", list_, raising=False)
    return found


def test_a_report_is_made_by_the_dimensions_and_as_of_the_time_that_are_asked_for(
    variate: InProcess, asked: dict[str, Any]
) -> None:
    arguments = ("--dimension", "country", "--dimension", "plan", "--at", "2026-03-15T09:30:00Z")
    assert variate.ok("report", "green-button", *arguments).out.startswith("New checkout\n")
    assert asked == {"experiment_id": "green-button", "dimensions": ("country", "plan"), "at": AT}


def test_reports_made_before_are_listed_and_shown(variate: InProcess) -> None:
    assert variate.ok("report", "green-button", "--list").out.splitlines()[2].split() == [
        "r-1",
        "2026-03-15",
        "09:30:00",
        "UTC",
        "1",
        "ship",
        "new-checkout",
    ]
    (head,) = json.loads(variate.ok("report", "green-button", "--list", "--json").out)
    assert (head["id"], head["at"]) == ("r-1", "2026-03-15T09:30:00.000000Z")
    assert json.loads(variate.ok("report", "green-button", "--stored", "r-1", "--json").out)["name"] == "New checkout"


def test_a_report_of_another_experiment_is_not_found(variate: InProcess) -> None:
    assert "r-2" in variate.mistake("report", "green-button", "--stored", "r-2")
    assert "r-1" in variate.mistake("report", "another", "--stored", "r-1")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--list", "--stored", "r-1"),
        ("--list", "--at", "2h"),
        ("--stored", "r-1", "--dimension", "x"),
        ("--json", "--markdown"),
    ],
)
def test_options_that_do_not_go_together_are_told_before_any_work(
    variate: InProcess, asked: dict[str, Any], arguments: tuple[str, ...]
) -> None:
    assert "cannot go with" in variate.mistake("report", "green-button", *arguments)
    assert asked == {}
