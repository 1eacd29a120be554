"""OFREP's event stream: who may listen, and what is told when."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.service.definitions import define_flag
from tests.service.running import KEYS, Running, api_key, bearer, keyring_of, running
from variate.access.keyring import Keyring
from variate.errors import UnauthenticatedError
from variate.model.access import Principal, Scope
from variate.platform import Platform
from variate.server.data.stream_tokens import StreamTokens
from variate.service_settings import ServiceSettings
from variate.settings import Settings
from variate.testing.waiting import wait_until


@pytest.fixture(scope="module", autouse=True)
def _defined(service: Running) -> None:
    define_flag(service.platform, "banner", True)


def offered(service: Running, name: str = "evaluate") -> list[dict[str, Any]]:
    body = {"context": {"targetingKey": "u-1"}}
    answer = httpx.post(f"{service.url}/ofrep/v1/evaluate/flags", json=body, headers=bearer(name))
    streams: list[dict[str, Any]] = answer.json()["eventStreams"]
    return streams


def stream_url(service: Running) -> str:
    return service.url + str(offered(service)[0]["endpoint"]["requestUri"])


@contextmanager
def listening_to(url: str, **headers: str) -> Iterator[Iterator[str]]:
    """Yield the stream's lines, once its greeting came."""
    with httpx.stream("GET", url, headers=headers, timeout=10) as answer:
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"] == "text/event-stream"
        lines = answer.iter_lines()
        assert next(lines) == "retry: 2000"
        yield lines


def notice(lines: Iterator[str]) -> dict[str, Any]:
    """Return the next notice, with its id."""
    found = {}
    for line in lines:
        name, _, value = line.partition(": ")
        found[name] = value
        if name == "data":
            break
    assert found["event"] == "message"
    return {"id": found["id"], **json.loads(found["data"])}


def test_a_url_is_offered_that_needs_no_header(service: Running) -> None:
    (stream,) = offered(service)
    assert (stream["type"], stream["inactivityDelaySec"]) == ("sse", 120)
    assert offered(service) == [stream]  # a client that asks again goes on listening


def test_where_the_service_is_known_by_another_url_it_is_in_what_is_offered(tmp_path: Path) -> None:
    public = ServiceSettings(public_url="https://flags.example.com")
    with Platform.open(Settings(home=tmp_path, service=public)) as platform, running(platform) as served:
        assert str(offered(served)[0]["url"]).startswith("https://flags.example.com/v1/stream?token=")


def test_who_listens_is_told_of_a_change(service: Running) -> None:
    with ExitStack() as open_streams:
        url = stream_url(service)
        all_lines = [open_streams.enter_context(listening_to(url)) for _ in range(3)]
        for lines in all_lines:
            assert next(lines).startswith("id: ")
        service.platform.update_feature_flag("banner", description="changed")
        service.platform.relay.catch_up()
        status = service.platform.serving_status()
        for lines in all_lines:
            told = notice(lines)
            assert told == {
                "id": str(status.sequence),
                "type": "refetchEvaluation",
                "etag": status.digest,
                "lastModified": int(status.published_at.timestamp()),
            }


def test_what_changed_before_the_client_listened_is_told_at_once(service: Running) -> None:
    url = stream_url(service)
    service.platform.update_feature_flag("banner", description="changed before")
    offered(service)  # which has this process decide from the change
    with listening_to(url) as lines:
        assert notice(lines)["type"] == "refetchEvaluation"


def test_a_client_that_comes_again_is_told_what_it_missed_and_only_that(service: Running) -> None:
    url = stream_url(service)
    now = str(service.platform.serving_status().sequence)
    with listening_to(url, **{"Last-Event-ID": "0"}) as lines:
        assert notice(lines)["id"] == now
    with listening_to(url.partition("&")[0], **{"Last-Event-ID": now}) as lines:
        assert next(lines) == f"id: {now}"


def test_who_shows_a_key_in_a_header_may_listen_too(service: Running) -> None:
    with listening_to(f"{service.url}/v1/stream", **bearer("evaluate")) as lines:
        assert next(lines).startswith("id: ")


