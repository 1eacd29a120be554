"""Publications, snapshots and the audit log over HTTP."""

from __future__ import annotations

import httpx

from tests.service.running import Running, bearer


def test_changes_are_published_rolled_back_and_published_again(api: httpx.Client, service: Running) -> None:
    api.post("/api/v1/flags", json={"id": "shown", "name": "A", "status": "active", "type": "boolean", "default": "on"})
    assert service.platform.evaluate_flag("u-1", "shown").value is True
    first = api.get("/api/v1/publications").json()["items"][0]
    api.patch("/api/v1/flags/shown", json={"default": "off"}, headers={"If-Match": "*"})
    assert service.platform.evaluate_flag("u-1", "shown").value is False
    back = api.post("/api/v1/publications/rollback", json={"to": first["sequence"], "reason": "it broke"})
    assert (back.status_code, back.json()["kind"], back.json()["reason"]) == (201, "rollback", "it broke")
    assert back.json()["actor"] == "key:admin"
    assert service.platform.evaluate_flag("u-1", "shown").value is True
    published = api.post("/api/v1/publications", json={"reason": "mended"})
    assert (published.status_code, published.json()["held"], published.json()["problems"]) == (201, False, [])
    assert service.platform.evaluate_flag("u-1", "shown").value is False


def test_publications_are_listed_a_page_at_a_time(api: httpx.Client) -> None:
    for number in range(3):
        api.post("/api/v1/publications", json={"reason": f"{number}", "environment": "prod"})
    sequences = []
    url = "/api/v1/publications?environment=prod&limit=1"
    while url:
        answer = api.get(url)
        sequences += [each["sequence"] for each in answer.json()["items"]]
        url = answer.links.get("next", {}).get("url", "")
    assert sequences == list(range(sequences[0], 0, -1))
    elsewhere = api.get("/api/v1/publications?environment=moon")
    assert (elsewhere.status_code, elsewhere.json()["field"]) == (422, "environment")


def test_what_was_never_in_force_is_not_gone_back_to(api: httpx.Client) -> None:
    assert api.post("/api/v1/publications/rollback", json={"to": 999}).status_code == 404
    assert api.post("/api/v1/publications/rollback", json={"to": "x"}).json()["field"] in ("to", "digest")


def test_a_snapshot_is_read_by_its_digest(api: httpx.Client) -> None:
    api.post("/api/v1/publications", json={})
    serving = api.get("/api/v1/snapshots/serving").json()
    read = api.get(f"/api/v1/snapshots/{serving['digest']}")
    assert (read.status_code, read.json()["format"]) == (200, 1)
    assert "immutable" in read.headers["cache-control"]
    assert api.get(f"/api/v1/snapshots/{'0' * 64}").status_code == 404
    assert api.get("/api/v1/snapshots/none").json()["field"] == "digest"


def test_there_are_no_problems_where_all_can_be_served(api: httpx.Client) -> None:
    assert api.get("/api/v1/snapshots/problems").json() == {"items": []}


def test_publishing_takes_the_scope_to_write(service: Running) -> None:
    assert httpx.post(f"{service.url}/api/v1/publications", json={}, headers=bearer("read")).status_code == 403


def test_the_audit_log_is_listed_by_what_by_whom_and_when(api: httpx.Client) -> None:
    made = api.post("/api/v1/holdouts", json={"id": "audited", "percentage": 5}).json()
    api.patch("/api/v1/holdouts/audited", json={"percentage": 6}, headers={"If-Match": "*"})
    entries = api.get("/api/v1/audit?entity_type=holdout&entity_id=audited").json()["items"]
    assert [(each["action"], each["actor"]) for each in entries] == [("updated", "key:admin"), ("created", "key:admin")]
    assert entries[0]["data"]["before"] == made
    for query, actions in (
        ("action=created", ["created"]),
        ("actor=key:nobody", []),
        (f"until={entries[0]['created_at']}", ["created"]),
        (f"since={entries[0]['created_at']}", ["updated"]),
        ("limit=1", ["updated"]),
    ):
        found = api.get(f"/api/v1/audit?entity_id=audited&{query}").json()["items"]
        assert [each["action"] for each in found] == actions
    assert api.get("/api/v1/audit?since=yesterday").json()["field"] == "since"


def test_the_audit_log_is_verified(api: httpx.Client) -> None:
    found = api.post("/api/v1/audit/verify", json={})
    assert (found.status_code, found.json()["whole"], found.json()["break"]) == (200, True, None)
    again = api.post("/api/v1/audit/verify", json={"head": found.json()["head"]})
    assert again.json()["whole"]
    assert api.post("/api/v1/audit/verify", json={"head": "1" * 64}).json()["break"]["fault"] == "rewritten"
    assert api.post("/api/v1/audit/verify", json={"head": "x"}).json()["field"] == "head"
