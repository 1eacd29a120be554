"""Who asks too often, and who guesses keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.service.asking import http
from tests.service.running import KEYS, Running, api_key, bearer, keyring_of, running
from variate.model.access import Scope
from variate.platform import Platform
from variate.service_settings import ServiceSettings
from variate.settings import Settings

FLAG = "/ofrep/v1/evaluate/flags/none"
FROM = "X-Forwarded-For"


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service behind a proxy here: 5 requests a second of a key, 8 from an address; 10 guesses a minute."""
    home: Path = tmp_path_factory.mktemp("service")
    settings = ServiceSettings(
        key_requests_per_second=5,
        address_requests_per_second=8,
        sign_ins_per_minute=1,
        trusted_proxies=("127.0.0.0/8",),
        cors_origins=("https://shop.example",),
        public_url="https://flags.example",
    )
    keyring = keyring_of((*KEYS, api_key("fresh", Scope.EVALUATE)))
    with (
        Platform.open(Settings(home=home, service=settings)) as platform,
        running(platform, keyring=keyring) as served,
    ):
        yield served


def asked(service: Running, headers: dict[str, str], *, address: str) -> httpx.Response:
    return http.post(service.url + FLAG, json={"context": {"targetingKey": "u"}}, headers={FROM: address, **headers})


def test_a_key_is_answered_so_often(limited: Running, caplog: pytest.LogCaptureFixture) -> None:
    answers = [asked(limited, bearer("fresh"), address=f"198.51.100.{number}") for number in range(20)]
    passed = [answer for answer in answers if answer.status_code == 404]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(passed) + len(refused) == 20
    assert 5 <= len(passed) < 20
    assert passed[0].headers["ratelimit-policy"] == '"address";q=8;w=1, "key";q=5;w=1'
    assert passed[0].headers["ratelimit"] == '"address";r=7;t=1, "key";r=4;t=1'
    last = refused[-1]
    assert int(last.headers["retry-after"]) == 1
    assert "r=0" in last.headers["ratelimit"]
    said = [record.__dict__ for record in caplog.records if record.name == "variate.access"]
    assert {line["code"] for line in said} == {"limit_exceeded"}
    assert all(line["address"] and line["request_id"] for line in said)


def test_another_key_is_not_held_up(limited: Running) -> None:
    for number in range(10):
        asked(limited, bearer("evaluate"), address=f"198.51.100.{number + 100}")
    assert asked(limited, bearer("admin"), address="198.51.100.200").status_code == 404


def test_an_address_is_answered_so_often_whatever_it_asks(limited: Running) -> None:
    statuses = [asked(limited, {}, address="192.0.2.1").status_code for _ in range(30)]
    assert set(statuses) == {401, 429}
    answer = http.get(f"{limited.url}/api/v1/experiments", headers={FROM: "192.0.2.1"})
    assert answer.status_code == 429
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) >= 1


def test_with_a_public_url_of_https_browsers_are_told_to_keep_to_it(limited: Running) -> None:
    for path in ("/healthz", "/api/v1/nowhere"):
        answer = http.get(limited.url + path, headers={FROM: "192.0.2.80"})
        assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_probes_are_always_answered(limited: Running) -> None:
    statuses = {http.get(f"{limited.url}/healthz", headers={FROM: "192.0.2.9"}).status_code for _ in range(30)}
    assert statuses == {200}


def test_guessing_keys_is_slowed_and_good_keys_are_not(
    limited: Running, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = "2001:db8:7:7::{:x}"  # one network, so one guesser; but each address within its own rate
    answers = [
        asked(limited, {"Authorization": f"Bearer guess-{number}"}, address=f"203.0.113.{number}")
        for number in range(3)
    ]
    assert {answer.status_code for answer in answers} == {401}
    monkeypatch.setattr(limited.service._gate, "_address_rate", None)  # so that only guesses are counted
    answers = [
        asked(limited, {"Authorization": f"Bearer guess-{number}"}, address=address.format(number + 1))
        for number in range(14)
    ]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429] * 4
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60
    assert asked(limited, bearer("admin"), address=address.format(1)).status_code == 404
    assert "guess-" not in caplog.text


def test_a_page_of_an_origin_that_is_let_may_ask_and_read_headers(limited: Running) -> None:
    origin = "https://shop.example"
    asks = {"Origin": origin, "Access-Control-Request-Method": "POST", FROM: "192.0.2.50"}
    preflight = http.options(limited.url + FLAG, headers=asks)
    assert preflight.status_code == 204
    assert preflight.headers["access-control-allow-origin"] == origin
    assert "POST" in preflight.headers["access-control-allow-methods"]
    assert "authorization" in preflight.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in preflight.headers
    refused = asked(limited, {"Origin": origin}, address="192.0.2.51")  # also where it is refused
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, origin)
    assert "etag" in refused.headers["access-control-expose-headers"]
    assert refused.headers["vary"] == "origin"


@pytest.mark.parametrize("origin", ["https://evil.example", "https://shop.example.evil.example", "null"])
def test_a_page_of_another_origin_may_not(limited: Running, origin: str) -> None:
    asks = {"Origin": origin, "Access-Control-Request-Method": "POST", FROM: "192.0.2.60"}
    preflight = http.options(limited.url + FLAG, headers=asks)
    assert preflight.status_code == 405
    answer = asked(limited, {"Origin": origin}, address="192.0.2.61")
    for each in (preflight, answer):
        assert "access-control-allow-origin" not in each.headers
    assert answer.headers["vary"] == "origin"


@pytest.mark.parametrize("path", ["/api/v1/experiments", "/metrics", "/readyz"])
def test_no_page_elsewhere_may_manage_or_watch(limited: Running, path: str) -> None:
    answer = http.get(limited.url + path, headers={"Origin": "https://shop.example", FROM: "192.0.2.70"})
    assert "access-control-allow-origin" not in answer.headers
