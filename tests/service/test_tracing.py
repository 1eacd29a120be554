"""Traces: a span for each request that is traced."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from tests.service.asking import http
from tests.service.raw import connected
from tests.service.running import Running, bearer, running
from variate.platform import Platform
from variate.server.operations.tracing import Tracing
from variate.settings import Settings
from variate.testing.waiting import wait_until

TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = "b7ad6b7169203331"


@dataclass(frozen=True)
class Traced:
    """A service whose spans stay in memory; ``share`` of its requests are traced."""

    running: Running
    exporter: InMemorySpanExporter
    chance: list[float]

    def spans(self, count: int) -> Sequence[ReadableSpan]:
        wait_until(lambda: len(self.exporter.get_finished_spans()) >= count)
        return self.exporter.get_finished_spans()

    def ask(self, key: str, headers: dict[str, str] | None = None) -> int:
        answer = http.post(
            f"{self.running.url}/ofrep/v1/evaluate/flags/{key}",
            json={"context": {"targetingKey": "user-4711"}},
            headers={**bearer("evaluate"), **(headers or {})},
        )
        return answer.status_code


@pytest.fixture(scope="module")
def module_traced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traced]:
    """One service for the file."""
    home: Path = tmp_path_factory.mktemp("service")
    exporter, provider, chance = InMemorySpanExporter(), TracerProvider(), [0.0]
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracing = Tracing(provider, share=0.5, environment="dev", chance=lambda: chance[0])
    with Platform.open(Settings(home=home)) as platform, running(platform, tracing=tracing) as served:
        platform.create_feature_flag(
            "Banner",
            flag_id="banner",
            status="active",
            variations=[{"name": "on", "value": True}, {"name": "off", "value": False}],
            off="off",
            default="on",
            environments={"dev": {"enabled": True}},
        )
        yield Traced(served, exporter, chance)


@pytest.fixture
def traced(module_traced: Traced) -> Traced:
    """The service, with no spans yet, and chance so that every request is traced."""
    module_traced.exporter.clear()
    module_traced.chance[0] = 0.0
    return module_traced


def test_a_request_has_a_span_by_the_conventions_for_http(traced: Traced) -> None:
    traced.ask("banner")
    (span,) = traced.spans(1)
    said = dict(span.attributes or {})
    assert (span.name, span.kind) == ("POST /ofrep/v1/evaluate/flags/{key}", SpanKind.SERVER)
    assert said["http.request.method"] == "POST"
    assert said["http.route"] == "/ofrep/v1/evaluate/flags/{key}"
    assert said["http.response.status_code"] == 200
    assert said["url.path"] == "/ofrep/v1/evaluate/flags/banner"
    assert said["url.scheme"] == "http"
    assert said["client.address"] == "127.0.0.1"
    assert "user_agent.original" in said
    assert span.status.status_code is StatusCode.UNSET


def test_a_request_that_comes_whole_has_one_as_well(traced: Traced) -> None:
    body = b'{"context":{"targetingKey":"user-4711"}}'
    head = f"POST /ofrep/v1/evaluate/flags/banner HTTP/1.1\r\nHost: s\r\nContent-Length: {len(body)}\r\n"
    with connected(traced.running.url) as connection:
        connection.sendall(f"{head}Authorization: {bearer('evaluate')['Authorization']}\r\n\r\n".encode() + body)
        assert connection.recv(4_096).startswith(b"HTTP/1.1 200")
    (span,) = traced.spans(1)
    assert span.name == "POST /ofrep/v1/evaluate/flags/{key}"
    assert dict(span.attributes or {})["http.response.status_code"] == 200
    assert [event.name for event in span.events] == ["feature_flag.evaluation"]


def test_a_decision_is_an_event_by_the_conventions_for_flags_and_says_not_whose(traced: Traced) -> None:
    traced.ask("banner")
    (span,) = traced.spans(1)
    (event,) = span.events
    said = dict(event.attributes or {})
    assert event.name == "feature_flag.evaluation"
    assert said == {
        "feature_flag.key": "banner",
        "feature_flag.provider.name": "variate",
        "feature_flag.set.id": "dev",
        "feature_flag.result.reason": "default",
        "feature_flag.result.variant": "on",
        "feature_flag.version": said["feature_flag.version"],
    }
    assert "user-4711" not in span.to_json()


def test_a_flag_that_is_not_there_is_an_error_of_the_evaluation(traced: Traced) -> None:
    assert traced.ask("none") == 404
    (span,) = traced.spans(1)
    said = dict(span.events[0].attributes or {})
    assert (said["feature_flag.result.reason"], said["error.type"]) == ("error", "flag_not_found")


def test_the_callers_trace_goes_on(traced: Traced) -> None:
    traced.chance[0] = 1.0
    traced.ask("banner", {"traceparent": f"00-{TRACE}-{CALLER}-01", "tracestate": "vendor=1"})
    (span,) = traced.spans(1)
    assert span.context is not None
    assert span.parent is not None
    assert (f"{span.context.trace_id:032x}", f"{span.parent.span_id:016x}") == (TRACE, CALLER)
    assert span.context.trace_state.get("vendor") == "1"


@pytest.mark.parametrize(
    ("traceparent", "chance", "count"),
    [
        (None, 0.49, 1),
        (None, 0.5, 0),
        (f"00-{TRACE}-{CALLER}-00", 0.0, 0),
        ("junk", 0.0, 1),
        ("junk", 0.9, 0),
    ],
)
def test_a_share_is_traced_unless_the_caller_decided(
    traced: Traced, traceparent: str | None, chance: float, count: int
) -> None:
    traced.chance[0] = chance
    traced.ask("banner", {} if traceparent is None else {"traceparent": traceparent})
    traced.chance[0] = 0.0
    traced.ask("banner")  # a later one, whose span ends after any of the one before
    assert len(traced.spans(count + 1)) == count + 1


def test_management_is_traced_too_and_a_key_in_its_path_is_not_told(traced: Traced) -> None:
    http.get(f"{traced.running.url}/api/v1/keys/vk_bbQ8aak8E3SiApsv5FysaW8doX")
    (span,) = traced.spans(1)
    assert dict(span.attributes or {})["http.response.status_code"] in (401, 404)
    assert "vk_bbQ8" not in span.to_json()
