"""Overrides over HTTP, of experiments and of flags."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.service.running import Running, bearer


@pytest.fixture(scope="module", autouse=True)
def _definitions(api: httpx.Client) -> None:
    two: list[dict[str, Any]] = [{"name": "a"}, {"name": "b"}]
    assert api.post("/api/v1/experiments", json={"id": "one", "name": "A", "variations": two}).status_code == 201
    flag = {"id": "one", "name": "A", "variations": [{"name": "a", "value": 1}, {"name": "b", "value": 2}]}
    assert api.post("/api/v1/flags", json={**flag, "default": "a", "off": "a"}).status_code == 201


each_kind = pytest.mark.parametrize("kind", ["experiment", "flag"])


@each_kind
def test_a_variation_is_forced_read_listed_and_let_go(api: httpx.Client, kind: str) -> None:
    where = f"/api/v1/{kind}s/one/overrides"
    body = {"variation": "b", "reason": "a demonstration", "ttl_days": 1}
    put = api.put(f"{where}/ada@example.com", json=body)
    assert put.status_code == 200
    told = put.json()
    assert (told["unit"], told["type"], told["target_id"]) == ("ada@example.com", kind, "one")
    assert (told["variation"], told["reason"]) == ("b", "a demonstration")
    assert api.get(f"{where}/ada@example.com").json() == told
    assert told in api.get(where).json()["items"]
    assert api.delete(f"{where}/ada@example.com").status_code == 204
    assert api.get(f"{where}/ada@example.com").status_code == 404
    assert told not in api.get(where).json()["items"]
    assert api.delete(f"{where}/ada@example.com").status_code == 404


@each_kind
def test_an_override_without_an_end_stands_for_ever(api: httpx.Client, kind: str) -> None:
    where = f"/api/v1/{kind}s/one/overrides/for-ever"
    assert api.put(where, json={"variation": "b", "ttl_days": None}).json()["expires_at"] is None


@each_kind
def test_what_breaks_a_rule_is_named(api: httpx.Client, kind: str) -> None:
    where = f"/api/v1/{kind}s/one/overrides/u-1"
    for body, field in (
        ({"variation": "c"}, "variation"),
        ({"variation": "b", "ttl_days": -1}, "ttl_days"),
        ({}, "variation"),
        ({"variation": "b", "why": "x"}, "why"),
    ):
        answer = api.put(where, json=body)
        assert (answer.status_code, answer.json()["field"]) == (422, field)


@each_kind
def test_of_what_is_not_there_nothing_is_forced_or_listed(api: httpx.Client, kind: str) -> None:
    assert api.put(f"/api/v1/{kind}s/gone/overrides/u-1", json={"variation": "b"}).status_code == 404
    assert api.get(f"/api/v1/{kind}s/gone/overrides").status_code == 404


@each_kind
def test_they_are_listed_in_order_of_unit_a_page_at_a_time(api: httpx.Client, kind: str) -> None:
    where = f"/api/v1/{kind}s/one/overrides"
    for unit in ("page-2", "page-1", "page-3"):
        api.put(f"{where}/{unit}", json={"variation": "a"})
    first = api.get(f"{where}?limit=1")
    second = api.get(first.links["next"]["url"])
    units = [page.json()["items"][0]["unit"] for page in (first, second)]
    assert units == sorted(units)


def test_what_is_forced_for_a_unit_is_listed(api: httpx.Client) -> None:
    for kind in ("experiment", "flag"):
        api.put(f"/api/v1/{kind}s/one/overrides/forced", json={"variation": "b"})
    listed = api.get("/api/v1/overrides?unit=forced").json()["items"]
    assert [each["type"] for each in listed] == ["experiment", "flag"]
    assert api.get("/api/v1/overrides").json()["field"] == "unit"
    assert api.get("/api/v1/overrides?unit=").json()["field"] == "unit"


def test_names_in_every_script_are_led_through(api: httpx.Client) -> None:
    two: list[dict[str, Any]] = [{"name": "a"}, {"name": "b"}]
    made = api.post("/api/v1/experiments", json={"id": "é?日本 #1", "name": "A", "variations": two})
    assert made.status_code == 201
    where = made.headers["location"]
    for unit in ("%C3%BC", "%E6%97%A5"):
        assert api.put(f"{where}/overrides/{unit}", json={"variation": "a"}).status_code == 200
    first = api.get(f"{where}/overrides?limit=1")
    second = api.get(first.links["next"]["url"])
    assert [page.json()["items"][0]["unit"] for page in (first, second)] == ["ü", "日"]


@each_kind
def test_forcing_takes_the_scope_to_write(service: Running, kind: str) -> None:
    where = f"{service.url}/api/v1/{kind}s/one/overrides/u-1"
    assert httpx.put(where, json={"variation": "b"}, headers=bearer("read")).status_code == 403
    assert httpx.delete(where, headers=bearer("read")).status_code == 403
