"""Experiments over HTTP: from the draft to the archive."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.service.previews import all_turns_taken
from tests.service.running import Running, bearer

TWO = [{"name": "control", "value": "green"}, {"name": "treatment", "value": "blue"}]


def made(api: httpx.Client, experiment_id: str, **fields: Any) -> httpx.Response:
    """Create an experiment of two variations."""
    body = {"id": experiment_id, "name": experiment_id, "variations": TWO, **fields}
    return api.post("/api/v1/experiments", json=body)


def path(experiment_id: str, *more: str) -> str:
    return "/".join(("/api/v1/experiments", experiment_id, *more))


def test_what_is_created_is_read_under_its_location(api: httpx.Client, service: Running) -> None:
    created = made(api, "created", description="Green or blue", traffic=50)
    assert (created.status_code, created.headers["location"]) == (201, path("created"))
    read = api.get(created.headers["location"])
    assert read.json() == created.json()
    assert (read.headers["etag"], read.json()["traffic"], read.json()["status"]) == ('"1"', 50, "draft")
    assert [entry.actor for entry in service.platform.audit_log(entity_id="created")] == ["key:admin"]


def test_an_id_that_is_taken_is_a_conflict(api: httpx.Client) -> None:
    made(api, "taken")
    assert made(api, "taken").status_code == 409


def test_a_change_is_made_at_the_revision_it_was_decided_on(api: httpx.Client) -> None:
    made(api, "changed")
    changed = api.patch(path("changed"), json={"traffic": 20}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["etag"], changed.json()["traffic"]) == (200, '"2"', 20)
    late = api.patch(path("changed"), json={"traffic": 30}, headers={"If-Match": '"1"'})
    assert (late.status_code, late.json()["code"]) == (412, "precondition_failed")
    assert api.patch(path("changed"), json={"traffic": 30}).json()["code"] == "precondition_required"
    anyhow = api.patch(path("changed"), json={"traffic": 30}, headers={"If-Match": "*"})
    assert (anyhow.status_code, anyhow.json()["traffic"]) == (200, 30)


@pytest.mark.parametrize("tag", ['W/"1"', "1", '"x"', '""', '"-1"', '"99999999999999999999"'])
def test_an_etag_that_was_never_given_matches_nothing(api: httpx.Client, tag: str) -> None:
    made(api, "tagged")
    assert api.patch(path("tagged"), json={}, headers={"If-Match": tag}).status_code == 412


def test_who_knows_the_revision_is_sent_no_body(api: httpx.Client) -> None:
    made(api, "known")
    for tag in ('"1"', 'W/"1"', '"7", "1"', "*"):
        answer = api.get(path("known"), headers={"If-None-Match": tag})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", '"1"')
    assert api.get(path("known"), headers={"If-None-Match": '"2"'}).status_code == 200


def test_null_takes_away_and_what_is_not_sent_stays(api: httpx.Client) -> None:
    made(api, "null", owner="ada", audience={"attribute": "a", "operator": "exists"}, hypothesis="why")
    changed = api.patch(path("null"), json={"audience": None}, headers={"If-Match": "*"}).json()
    assert (changed["audience"], changed["hypothesis"], changed["owner"]) == (None, "why", "ada")


def test_metrics_have_roles(api: httpx.Client) -> None:
    for name in ("goal", "guard"):
        api.post("/api/v1/metrics", json={"id": name, "kind": "proportion", "measure": name})
    metrics = ["goal", {"metric": "guard", "role": "guardrail", "margin": 0.01}]
    told = made(api, "judged", metrics=metrics).json()["metrics"]
    assert told == [{"metric": "goal", "role": "goal"}, {"metric": "guard", "role": "guardrail", "margin": 0.01}]
    unknown = made(api, "unjudged", metrics=["gone"])
    assert (unknown.status_code, unknown.json()["field"]) == (422, "metrics")


def test_an_experiment_goes_through_its_life(api: httpx.Client) -> None:
    made(api, "life")
    moved = api.post(path("life", "status"), json={"status": "active"}, headers={"If-Match": '"1"'})
    assert (moved.status_code, moved.json()["status"], moved.headers["etag"]) == (200, "active", '"2"')
    wrong = api.post(path("life", "status"), json={"status": "draft"})
    assert (wrong.status_code, wrong.json()["code"], wrong.json()["field"]) == (422, "illegal_transition", "status")
    late = api.post(path("life", "status"), json={"status": "paused"}, headers={"If-Match": '"1"'})
    assert late.status_code == 412
    assert api.post(path("life", "status"), json={"status": "completed"}).status_code == 200
    assert api.post(path("life", "archive")).json()["status"] == "archived"


def test_the_launch_checklist_says_what_blocks_a_launch(api: httpx.Client) -> None:
    made(api, "blocked", traffic=0)
    points = {each["name"]: each for each in api.get(path("blocked", "launch-checklist")).json()["items"]}
    assert (points["traffic"]["met"], points["traffic"]["blocks"]) == (False, True)
    refused = api.post(path("blocked", "status"), json={"status": "active"})
    assert (refused.status_code, refused.json()["field"]) == (422, "status")


def test_an_experiment_is_handed_over(api: httpx.Client, service: Running) -> None:
    made(api, "handed", owner="ada")
    assert api.post(path("handed", "owner"), json={"owner": "grace"}).json()["owner"] == "grace"
    entry = service.platform.audit_log(entity_id="handed")[0]
    assert entry.data == {"previous_owner": "ada", "new_owner": "grace"}
    blank = api.post(path("handed", "owner"), json={"owner": " "})
    assert (blank.status_code, blank.json()["field"]) == (422, "owner")


def test_variations_are_read_each_and_all(api: httpx.Client) -> None:
    made(api, "varied")
    listed = api.get(path("varied", "variations")).json()["items"]
    assert [each["name"] for each in listed] == ["control", "treatment"]
    assert api.get(path("varied", "variations", "treatment")).json() == listed[1]
    assert api.get(path("varied", "variations", "none")).status_code == 404


def test_a_preview_tells_whom_a_change_moves_and_changes_nothing(api: httpx.Client, service: Running) -> None:
    made(api, "previewed")
    api.post(path("previewed", "status"), json={"status": "active"})
    for number in range(20):
        service.platform.assign(f"u-{number}", "previewed")
    change = {"variations": [{"name": "control", "weight": 1}, {"name": "treatment", "weight": 0}]}
    preview = api.post(path("previewed", "preview"), json=change).json()
    assert (preview["kept"], preview["moved"]) == (20, 0)
    assert 0 < preview["held"] < 20
    anew = api.post(path("previewed", "versions", "preview"), json=change).json()
    assert (anew["kept"], anew["moved"]) == (20, preview["held"])
    assert api.get(path("previewed")).headers["etag"] == '"2"'
    begun = api.post(path("previewed", "versions"), json=change, headers={"If-Match": '"2"'})
    assert (begun.status_code, begun.json()["version"]) == (200, 2)


def test_a_margin_of_a_share_that_is_none_is_refused_by_its_field(api: httpx.Client, service: Running) -> None:
    service.platform.create_metric("refunds", kind="proportion", measure="refund")
    refused = made(api, "margins", metrics=[{"metric": "refunds", "role": "guardrail", "margin": 2}])
    assert (refused.status_code, refused.json()["field"]) == (422, "metrics[0].margin")
    assert refused.json()["rule"] == "must be below 1 for a share, not 2: 0.01 is one percentage point"


def test_where_too_many_previews_are_being_made_another_is_told_when_to_come(
    api: httpx.Client, service: Running
) -> None:
    made(api, "busy")
    with all_turns_taken(service.platform):
        refused = api.post(path("busy", "preview"), json={"traffic": 50})
    assert (refused.status_code, refused.json()["code"]) == (429, "limit_exceeded")
    assert int(refused.headers["retry-after"]) >= 1
    assert api.post(path("busy", "preview"), json={"traffic": 50}).status_code == 200


def test_a_decision_is_explained(api: httpx.Client) -> None:
    made(api, "explained")
    api.post(path("explained", "status"), json={"status": "active"})
    told = api.post(path("explained", "explain"), json={"unit": "u-1"}).json()
    assert told["decision"]["variation"] in ("control", "treatment")
    assert told["rungs"][-1]["decided"]
    early = api.post(path("explained", "explain"), json={"unit": "u-1", "at": "2020-01-01T00:00:00Z"})
    assert early.status_code == 404
    assert api.post(path("explained", "explain"), json={"unit": ""}).json()["field"] == "unit"


def test_who_is_in_an_experiment_is_listed_and_found(api: httpx.Client, service: Running) -> None:
    made(api, "joined")
    api.post(path("joined", "status"), json={"status": "active"})
    decision = service.platform.assign("u-1", "joined")
    service.platform.flush_assignments()
    (listed,) = api.get(path("joined", "assignments")).json()["items"]
    assert (listed["unit"], listed["variation"]) == ("u-1", decision.variation)
    assert api.get(path("joined", "assignments") + "?unit=u-1").json()["items"] == [listed]
    assert api.get(path("joined", "assignments") + "?unit=u-2").json() == {"items": [], "next": None}


def test_experiments_are_listed_by_status_and_owner_a_page_at_a_time(api: httpx.Client) -> None:
    for number in range(5):
        made(api, f"listed-{number}", owner="lister")
    seen: list[str] = []
    url = "/api/v1/experiments?owner=lister&status=draft&limit=2"
    while url:
        answer = api.get(url)
        seen += [each["id"] for each in answer.json()["items"]]
        assert ("next" in answer.links) == (answer.json()["next"] is not None)
        url = answer.links.get("next", {}).get("url", "")
    assert seen == [f"listed-{number}" for number in (4, 3, 2, 1, 0)]
    assert api.get("/api/v1/experiments?owner=lister&status=active").json()["items"] == []


def test_a_cursor_counts_for_its_own_list_only(api: httpx.Client) -> None:
    for number in range(3):
        made(api, f"bound-{number}", owner="bound")
    cursor = api.get("/api/v1/experiments?owner=bound&limit=1").json()["next"]
    for url in (
        f"/api/v1/experiments?owner=other&cursor={cursor}",
        f"/api/v1/flags?cursor={cursor}",
        "/api/v1/experiments?cursor=!",
        f"/api/v1/experiments?owner=bound&cursor={cursor[:-4]}",
    ):
        answer = api.get(url)
        assert (answer.status_code, answer.json()["field"]) == (422, "cursor")
    assert api.get(f"/api/v1/experiments?owner=bound&limit=2&cursor={cursor}").status_code == 200


@pytest.mark.parametrize("scope", ["evaluate", "ingest"])
def test_reading_takes_the_scope_to_read(service: Running, scope: str) -> None:
    assert httpx.get(f"{service.url}/api/v1/experiments", headers=bearer(scope)).status_code == 403


def test_experiments_are_found_by_a_text_a_page_at_a_time(api: httpx.Client) -> None:
    for number in range(3):
        made(api, f"sought-{number}", hypothesis="A Needle & more")
    made(api, "not-sought")
    seen: list[str] = []
    url = "/api/v1/experiments?text=%20needle%20%26&limit=2"
    while url:
        answer = api.get(url)
        seen += [each["id"] for each in answer.json()["items"]]
        url = answer.links.get("next", {}).get("url", "")
    assert seen == ["sought-2", "sought-1", "sought-0"]
    refused = api.get("/api/v1/experiments?text=" + "x" * 1_025)
    assert (refused.status_code, refused.json()["field"]) == (422, "text")
