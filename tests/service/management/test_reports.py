"""Reports over HTTP."""

from __future__ import annotations

import csv
from io import StringIO

import httpx
import pytest

from tests.service.running import Running, bearer

UNITS = 40


@pytest.fixture(scope="module", autouse=True)
def _experiment(api: httpx.Client, service: Running) -> None:
    api.post("/api/v1/metrics", json={"id": "purchases", "kind": "proportion", "measure": "purchase"})
    body = {
        "id": "one",
        "name": "Blue <button>",
        "variations": [{"name": "a"}, {"name": "b"}],
        "metrics": ["purchases"],
    }
    assert api.post("/api/v1/experiments", json=body).status_code == 201
    assert api.post("/api/v1/experiments/one/status", json={"status": "active"}).status_code == 200
    for number in range(UNITS):
        unit = f"u-{number}"
        shown = service.platform.assign(unit, "one").variation
        assert shown is not None
        service.platform.record_exposure(unit, "one", shown, dimensions={"country": "US" if number % 2 else "CA"})
        if number % 3 == 0:
            service.platform.record_event(unit, "purchase", {})


def test_a_report_is_made_kept_and_read_in_each_form(api: httpx.Client) -> None:
    made = api.post("/api/v1/reports", json={"experiment_id": "one", "dimensions": ["country"]})
    assert made.status_code == 201, made.text
    told = made.json()
    assert sum(each["units"] for each in told["variations"]) == UNITS
    where = made.headers["location"]
    assert api.get(where).json() == told
    markdown = api.get(f"{where}?format=markdown")
    assert markdown.headers["content-type"] == "text/markdown; charset=utf-8"
    assert "Blue" in markdown.text
    page = api.get(f"{where}?format=html")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"] in page.text
    assert "<button>" not in page.text
    table = api.get(f"{where}?format=csv")
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert table.headers["content-disposition"].startswith('attachment; filename="one-2')
    rows = list(csv.DictReader(StringIO(table.text, newline="")))
    assert {(row["dimension"], row["value"]) for row in rows} == {("", ""), ("country", "US"), ("country", "CA")}
    (head, *_) = api.get("/api/v1/reports?experiment_id=one").json()["items"]
    assert (head["id"], head["verdict"], head["units"]) == (told["id"], told["verdict"]["kind"], UNITS)
    checks = [(each["status"], each["kind"]) for each in told["health"]["checks"]]
    worst = next((each for each in ("failed", "warning") if each in dict(checks)), "ok")
    assert head["health"] == worst
    assert head["concern"] == (None if worst == "ok" else dict(reversed(checks))[worst])


def test_what_breaks_a_rule_is_named(api: httpx.Client) -> None:
    for body, field in (
        ({}, "experiment_id"),
        ({"experiment_id": "one", "at": "soon"}, "at"),
        ({"experiment_id": "one", "at": "2999-01-01T00:00:00Z"}, "at"),
        ({"experiment_id": "one", "dimensions": ["a", "a"]}, "dimensions"),
    ):
        answer = api.post("/api/v1/reports", json=body)
        assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_what_is_not_there_is_not_found(api: httpx.Client) -> None:
    assert api.post("/api/v1/reports", json={"experiment_id": "gone"}).status_code == 404
    assert api.get("/api/v1/reports/gone").status_code == 404


def test_reports_are_listed_a_page_at_a_time(api: httpx.Client) -> None:
    for _ in range(2):
        api.post("/api/v1/reports", json={"experiment_id": "one"})
    first = api.get("/api/v1/reports?experiment_id=one&limit=1")
    second = api.get(first.links["next"]["url"])
    assert first.json()["items"][0]["id"] != second.json()["items"][0]["id"]


def test_a_report_takes_the_scope_to_write_since_it_may_spend_error(service: Running) -> None:
    body = {"experiment_id": "one"}
    assert httpx.post(f"{service.url}/api/v1/reports", json=body, headers=bearer("read")).status_code == 403