@pytest.mark.parametrize("token", ["", "x", "1.2.3", "9999999999.aWQtZXZhbHVhdGU.AAAAAAAAAAAAAAAAAAAAAAAA", "²³.é.é"])
def test_a_token_that_is_none_is_refused_and_logged(
    service: Running, token: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = httpx.get(f"{service.url}/v1/stream", params={"token": token})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    (said,) = [record.__dict__ for record in caplog.records if record.name == "variate.access"]
    assert (said["path"], said["code"], said["address"]) == ("/v1/stream", "unauthenticated", "127.0.0.1")


def test_a_silent_stream_gives_a_sign_of_life_and_ends_with_the_process(tmp_path: Path) -> None:
    with (
        Platform.open(Settings(home=tmp_path)) as platform,
        running(platform, heartbeat_seconds=0.01) as served,
        listening_to(f"{served.url}/v1/stream", **bearer("evaluate")) as lines,
    ):
        assert ":" in [next(lines) for _ in range(6)]
        served.service.changes.close()
        assert set(lines) <= {":", ""}  # and no error: it ends as it should


@pytest.mark.parametrize("by", ["a token", "a header"])
def test_a_stream_ends_with_the_key_that_it_goes_by(tmp_path: Path, by: str) -> None:
    held = [KEYS[0]]
    keyring = Keyring(load=lambda: held, note_use=lambda _: None, clock=lambda: datetime.now(UTC), poll_seconds=3600)
    with (
        Platform.open(Settings(home=tmp_path)) as platform,
        running(platform, keyring=keyring, heartbeat_seconds=0.01) as served,
    ):
        define_flag(platform, "banner", True)
        url, headers = (f"{served.url}/v1/stream", bearer("evaluate")) if by == "a header" else (stream_url(served), {})
        with listening_to(url, **headers) as lines:
            assert ":" in [next(lines) for _ in range(6)]
            held.clear()
            keyring.reread()
            assert len(list(islice(lines, 500))) < 500  # it ends


def test_a_client_that_goes_is_forgotten(service: Running) -> None:
    listening = service.service.streams.listening
    wait_until(lambda: listening() == 0, seconds=10)
    with listening_to(f"{service.url}/v1/stream", **bearer("evaluate")):
        assert listening() == 1
    wait_until(lambda: listening() == 0, seconds=10)


def test_a_key_may_have_so_many_listen_and_no_more(service: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("variate.server.data.streams.MOST_OF_A_KEY", 1)
    with listening_to(f"{service.url}/v1/stream", **bearer("evaluate")):
        answer = httpx.get(f"{service.url}/v1/stream", headers=bearer("evaluate"))
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
        with listening_to(f"{service.url}/v1/stream", **bearer("admin")):
            pass


NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
EVALUATE = KEYS[0]


def tokens(at: datetime = NOW, keyring: Keyring | None = None, environment: str = "dev") -> StreamTokens:
    keyring = keyring or keyring_of()
    keyring.look_again()
    return StreamTokens(keyring=keyring, environment=environment, clock=lambda: at)


def token_of(principal: Principal = EVALUATE.principal) -> str:
    token = tokens().token(principal)
    assert token is not None
    return token


def test_another_process_knows_the_token() -> None:
    assert tokens().holder(token_of()) == EVALUATE


def test_a_token_counts_for_hours_and_then_no_longer() -> None:
    assert tokens(NOW + timedelta(hours=6)).holder(token_of()) == EVALUATE
    with pytest.raises(UnauthenticatedError):
        tokens(NOW + timedelta(hours=12)).holder(token_of())


def test_a_token_counts_in_its_environment_only() -> None:
    with pytest.raises(UnauthenticatedError):
        tokens(environment="prod").holder(token_of())


def test_a_token_counts_no_longer_than_its_key() -> None:
    with pytest.raises(UnauthenticatedError):
        tokens(keyring=keyring_of([])).holder(token_of())
    rotated = api_key("other", Scope.EVALUATE)
    object.__setattr__(rotated, "id", EVALUATE.id)
    with pytest.raises(UnauthenticatedError):
        tokens(keyring=keyring_of([rotated])).holder(token_of())


def test_a_key_that_may_not_evaluate_has_no_use_of_a_token() -> None:
    with pytest.raises(UnauthenticatedError):
        tokens().holder(token_of(KEYS[1].principal))


def test_people_have_no_token() -> None:
    person = Principal(kind="person", id="p", actor="p", scopes=frozenset(Scope), environments=frozenset({"*"}))
    assert tokens().token(person) is None
