"""``Idempotency-Key``: done once, answered alike."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.service.running import Running, bearer
from variate.errors import StoreUnavailableError

NEW = {"name": "A", "variations": [{"name": "control"}, {"name": "treatment"}]}


def keyed() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid4())}


def test_the_same_request_is_done_once_and_answered_alike(api: httpx.Client) -> None:
    key = keyed()
    first = api.post("/api/v1/experiments", json=NEW, headers=key)
    again = api.post("/api/v1/experiments", json=NEW, headers=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert (again.json(), again.headers["location"]) == (first.json(), first.headers["location"])
    assert (again.headers["etag"], again.headers["idempotency-replayed"]) == ('"1"', "true")
    assert "idempotency-replayed" not in first.headers


def test_another_request_under_the_key_is_refused(api: httpx.Client) -> None:
    key = keyed()
    api.post("/api/v1/experiments", json=NEW, headers=key)
    for path, body in (("experiments", {**NEW, "name": "B"}), ("flags", NEW)):
        refused = api.post(f"/api/v1/{path}", json=body, headers=key)
        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")


def test_the_key_of_somebody_else_is_another_one(api: httpx.Client) -> None:
    key = keyed()
    mine = api.post("/api/v1/experiments", json=NEW, headers=key).json()
    theirs = api.post("/api/v1/experiments", json=NEW, headers={**key, **bearer("write")}).json()
    assert mine["id"] != theirs["id"]


def test_a_refusal_is_kept_as_well(api: httpx.Client) -> None:
    key = keyed()
    first = api.post("/api/v1/experiments", json={**NEW, "traffic": 120}, headers=key)
    again = api.post("/api/v1/experiments", json={**NEW, "traffic": 120}, headers=key)
    assert (first.status_code, again.json()) == (422, first.json())


def test_what_failed_here_is_tried_again(api: httpx.Client, service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise StoreUnavailableError("connection to db.internal refused")

    key = keyed()
    with monkeypatch.context() as context:
        context.setattr(service.platform, "create_experiment", away)
        failed = api.post("/api/v1/experiments", json=NEW, headers=key)
    assert (failed.status_code, failed.json()["code"]) == (503, "store_unavailable")
    assert "db.internal" not in failed.text
    assert int(failed.headers["retry-after"]) > 0
    assert api.post("/api/v1/experiments", json=NEW, headers=key).status_code == 201


def test_a_request_that_died_before_its_reply_was_kept_creates_nothing_twice(
    api: httpx.Client, service: Running
) -> None:
    key = keyed()
    first = api.post("/api/v1/experiments", json=NEW, headers=key).json()
    flag = api.post("/api/v1/flags", json={"name": "F"}, headers={"Idempotency-Key": f"f-{key}"}).json()
    # The reply is lost, as by a crash between the creation and the keeping of it.
    service.platform.replies.purge(expired_before=datetime(2100, 1, 1, tzinfo=UTC))
    again = api.post("/api/v1/experiments", json=NEW, headers=key)
    assert (again.status_code, again.json()) == (201, first)
    assert api.post("/api/v1/flags", json={"name": "F"}, headers={"Idempotency-Key": f"f-{key}"}).json() == flag


def test_while_the_first_is_under_way_the_second_is_told_to_wait(
    api: httpx.Client, service: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    create: Callable[..., Any] = service.platform.create_experiment
    begun, go_on = threading.Event(), threading.Event()

    def slowly(*given: Any, **named: Any) -> Any:
        begun.set()
        assert go_on.wait(timeout=30)
        return create(*given, **named)

    monkeypatch.setattr(service.platform, "create_experiment", slowly)
    key = keyed()
    answers: list[httpx.Response] = []
    first = threading.Thread(target=lambda: answers.append(api.post("/api/v1/experiments", json=NEW, headers=key)))
    first.start()
    assert begun.wait(timeout=30)
    second = httpx.post(f"{service.url}/api/v1/experiments", json=NEW, headers={**key, **bearer("admin")})
    go_on.set()
    first.join(timeout=30)
    assert (second.status_code, second.json()["code"]) == (409, "idempotency_key_in_use")
    assert second.headers["retry-after"] == "1"
    assert answers[0].status_code == 201


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_a_key_has_1_to_255_characters(api: httpx.Client, key: str) -> None:
    refused = api.post("/api/v1/experiments", json=NEW, headers={"Idempotency-Key": key})
    assert (refused.status_code, refused.json()["field"]) == (422, "Idempotency-Key")
