"""Events over HTTP: a verdict for each, acknowledged once durable."""

from __future__ import annotations

import gzip
import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.service.running import Running, bearer
from variate.model import Event
from variate.testing.waiting import wait_until


def event(**given: Any) -> dict[str, Any]:
    return {"id": f"e-{uuid4()}", "user_id": "u", "event_type": "order", "data": {"value": 29.5}, **given}


def post(service: Running, body: Any, *, key: str = "ingest", **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(
        f"{service.url}/v1/events",
        content=content,
        headers={"Content-Type": "application/json", **bearer(key), **named},
    )


def stored(service: Running, unit: str) -> list[Event]:
    return list(service.platform.get_user_events(unit, limit=1_000))


def test_what_was_taken_in_lately_is_known_to_the_service(service: Running) -> None:
    # The first sample is where it begins: what came before is none of its own.
    wait_until(lambda: len(service.service.intake._samples) > 0)
    before = service.service.intake.recent()
    assert post(service, {"events": [event(), event(user_id="")]}).status_code == 202
    wait_until(lambda: service.service.intake.recent().accepted > before.accepted)
    after = service.service.intake.recent()
    assert (after.accepted - before.accepted, after.rejected - before.rejected) == (1, 1)
    assert after.requests == before.requests + 1
    assert service.service.intake.accepted_per_second() > 0


def test_each_event_gets_a_verdict_and_what_is_accepted_is_stored(service: Running) -> None:
    unit = f"u-{uuid4()}"
    first = event(user_id=unit, experiment_id="checkout", timestamp="2026-01-02T03:04:05Z", sender="web", number=1)
    answer = post(service, {"events": [first, event(id="bad", user_id=""), first]})
    assert answer.status_code == 202
    assert answer.json() == {
        "accepted": 1,
        "duplicate": 1,
        "rejected": 1,
        "verdicts": [
            {"id": first["id"], "status": "accepted"},
            {"id": "bad", "status": "rejected", "field": "user_id", "reason": "must not be empty"},
            {"id": first["id"], "status": "duplicate"},
        ],
    }
    (found,) = stored(service, unit)
    assert (found.id, found.experiment_id, found.data) == (first["id"], "checkout", {"value": 29.5})
    assert (found.at.isoformat(), found.sender, found.number) == ("2026-01-02T03:04:05+00:00", "web", 1)


def test_a_bare_list_is_taken_too(service: Running) -> None:
    answer = post(service, [event(), event()])
    assert (answer.status_code, answer.json()["accepted"]) == (202, 2)


def test_no_events_are_nothing_to_refuse(service: Running) -> None:
    answer = post(service, {"events": []})
    assert (answer.status_code, answer.json()["verdicts"]) == (202, [])


def test_what_is_packed_by_gzip_is_taken(service: Running) -> None:
    body = json.dumps([event()]).encode()
    for packed in (gzip.compress(body), gzip.compress(body[:9]) + gzip.compress(body[9:])):
        assert post(service, packed, Content_Encoding="gzip").status_code == 202


def test_where_every_event_is_rejected_the_answer_is_422_with_the_verdicts(service: Running) -> None:
    answer = post(service, [event(number=1), 7, {}])
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["code"], problem["rejected"]) == ("events_rejected", 3)
    assert [verdict["field"] for verdict in problem["verdicts"]] == ["sender", "event", "user_id"]


def test_more_than_five_hundred_events_are_refused(service: Running) -> None:
    assert post(service, [event() for _ in range(500)]).json()["accepted"] == 500
    answer = post(service, [event() for _ in range(501)])
    assert (answer.status_code, answer.json()["code"]) == (413, "too_many_events")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "malformed_body"),
        (b"{", "malformed_body"),
        (b"7", "invalid_body"),
        (b"{}", "invalid_body"),
        (b'{"events": 7}', "invalid_body"),
        (b'{"events": [], "more": 1}', "invalid_body"),
        (b"[" * 50_000, "malformed_body"),
        (b'[{"data": 1e400}]', "invalid_body"),
        (b'[{"data": NaN}]', "malformed_body"),
        (b'[{"data": "\\ud800"}]', "malformed_body"),
        (b'[{"data": "\xff"}]', "malformed_body"),
    ],
)
def test_a_body_of_another_form_is_refused(service: Running, body: bytes, code: str) -> None:
    answer = post(service, body)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


@pytest.mark.parametrize(
    ("body", "field", "rule"),
    [
        ("7", "body", "must be object or array, not int"),
        ("{}", "events", "must be given"),
        ('{"events": 7}', "events", "must be array, not int"),
        ('{"events": [], "more": 1}', "more", "is not known"),
    ],
)
def test_what_is_wrong_with_the_form_is_named(service: Running, body: str, field: str, rule: str) -> None:
    told = post(service, body.encode()).json()
    assert (told["field"], told["rule"], told["detail"]) == (field, rule, f"{field}: {rule}")


def test_what_a_store_cannot_hold_is_rejected_by_itself(service: Running) -> None:
    deep: Any = 1
    for _ in range(150):
        deep = [deep]
    bad = [event(data=deep), event(data="\x00"), event(data=None, ttl_days=1e9), event(user_id="u" * 2_000)]
    answer = post(service, [event(), *bad])
    assert answer.status_code == 202
    assert [each["status"] for each in answer.json()["verdicts"]] == ["accepted", *["rejected"] * 4]


