"""OFREP: every flag at once, and whether the client has the answer already."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from tests.service.definitions import NOBODY, define_experiment, define_flag
from tests.service.running import Running, bearer
from variate.decision.compiled import UNKNOWN
from variate.server.data.evaluating import Evaluator


@pytest.fixture(scope="module", autouse=True)
def _defined(service: Running) -> None:
    define_flag(service.platform, "banner", True)
    define_flag(
        service.platform,
        "ruled",
        rules=[
            {
                "name": "dutch",
                "condition": {"attribute": "country", "operator": "in", "value": ["NL"]},
                "serve": "other",
            },
        ],
    )
    define_experiment(service.platform, "prices")
    service.platform.create_experiment(
        "Draft", experiment_id="draft", variations=[{"name": "a", "value": 1}, {"name": "b", "value": 2}]
    )


@pytest.fixture(scope="module")
def client(service: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.url, headers=bearer("evaluate")) as opened:
        yield opened


def asked(client: httpx.Client, etag: str | None = None, unit: str = "u-1", **context: Any) -> httpx.Response:
    headers = {} if etag is None else {"If-None-Match": etag}
    body = {"context": {"targetingKey": unit, **context}}
    return client.post("/ofrep/v1/evaluate/flags", json=body, headers=headers)


def by_key(answer: httpx.Response) -> dict[str, Any]:
    return {each["key"]: each for each in answer.json()["flags"]}


def test_every_flag_and_every_running_experiment_is_answered(client: httpx.Client) -> None:
    flags = by_key(asked(client))
    assert set(flags) >= {"banner", "ruled", "prices"}
    assert "draft" not in flags
    assert flags["banner"]["value"] is True
    one = client.post("/ofrep/v1/evaluate/flags/prices", json={"context": {"targetingKey": "u-1"}})
    assert flags["prices"] == one.json()


def test_the_answer_names_the_snapshot_it_comes_from(service: Running, client: httpx.Client) -> None:
    metadata = asked(client).json()["metadata"]
    status = service.platform.serving_status()
    assert (metadata["flagSetId"], metadata["snapshot"], metadata["sequence"]) == (
        "dev",
        status.digest,
        status.sequence,
    )
    assert all(isinstance(each, (str, int, float, bool)) for each in metadata.values())


def test_a_change_that_comes_while_all_is_decided_is_not_taken_for_known(
    service: Running, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    decide, late = Evaluator.all_now, list[str]()

    def overtaken(self: Evaluator, unit: str, attributes: Mapping[str, Any]) -> Any:
        decisions = decide(self, unit, attributes)
        late.append(f"late-{len(late)}")
        define_flag(service.platform, late[-1])
        service.platform.serving_status()  # which has it in force
        return decisions

    service.platform.serving_status()
    asked(client)  # which compiles all
    with monkeypatch.context() as patched:
        patched.setattr(Evaluator, "all_now", overtaken)
        answer = asked(client)
    told, now = answer.json(), service.platform.serving_status().sequence
    has = told["metadata"]["sequence"]
    missing = [name for name in late if name not in by_key(answer)]
    assert has <= now - len(missing), missing
    assert told["eventStreams"][0]["endpoint"]["requestUri"].endswith(f"since={has}")


@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', '"other",W/{} , "third"', "*"])
def test_a_client_that_has_the_answer_is_told_so(client: httpx.Client, form: str) -> None:
    etag = asked(client).headers["etag"]
    again = asked(client, form.format(etag))
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)


def test_the_tag_is_another_for_another_context(client: httpx.Client) -> None:
    etag = asked(client).headers["etag"]
    assert asked(client, etag, country="NL").status_code == 200
    assert asked(client, etag, unit="u-2").status_code == 200


def test_the_tag_is_another_after_a_change_and_after_an_override(service: Running, client: httpx.Client) -> None:
    etag = asked(client).headers["etag"]
    define_flag(service.platform, "changing", True)
    service.platform.update_feature_flag_status("changing", "inactive")
    changed = asked(client, etag)
    assert (changed.status_code, by_key(changed)["changing"]["value"]) == (200, False)
    given = by_key(changed)["prices"]["variant"]
    forced = "control" if given == "treatment" else "treatment"
    service.platform.create_override("u-1", "prices", forced, reason="a test")
    overridden = asked(client, changed.headers["etag"])
    assert (overridden.status_code, by_key(overridden)["prices"]["variant"]) == (200, forced)
    assert by_key(overridden)["prices"]["reason"] == "TARGETING_MATCH"


def test_the_tag_is_another_for_another_snapshot_though_all_flags_are_as_they_were(
    service: Running, client: httpx.Client
) -> None:
    before = asked(client)
    nobody = [{"name": "nobody", "condition": NOBODY, "serve": "other"}]
    define_flag(service.platform, "for-nobody-yet", rules=nobody)
    service.platform.archive_feature_flag("for-nobody-yet")
    service.platform.create_experiment("Another", experiment_id="another", variations=[{"name": "a"}, {"name": "b"}])
    after = asked(client, before.headers["etag"])
    assert after.status_code == 200
    assert {key: by_key(after)[key] for key in by_key(before)} == by_key(before)


def test_what_a_unit_was_shown_stays_when_the_weights_change(service: Running, client: httpx.Client) -> None:
    define_experiment(service.platform, "sticky")
    units = [f"sticky-{number}" for number in range(8)]
    shown = {unit: by_key(asked(client, unit=unit))["sticky"]["variant"] for unit in units}
    assert set(shown.values()) == {"control", "treatment"}
    service.platform.flush_assignments()
    lopsided = [
        {"name": "control", "value": {"price": 10}, "weight": 0},
        {"name": "treatment", "value": {"price": 12}, "weight": 1},
    ]
    service.platform.update_experiment("sticky", variations=lopsided)
    assert {unit: by_key(asked(client, unit=unit))["sticky"]["variant"] for unit in units} == shown


def test_one_flag_that_cannot_be_read_fails_no_other(
    service: Running, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As it is evaluated where a newer release published it: see CompiledSnapshot.all_flags.
    evaluated = service.platform.evaluate_all_flags("u-1") | {"of-another-release": UNKNOWN}
    monkeypatch.setattr(service.platform, "evaluate_all_flags", lambda *_: evaluated)
    flags = by_key(asked(client))
    assert flags["of-another-release"]["errorCode"] == "PARSE_ERROR"
    assert flags["of-another-release"]["errorDetails"]
    assert "value" in flags["ruled"]


def test_what_has_to_wait_for_a_store_is_answered_alike(
    service: Running, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = asked(client)
    monkeypatch.setattr(Evaluator, "all_now", lambda *_: None)
    assert asked(client).content == at_once.content


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "PARSE_ERROR"),
        (b"{}", "TARGETING_KEY_MISSING"),
        (b'{"context": []}', "INVALID_CONTEXT"),
        (b'{"context": {"targetingKey": "' + b"u" * 2_000 + b'"}}', "INVALID_CONTEXT"),
    ],
)
def test_a_context_that_cannot_be_evaluated_for_is_refused(client: httpx.Client, body: bytes, code: str) -> None:
    answer = client.post("/ofrep/v1/evaluate/flags", content=body)
    assert (answer.status_code, answer.json()["errorCode"]) == (400, code)
    assert answer.json()["errorDetails"]
