"""Flags over HTTP: created, changed, different in an environment, archived."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.service.running import Running, bearer
from variate.testing.builders import build_audit_entry, build_flag

LONG_AGO = datetime(2024, 2, 1, tzinfo=UTC)


def made(api: httpx.Client, flag_id: str, **fields: Any) -> httpx.Response:
    """Create a boolean flag that serves off."""
    body = {"id": flag_id, "name": flag_id, "type": "boolean", "default": "off", "status": "active", **fields}
    return api.post("/api/v1/flags", json=body)


def path(flag_id: str, *more: str) -> str:
    return "/".join(("/api/v1/flags", flag_id, *more))


def test_what_is_created_is_read_under_its_location(api: httpx.Client) -> None:
    created = made(api, "created", tags=["checkout"])
    assert (created.status_code, created.headers["location"]) == (201, path("created"))
    read = api.get(path("created"))
    assert (read.json(), read.headers["etag"]) == (created.json(), '"1"')
    assert [each["name"] for each in read.json()["variations"]] == ["on", "off"]
    assert api.get(path("created"), headers={"If-None-Match": '"1"'}).status_code == 304


def test_a_flag_without_targeting_has_rules_of_its_callers_own(api: httpx.Client) -> None:
    answer = api.post("/api/v1/flags", json={"id": "free", "name": "Free", "rules": {"percent": 5}})
    assert (answer.status_code, answer.json()["rules"]) == (201, {"percent": 5})
    assert "variations" not in answer.json()


def test_the_values_of_a_flag_meet_its_schema(api: httpx.Client) -> None:
    schema = {"type": "object", "required": ["size"]}
    fields = {"type": "json", "schema": schema, "default": "a", "off": "a"}
    met = made(api, "met", **fields, variations=[{"name": "a", "value": {"size": 10**30}}])
    assert (met.status_code, met.json()["schema"], met.json()["variations"][0]["value"]["size"]) == (
        201,
        schema,
        10**30,
    )
    missed = made(api, "missed", **fields, variations=[{"name": "a", "value": {}}])
    assert (missed.status_code, missed.json()["code"]) == (422, "invalid_input")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"default": "none"}, "default"),
        (
            {"rules": [{"serve": "on", "condition": {"attribute": "a", "operator": "is"}}]},
            "rules[0].condition.operator",
        ),
        ({"prerequisites": [{"flag": "gone", "variations": ["on"]}]}, "prerequisites"),
        ({"environments": {"moon": {"enabled": True}}}, "environments"),
        ({"status": "gone"}, "status"),
        ({"schema": "text"}, "schema"),
    ],
)
def test_what_breaks_a_rule_is_named(api: httpx.Client, fields: dict[str, Any], field: str) -> None:
    answer = made(api, "broken", **fields)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert answer.json()["field"].startswith(field)


def test_a_change_is_made_at_the_revision_it_was_decided_on(api: httpx.Client) -> None:
    made(api, "changed")
    change = {"rules": [{"name": "all", "serve": "on"}]}
    changed = api.patch(path("changed"), json=change, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    assert changed.json()["rules"][0]["serve"] == "on"
    assert api.patch(path("changed"), json=change, headers={"If-Match": '"1"'}).status_code == 412
    assert api.patch(path("changed"), json=change).status_code == 428
    assert api.patch(path("gone"), json=change, headers={"If-Match": '"1"'}).status_code == 404


def test_a_flag_differs_in_an_environment_and_is_promoted(api: httpx.Client, service: Running) -> None:
    made(api, "differs")
    changed = api.patch(path("differs", "environments", "dev"), json={"default": "on"}, headers={"If-Match": "*"})
    assert changed.json()["environments"]["dev"]["default"] == "on"
    assert service.platform.evaluate_flag("u-1", "differs").value is True
    promoted = api.post(path("differs", "promote"), json={"source": "dev", "target": "prod"})
    assert promoted.json()["environments"]["prod"] == promoted.json()["environments"]["dev"]
    moon = api.patch(path("differs", "environments", "moon"), json={}, headers={"If-Match": "*"})
    assert (moon.status_code, moon.json()["code"]) == (422, "invalid_input")


def test_a_flag_is_taken_out_of_use_and_archived(api: httpx.Client) -> None:
    made(api, "used")
    off = api.post(path("used", "status"), json={"status": "inactive"}, headers={"If-Match": '"1"'})
    assert (off.status_code, off.json()["status"], off.headers["etag"]) == (200, "inactive", '"2"')
    assert api.post(path("used", "archive"), headers={"If-Match": '"1"'}).status_code == 412
    assert api.post(path("used", "archive")).json()["status"] == "archived"


def test_a_decision_is_explained(api: httpx.Client) -> None:
    made(api, "explained")
    told = api.post(path("explained", "explain"), json={"unit": "u-1", "attributes": {"country": "US"}}).json()
    assert (told["decision"]["variation"], told["decision"]["reason"]) == ("off", "default")


def test_flags_are_listed_by_status_a_page_at_a_time(api: httpx.Client) -> None:
    for number in range(3):
        made(api, f"listed-{number}", status="archived")
    first = api.get("/api/v1/flags?status=archived&limit=2").json()
    rest = api.get(f"/api/v1/flags?status=archived&limit=2&cursor={first['next']}").json()
    ids = {each["id"] for page in (first, rest) for each in page["items"]}
    assert ids >= {"listed-0", "listed-1", "listed-2"}


def test_stale_flags_are_listed_with_why_a_page_at_a_time(api: httpx.Client, service: Running) -> None:
    for number in range(3):
        old = build_flag(f"forgotten-{number}", targeting={"owner": "ada"}, rules=[], created_at=LONG_AGO)
        logged = build_audit_entry(entity_type="flag", entity_id=f"forgotten-{number}")
        service.platform._backends.flags.insert(old, audit=logged)
    made(api, "remembered", owner="ada", status="inactive")
    ids: list[str] = []
    reasons: set[str] = set()
    url = "/api/v1/flags?stale=true&owner=ada&unchanged_days=60&limit=2"
    while url:
        page = api.get(url)
        assert page.status_code == 200, page.text
        ids += [each["id"] for each in page.json()["items"]]
        reasons |= {each["stale"].partition(",")[0] for each in page.json()["items"]}
        url = page.links.get("next", {}).get("url", "")
    assert sorted(ids) == ["forgotten-0", "forgotten-1", "forgotten-2"]
    assert reasons == {"It is switched off everywhere"}
    assert api.get("/api/v1/flags?stale=true&owner=ada&unchanged_days=36500").json()["items"] == []
    assert "stale" not in api.get("/api/v1/flags?owner=ada").json()["items"][0]


@pytest.mark.parametrize(
    ("query", "field"),
    [("unchanged_days=9", "unchanged_days"), ("stale=true&unchanged_days=0", "unchanged_days"), ("stale=old", "stale")],
)
def test_what_is_no_question_for_stale_flags_is_refused(api: httpx.Client, query: str, field: str) -> None:
    refused = api.get(f"/api/v1/flags?{query}")
    assert (refused.status_code, refused.json()["field"]) == (422, field)


def test_reading_flags_takes_the_scope_to_read(service: Running) -> None:
    assert httpx.get(f"{service.url}/api/v1/flags", headers=bearer("evaluate")).status_code == 403
    assert httpx.get(f"{service.url}/api/v1/flags", headers=bearer("read")).status_code == 200


def test_flags_are_found_by_text_owner_and_tag_a_page_at_a_time(api: httpx.Client) -> None:
    for number in range(3):
        made(api, f"sought-{number}", description="A Needle", owner="finder", tags=["sought", f"t{number}"])
    made(api, "not-sought")
    for query in ("text=needle", "owner=finder", "tag=sought", "text=needle&owner=finder&tag=sought&status=active"):
        seen: list[str] = []
        url = f"/api/v1/flags?{query}&limit=2"
        while url:
            answer = api.get(url)
            seen += [each["id"] for each in answer.json()["items"]]
            url = answer.links.get("next", {}).get("url", "")
        assert seen == ["sought-2", "sought-1", "sought-0"]
    assert [each["id"] for each in api.get("/api/v1/flags?tag=t1").json()["items"]] == ["sought-1"]
    assert api.get("/api/v1/flags?owner=%20").json()["field"] == "owner"