def test_another_content_type_is_refused_and_those_taken_are_told(service: Running) -> None:
    answer = post(service, [event()], Content_Type="application/x-www-form-urlencoded")
    assert answer.status_code == 415
    assert "application/cloudevents-batch+json" in answer.headers["accept"]


@pytest.mark.parametrize("key", ["evaluate", "read", "write"])
def test_a_key_that_may_not_ingest_is_refused(service: Running, key: str) -> None:
    unit = f"u-{uuid4()}"
    assert post(service, [event(user_id=unit)], key=key).status_code == 403
    assert stored(service, unit) == []


def cloud_event(**given: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"{uuid4()}",
        "source": "https://shop.example/orders",
        "type": "order",
        "subject": "u",
        "time": "2026-01-02T03:04:05.678901234Z",
        "data": {"value": 29.5},
        **given,
    }


def test_a_cloud_event_is_an_event(service: Running) -> None:
    unit = f"u-{uuid4()}"
    given = cloud_event(subject=unit, experimentid="checkout", sender="web", number=7, unknown="ignored")
    answer = post(service, given, Content_Type="application/cloudevents+json; charset=UTF-8")
    assert answer.status_code == 202
    (found,) = stored(service, unit)
    assert found.id == f"https://shop.example/orders {given['id']}"
    assert (found.event_type, found.experiment_id, found.data) == ("order", "checkout", {"value": 29.5})
    assert (found.at.isoformat(), found.sender, found.number) == ("2026-01-02T03:04:05.678901+00:00", "web", 7)


def test_a_batch_of_cloud_events_gets_a_verdict_for_each(service: Running) -> None:
    good = cloud_event()
    other_source = {**good, "source": "https://shop.example/refunds"}
    bad = [
        cloud_event(subject=""),
        cloud_event(specversion="0.3"),
        cloud_event(source="a b"),
        7,
        cloud_event(time="now"),
    ]
    answer = post(service, [good, *bad, good, other_source], Content_Type="application/cloudevents-batch+json")
    assert answer.status_code == 202
    verdicts = answer.json()["verdicts"]
    assert [each["status"] for each in verdicts] == ["accepted", *["rejected"] * 5, "duplicate", "accepted"]
    assert [each["field"] for each in verdicts[1:6]] == ["subject", "specversion", "source", "event", "timestamp"]
    assert verdicts[1]["id"] == bad[0]["id"]  # type: ignore[index]  # the first of them is a dict


@pytest.mark.parametrize(
    ("given", "data"),
    [
        ({"data_base64": "eyJhIjogMS41fQ=="}, {"a": 1.5}),
        ({"data_base64": "eyJhIjogMS41fQ==", "datacontenttype": "application/vnd.x+json"}, {"a": 1.5}),
        ({"data_base64": "w6k=", "datacontenttype": "text/plain; charset=utf-8"}, "é"),
        ({"data_base64": "/wA=", "datacontenttype": "image/png"}, "/wA="),
        ({"data": None}, None),
        ({}, {}),
    ],
)
def test_the_data_of_a_cloud_event_may_be_packed(service: Running, given: dict[str, Any], data: Any) -> None:
    unit = f"u-{uuid4()}"
    cloud = {name: value for name, value in cloud_event(subject=unit).items() if name != "data"}
    assert post(service, {**cloud, **given}, Content_Type="application/cloudevents+json").status_code == 202
    assert [each.data for each in stored(service, unit)] == [data]


@pytest.mark.parametrize(
    "given", [{"data_base64": "/wA="}, {"data_base64": "!"}, {"data_base64": 7}, {"data_base64": "MQ==", "data": 1}]
)
def test_data_that_is_not_what_it_is_said_to_be_is_rejected(service: Running, given: dict[str, Any]) -> None:
    cloud = {name: value for name, value in cloud_event().items() if name != "data"}
    answer = post(service, {**cloud, **given}, Content_Type="application/cloudevents+json")
    assert (answer.status_code, answer.json()["verdicts"][0]["field"]) == (422, "data_base64")


def test_a_cloud_event_may_come_in_binary_mode(service: Running) -> None:
    unit = f"ü-{uuid4()}"
    headers = {
        "ce-specversion": "1.0",
        "ce-id": "1",
        "ce-source": f"/orders/{uuid4()}",
        "ce-type": "order",
        "ce-subject": unit.replace("ü", "%C3%BC"),
        "ce-experimentid": "checkout",
        "ce-sender": "web",
        "ce-number": "7",
    }
    assert post(service, {"value": 29.5}, **headers).status_code == 202
    (found,) = stored(service, unit)
    assert (found.experiment_id, found.data, found.number) == ("checkout", {"value": 29.5}, 7)
    for name, wrong in (("ce-number", "7.5"), ("ce-subject", "%ff"), ("ce-subject", "")):
        answer = post(service, {}, **{**headers, name: wrong})
        assert (answer.status_code, answer.json()["verdicts"][0]["field"]) == (422, name.removeprefix("ce-"))
