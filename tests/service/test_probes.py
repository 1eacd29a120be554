"""How the service is, for whoever starts, stops, balances and watches it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
from prometheus_client.parser import text_string_to_metric_families

from tests.service.asking import http
from tests.service.running import Running, bearer, keyring_of
from variate.platform import Platform
from variate.server.operations.numbers import Board
from variate.server.service import Service
from variate.settings import Settings
from variate.testing.waiting import wait_until


def ready(service: Running) -> httpx.Response:
    return http.get(f"{service.url}/readyz")


def test_the_process_lives(service: Running) -> None:
    answer = http.get(f"{service.url}/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


def test_it_is_ready_once_a_snapshot_is_in_force_and_says_what_from(service: Running) -> None:
    wait_until(lambda: ready(service).json()["status"] == "ready" and ready(service).json()["stores"]["sqlite"] == "up")
    state = ready(service).json()
    serving = service.platform.serving_status()
    assert ready(service).status_code == 200
    assert state["environment"] == "dev"
    assert (state["snapshot"]["sequence"], state["snapshot"]["digest"]) == (serving.sequence, serving.digest)
    assert state["snapshot"]["confirmed"] is True
    assert 0 <= state["snapshot"]["age_seconds"] < 10
    assert state["stores"] == {"sqlite": "up"}
    assert state["intake"] == {"waiting_events": 0}
    assert state["assignments"] == {"pending": 0, "let_go": 0}


def test_the_numbers_tell_what_was_answered_and_decided(service: Running) -> None:
    def samples() -> dict[str, float]:
        families = text_string_to_metric_families(http.get(f"{service.url}/metrics").text)
        found = [sample for each in families for sample in each.samples]
        return {f"{sample.name}{sorted(sample.labels.values())}": sample.value for sample in found}

    before = samples()
    for _ in range(3):
        http.post(
            f"{service.url}/ofrep/v1/evaluate/flags/none",
            json={"context": {"targetingKey": "u"}},
            headers=bearer("evaluate"),
        )
    http.post(f"{service.url}/ofrep/v1/evaluate/flags/none", json={})
    after = samples()

    def grown(name: str) -> float:
        return after[name] - before.get(name, 0)

    assert grown("variate_http_requests_total['404', 'POST', 'ofrep_single']") == 3
    assert grown("variate_http_requests_total['401', 'POST', 'ofrep_single']") == 1
    assert grown("variate_http_request_duration_seconds_count['POST', 'ofrep_single']") == 4
    assert grown("variate_evaluations_total['unknown']") == 3
    assert after["variate_snapshot_sequence[]"] >= 1
    assert after["process_resident_memory_bytes[]"] > 10_000_000


def test_the_numbers_are_open_to_this_machine_and_to_keys_that_may_read(service: Running) -> None:
    url = f"{service.url}/metrics"
    through_a_proxy = {"X-Forwarded-For": "127.0.0.1"}
    assert http.get(url).status_code == 200
    assert http.get(url, headers=through_a_proxy).status_code == 401
    assert http.get(url, headers={**through_a_proxy, **bearer("evaluate")}).status_code == 403
    assert http.get(url, headers={**through_a_proxy, **bearer("read")}).status_code == 200


def test_what_was_told_once_is_what_a_process_in_its_place_goes_on_from(tmp_path: Path) -> None:
    with Platform.open(Settings(home=tmp_path)) as platform:
        service = Service(platform, keyring=keyring_of(), board=Board(tmp_path))

        async def ask() -> int:
            here = httpx.ASGITransport(service.application)
            async with httpx.AsyncClient(transport=here, base_url="http://test") as client:
                await client.get("/healthz")
                return (await client.get("/metrics")).status_code

        assert asyncio.run(ask()) == 200
    kept = Board(tmp_path).before  # though the process died before it showed its numbers of itself
    assert kept is not None
    assert [route for route, *_ in kept.answered] == ["healthz"]
