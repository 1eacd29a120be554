"""What was decided of an experiment, over HTTP: with its completion, and corrected later."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.service.running import Running
from variate.testing.report_builders import build_report

TWO = [{"name": "control"}, {"name": "treatment"}]
SHIP = {"decision": "ship", "variation": "treatment", "note": "Sells more <b>"}


def started(api: httpx.Client, experiment_id: str) -> None:
    api.post("/api/v1/experiments", json={"id": experiment_id, "name": experiment_id, "variations": TWO})
    moved(api, experiment_id, status="active").raise_for_status()


def moved(api: httpx.Client, experiment_id: str, **body: Any) -> httpx.Response:
    return api.post(f"/api/v1/experiments/{experiment_id}/status", json=body)


def concluded(api: httpx.Client, experiment_id: str, body: Any, **headers: str) -> httpx.Response:
    return api.put(f"/api/v1/experiments/{experiment_id}/conclusion", json=body, headers=headers)


def test_an_experiment_is_completed_with_its_conclusion_and_shows_it(api: httpx.Client) -> None:
    started(api, "shipped")
    ended = moved(api, "shipped", status="completed", conclusion=SHIP)
    assert (ended.status_code, ended.json()["status"]) == (200, "completed")
    told = api.get("/api/v1/experiments/shipped").json()["conclusion"]
    assert told == ended.json()["conclusion"]
    assert told.pop("decided_at") == ended.json()["updated_at"]
    assert told == {**SHIP, "report_id": None, "decided_by": "key:admin"}


def test_an_experiment_is_completed_without_one_as_before(api: httpx.Client) -> None:
    started(api, "silent")
    assert moved(api, "silent", status="completed").json()["conclusion"] is None


@pytest.mark.parametrize(
    ("conclusion", "field"),
    [
        ({"decision": "ship"}, "conclusion.variation"),
        ({"decision": "ship", "variation": "blue"}, "conclusion.variation"),
        ({"decision": "keep", "variation": "treatment"}, "conclusion.variation"),
        ({"decision": "keep", "note": "n" * 50_001}, "conclusion.note"),
        ({"decision": "keep", "report_id": "none"}, "conclusion.report_id"),
        ({"decision": "won"}, "conclusion.decision"),
        ({"note": "what?"}, "conclusion.decision"),
    ],
)
def test_what_breaks_a_rule_is_named_and_completes_nothing(api: httpx.Client, conclusion: Any, field: str) -> None:
    started(api, "refused")
    refused = moved(api, "refused", status="completed", conclusion=conclusion)
    assert (refused.status_code, refused.json()["field"]) == (422, field)
    assert api.get("/api/v1/experiments/refused").json()["status"] == "active"


def test_a_conclusion_goes_with_completed_only(api: httpx.Client) -> None:
    started(api, "early")
    refused = moved(api, "early", status="paused", conclusion=SHIP)
    assert (refused.status_code, refused.json()["field"]) == (422, "conclusion")
    early = concluded(api, "early", SHIP)
    assert (early.status_code, early.json()["field"]) == (422, "conclusion")


def test_a_conclusion_is_corrected_at_the_revision_it_was_read_at(api: httpx.Client, service: Running) -> None:
    service.platform._backends.reports.add(build_report("decided-on", experiment_id="corrected"))
    started(api, "corrected")
    ended = moved(api, "corrected", status="completed", conclusion=SHIP)
    read = ended.headers["etag"]
    after = concluded(api, "corrected", {"decision": "keep", "report_id": "decided-on"}, **{"If-Match": read})
    told = after.json()["conclusion"]
    assert (after.status_code, told["decision"], told["variation"], told["note"]) == (200, "keep", None, "")
    assert told["report_id"] == "decided-on"
    late = concluded(api, "corrected", SHIP, **{"If-Match": read})
    assert (late.status_code, late.json()["code"]) == (412, "precondition_failed")
    entry = service.platform.audit_log(entity_id="corrected")[0]
    assert (entry.action, entry.data["before"]["conclusion"]["decision"]) == ("concluded", "ship")
