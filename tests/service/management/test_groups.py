"""Audiences, layers, holdouts and metrics over HTTP: what they have alike, and what each has of its own."""

from __future__ import annotations

from typing import Any, NamedTuple

import httpx
import pytest

from tests.service.running import Running, bearer


class Group(NamedTuple):
    """A kind: what makes one, what changes one, what is refused and why."""

    collection: str
    new: dict[str, Any]
    change: dict[str, Any]
    bad: dict[str, Any]
    field: str


GROUPS = [
    Group(
        "audiences",
        {"condition": {"attribute": "a", "operator": "exists"}},
        {"condition": {"attribute": "b", "operator": "exists"}},
        {"condition": {"attribute": "b", "operator": "is"}},
        "condition.operator",
    ),
    Group("layers", {"description": "of the checkout"}, {"name": "Checkout"}, {"name": " "}, "name"),
    Group("holdouts", {"percentage": 5}, {"percentage": 10}, {"percentage": 101}, "percentage"),
    Group(
        "metrics",
        {"kind": "mean", "measure": "purchase"},
        {"measure": {"event_type": "purchase", "aggregation": "sum"}},
        {"quantile": 0.5},
        "quantile",
    ),
]
each_group = pytest.mark.parametrize("group", GROUPS, ids=[each.collection for each in GROUPS])


def url(group: Group, *more: str) -> str:
    return "/".join((f"/api/v1/{group.collection}", *more))


def made(api: httpx.Client, group: Group, name: str) -> httpx.Response:
    return api.post(url(group), json={"id": name, **group.new})


@each_group
def test_what_is_created_is_read_changed_and_removed(api: httpx.Client, service: Running, group: Group) -> None:
    created = made(api, group, "one")
    assert (created.status_code, created.headers["location"]) == (201, url(group, "one"))
    read = api.get(url(group, "one"))
    assert (read.json(), read.headers["etag"]) == (created.json(), '"1"')
    assert api.get(url(group, "one"), headers={"If-None-Match": '"1"'}).status_code == 304
    changed = api.patch(url(group, "one"), json=group.change, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    assert changed.json() != created.json()
    assert api.delete(url(group, "one"), headers={"If-Match": '"2"'}).status_code == 204
    assert api.get(url(group, "one")).status_code == 404
    kind = group.collection.removesuffix("s")
    entries = service.platform.audit_log(entity_type=kind, entity_id="one")
    assert [(each.action, each.actor) for each in entries] == [
        ("removed", "key:admin"),
        ("updated", "key:admin"),
        ("created", "key:admin"),
    ]


@each_group
def test_an_id_that_is_taken_is_a_conflict(api: httpx.Client, group: Group) -> None:
    made(api, group, "taken")
    assert made(api, group, "taken").status_code == 409


@each_group
def test_what_breaks_a_rule_is_named(api: httpx.Client, group: Group) -> None:
    created = api.post(url(group), json={"id": "bad", **group.new, **group.bad})
    assert (created.status_code, created.json()["field"]) == (422, group.field)
    made(api, group, "ruled")
    changed = api.patch(url(group, "ruled"), json=group.bad, headers={"If-Match": "*"})
    assert (changed.status_code, changed.json()["field"]) == (422, group.field)
    unknown = api.post(url(group), json={"id": "bad", **group.new, "colour": 1})
    assert (unknown.status_code, unknown.json()["field"]) == (422, "colour")


@each_group
def test_a_change_and_a_removal_say_on_which_revision_they_were_decided(api: httpx.Client, group: Group) -> None:
    made(api, group, "revised")
    assert api.patch(url(group, "revised"), json=group.change).status_code == 428
    assert api.patch(url(group, "revised"), json=group.change, headers={"If-Match": '"7"'}).status_code == 412
    assert api.delete(url(group, "revised")).status_code == 428
    assert api.delete(url(group, "revised"), headers={"If-Match": '"7"'}).status_code == 412
    assert api.delete(url(group, "gone"), headers={"If-Match": "*"}).status_code == 404


@each_group
def test_they_are_listed_in_order_of_id_a_page_at_a_time(api: httpx.Client, group: Group) -> None:
    for name in ("list-b", "list-a", "list-c"):
        made(api, group, name)
    first = api.get(url(group) + "?limit=2")
    rest = api.get(first.links["next"]["url"])
    ids = [each["id"] for page in (first, rest) for each in page.json()["items"]]
    assert ids == sorted(ids)
    assert len(first.json()["items"]) == 2


@each_group
def test_changing_takes_the_scope_to_write(service: Running, group: Group) -> None:
    body = {"id": "unasked", **group.new}
    refused = httpx.post(service.url + url(group), json=body, headers=bearer("read"))
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert httpx.post(service.url + url(group), json=body, headers=bearer("write")).status_code == 201


def test_what_is_in_use_is_not_removed(api: httpx.Client) -> None:
    made(api, GROUPS[0], "used")
    body = {"name": "A", "variations": [{"name": "a"}, {"name": "b"}], "audience": {"audience": "used"}}
    assert api.post("/api/v1/experiments", json=body).status_code == 201
    refused = api.delete("/api/v1/audiences/used", headers={"If-Match": "*"})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")


def test_a_layer_tells_who_holds_which_part_of_it(api: httpx.Client) -> None:
    made(api, GROUPS[1], "shared")
    body = {"id": "holder", "name": "A", "variations": [{"name": "a"}, {"name": "b"}]}
    assert api.post("/api/v1/experiments", json={**body, "layer": "shared", "layer_range": [0, 40]}).status_code == 201
    assert api.get("/api/v1/layers/shared").json()["ranges"] == {"holder": [0, 40]}
