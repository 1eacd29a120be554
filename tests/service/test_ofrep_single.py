"""OFREP: one flag at a time."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from tests.service.definitions import NOBODY, define_experiment, define_flag
from tests.service.running import Running, bearer, running
from variate.model.decision import Reason
from variate.platform import Platform
from variate.server.data.evaluating import Evaluator
from variate.server.data.reasons import OPENFEATURE
from variate.settings import Settings


@pytest.fixture(scope="module", autouse=True)
def _defined(service: Running) -> None:
    for name, value in {"yes": True, "word": "blue", "count": 3, "share": 2.0, "shape": {"rows": [1, 2.0]}}.items():
        define_flag(service.platform, name, value)
    define_flag(service.platform, "shelf/top shelf%é", "reached")
    define_flag(service.platform, "switched-off", status="inactive")
    define_flag(
        service.platform,
        "ruled",
        rules=[
            {
                "name": "dutch",
                "condition": {"attribute": "country", "operator": "in", "value": ["NL"]},
                "serve": "other",
            }
        ],
    )
    service.platform.create_feature_flag("Free", rules=[{"anything": 1}], flag_id="free", status="active")
    define_experiment(service.platform, "prices")
    define_experiment(service.platform, "not-for-you", audience=NOBODY)


@pytest.fixture(scope="module")
def client(service: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{service.url}/ofrep/v1/evaluate/flags/", headers=bearer("evaluate")) as opened:
        yield opened


def asked(client: httpx.Client, key: str, **context: Any) -> httpx.Response:
    return client.post(quote(key, safe=""), json={"context": {"targetingKey": "u-1"} | context})


@pytest.mark.parametrize(
    ("key", "text"),
    [("yes", b"true"), ("word", b'"blue"'), ("count", b"3"), ("share", b"2.0"), ("shape", b'{"rows":[1,2.0]}')],
)
def test_a_value_keeps_its_type(client: httpx.Client, key: str, text: bytes) -> None:
    answer = asked(client, key)
    assert answer.status_code == 200
    assert answer.content.endswith(b',"value":' + text + b"}")
    assert answer.json() == {
        "key": key,
        "value": json.loads(text),
        "variant": "chosen",
        "reason": "DEFAULT",
        "metadata": {"reason": "default", "version": 1, "flagSetId": "dev"},
    }


def test_a_rule_that_matched_is_told(client: httpx.Client) -> None:
    told = asked(client, "ruled", country="NL").json()
    assert (told["variant"], told["reason"], told["metadata"]["rule"]) == ("other", "TARGETING_MATCH", "dutch")


def test_a_flag_that_is_off_serves_its_off_value(client: httpx.Client) -> None:
    told = asked(client, "switched-off").json()
    assert (told["value"], told["variant"], told["reason"]) == ("off", "other", "DISABLED")


def test_an_experiment_answers_as_a_flag_and_its_answer_is_kept(service: Running, client: httpx.Client) -> None:
    told = asked(client, "prices").json()
    assert (told["reason"], told["metadata"]["experiment"]) == ("SPLIT", "prices")
    service.platform.flush_assignments()
    kept = service.platform.get_user_assignment("u-1", "prices")
    assert kept is not None
    assert kept.variation == told["variant"]
    assert told["value"] == {"price": {"control": 10, "treatment": 12}[kept.variation]}


@pytest.mark.parametrize(
    ("key", "reason", "ours"), [("not-for-you", "DEFAULT", "audience"), ("free", "DEFAULT", "free_form")]
)
def test_where_there_is_no_variation_the_value_is_left_to_the_client(
    client: httpx.Client, key: str, reason: str, ours: str
) -> None:
    told = asked(client, key).json()
    assert "value" not in told
    assert (told["variant"], told["reason"], told["metadata"]["reason"]) == ("", reason, ours)


def test_a_changed_flag_is_told_as_it_is_now(service: Running, client: httpx.Client) -> None:
    define_flag(service.platform, "changing", "before")
    assert asked(client, "changing").json()["value"] == "before"
    changed = [{"name": "chosen", "value": "after"}, {"name": "other", "value": "off"}]
    service.platform.update_feature_flag("changing", variations=changed)
    told = asked(client, "changing").json()
    assert (told["value"], told["metadata"]["version"]) == ("after", 2)


def test_a_key_that_was_an_experiments_and_is_a_flags_now_is_told_so(service: Running, client: httpx.Client) -> None:
    values = [{"name": "on", "value": True}, {"name": "off", "value": False}]
    service.platform.create_experiment("Taken", experiment_id="taken", variations=values)
    service.platform.update_experiment_status("taken", "active")
    assert {asked(client, "taken", targetingKey=f"u-{n}").json()["metadata"]["experiment"] for n in range(9)} == {
        "taken"
    }
    service.platform.create_feature_flag(
        "Taken", flag_id="taken", status="active", type="boolean", default={"rollout": {"on": 50, "off": 50}}
    )
    told = [asked(client, "taken", targetingKey=f"u-{n}").json() for n in range(9)]
    assert [each["metadata"].get("experiment") for each in told] == [None] * 9
    assert {each["reason"] for each in told} == {"SPLIT"}


@pytest.mark.parametrize("path", ["shelf%2Ftop%20shelf%25%C3%A9", "shelf/top%20shelf%25%C3%A9"])
def test_a_key_may_be_of_any_characters(client: httpx.Client, path: str) -> None:
    answer = client.post(path, json={"context": {"targetingKey": "u-1"}})
    assert (answer.status_code, answer.json()["key"], answer.json()["value"]) == (200, "shelf/top shelf%é", "reached")


@pytest.mark.parametrize("key", ["no-such-flag", "", "\x00", "k" * 2_000, "é/é"])
def test_a_key_that_is_none_is_not_found(client: httpx.Client, key: str) -> None:
    answer = asked(client, key)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/json"
    assert (answer.json()["key"], answer.json()["errorCode"]) == (key, "FLAG_NOT_FOUND")
    assert answer.json()["errorDetails"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "PARSE_ERROR"),
        (b"{", "PARSE_ERROR"),
        (b"[]", "PARSE_ERROR"),
        (b"\xff", "PARSE_ERROR"),
        (b"[" * 5_000, "PARSE_ERROR"),
        (b'{"context": 5}', "INVALID_CONTEXT"),
        (b'{"context": {"targetingKey": 5}}', "INVALID_CONTEXT"),
        (b"{}", "TARGETING_KEY_MISSING"),
        (b'{"context": {}}', "TARGETING_KEY_MISSING"),
        (b'{"context": {"targetingKey": ""}}', "TARGETING_KEY_MISSING"),
        (b'{"context": {"targetingKey": null}}', "TARGETING_KEY_MISSING"),
    ],
)
def test_a_context_that_cannot_be_evaluated_for_is_refused(client: httpx.Client, body: bytes, code: str) -> None:
    answer = client.post("yes", content=body)
    assert answer.status_code == 400
    assert (answer.json()["key"], answer.json()["errorCode"]) == ("yes", code)
    assert answer.json()["errorDetails"]


def test_who_shows_no_key_is_told_in_words_of_ofrep(service: Running) -> None:
    answer = httpx.post(f"{service.url}/ofrep/v1/evaluate/flags/yes", json={"context": {"targetingKey": "u-1"}})
    assert (answer.status_code, answer.json()["errorCode"]) == (401, "GENERAL")
    assert answer.json()["errorDetails"]


def test_the_key_may_stand_in_another_header_or_in_other_letters(service: Running) -> None:
    for headers in ({"X-API-Key": "secret-evaluate"}, {"Authorization": "bearer secret-evaluate"}):
        url = f"{service.url}/ofrep/v1/evaluate/flags/yes"
        assert httpx.post(url, json={"context": {"targetingKey": "u-1"}}, headers=headers).status_code == 200


def test_a_key_of_another_scope_is_told_so_in_words_of_ofrep(service: Running) -> None:
    url = f"{service.url}/ofrep/v1/evaluate/flags/yes"
    answer = httpx.post(url, json={"context": {"targetingKey": "u-1"}}, headers=bearer("ingest"))
    assert (answer.status_code, answer.json()["key"], answer.json()["errorCode"]) == (403, "yes", "GENERAL")


def test_every_reason_has_a_word_that_openfeature_knows() -> None:
    from openfeature.flag_evaluation import Reason as Theirs

    assert set(OPENFEATURE) == set(Reason)
    assert {word for word in OPENFEATURE.values() if word not in Theirs.__members__} == set()


def test_what_has_to_wait_for_a_store_is_answered_alike(
    service: Running, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = [asked(client, key).json() for key in ("ruled", "prices")]
    monkeypatch.setattr(Evaluator, "now", lambda *_: None)
    assert [asked(client, key).json() for key in ("ruled", "prices")] == at_once
    assert asked(client, "no-such-flag").status_code == 404


def test_a_body_in_parts_or_packed_is_answered_alike(client: httpx.Client) -> None:
    body = b'{"context": {"targetingKey": "u-1"}}'
    in_parts = client.post("yes", content=iter([body[:9], body[9:]]))
    packed = client.post("yes", content=gzip.compress(body), headers={"Content-Encoding": "gzip"})
    assert in_parts.json() == packed.json() == asked(client, "yes").json()


def test_answers_from_an_old_snapshot_say_how_old_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Platform.open(Settings(home=tmp_path)) as platform, running(platform) as served:
        define_flag(platform, "yes", True)
        platform.evaluate_flag("u-1", "yes")
        found = platform.snapshot_in_force()
        assert found is not None
        monkeypatch.setattr(platform, "snapshot_in_force", lambda: replace(found, age_seconds=61.5))
        for path in ("/yes", ""):
            answer = httpx.post(
                f"{served.url}/ofrep/v1/evaluate/flags{path}",
                json={"context": {"targetingKey": "u-1"}},
                headers=bearer("evaluate"),
            )
            assert (answer.status_code, answer.headers["x-variate-snapshot-age"]) == (200, "61")
