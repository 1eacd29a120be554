"""Experiments assigned over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.service.definitions import NOBODY, define_experiment
from tests.service.running import Running, bearer
from variate.model.decision import decision_record


@pytest.fixture(scope="module", autouse=True)
def _defined(service: Running) -> None:
    define_experiment(service.platform, "prices")
    define_experiment(service.platform, "not-for-you", audience=NOBODY)


@pytest.fixture(scope="module")
def client(service: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.url, headers=bearer("evaluate")) as opened:
        yield opened


def asked(client: httpx.Client, body: dict[str, Any]) -> httpx.Response:
    return client.post("/v1/assign", json=body)


def test_decisions_are_told_in_full_and_kept(service: Running, client: httpx.Client) -> None:
    answer = asked(client, {"unit": "u-1", "experiments": ["prices", "not-for-you", "none"], "attributes": {"a": 1}})
    assert answer.status_code == 200
    service.platform.flush_assignments()
    decided = {key: service.platform.assign("u-1", key, {"a": 1}) for key in ("prices", "not-for-you", "none")}
    assert answer.json() == {"unit": "u-1", "decisions": {key: decision_record(each) for key, each in decided.items()}}
    assert [each["reason"] for each in answer.json()["decisions"].values()] == ["split", "audience", "unknown"]
    kept = service.platform.get_user_assignment("u-1", "prices")
    assert kept is not None
    assert kept.variation == answer.json()["decisions"]["prices"]["variation"]


def test_one_experiment_may_be_asked_for_by_itself(client: httpx.Client) -> None:
    assert set(asked(client, {"unit": "u-2", "experiment": "prices"}).json()["decisions"]) == {"prices"}


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"experiment": "prices"}, 400, "unit"),
        ({"unit": "u", "experiment": "prices", "atributes": {}}, 400, "atributes"),
        ({"unit": 5, "experiment": "prices"}, 400, "unit: must be string, not int"),
        ({"unit": "", "experiment": "prices"}, 422, "unit"),
        ({"unit": "u\x00", "experiment": "prices"}, 422, "unit"),
        ({"unit": "u"}, 422, "experiments"),
        ({"unit": "u", "experiment": "a", "experiments": ["a"]}, 422, "experiments"),
        ({"unit": "u", "experiments": []}, 422, "experiments"),
        ({"unit": "u", "experiments": ["a"] * 101}, 422, "experiments"),
        ({"unit": "u", "experiments": ["a", ""]}, 422, "experiments[1]"),
    ],
)
def test_what_is_wrong_is_told_as_a_problem(client: httpx.Client, body: dict[str, Any], status: int, said: str) -> None:
    answer = asked(client, body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert said in problem["detail"]
    assert (problem["status"], problem["instance"]) == (status, "/v1/assign")
    assert problem["request_id"] == answer.headers["x-request-id"]


def test_it_takes_a_key_that_may_evaluate(service: Running) -> None:
    body = {"unit": "u", "experiment": "prices"}
    assert httpx.post(f"{service.url}/v1/assign", json=body).status_code == 401
    assert httpx.post(f"{service.url}/v1/assign", json=body, headers=bearer("read")).status_code == 403
