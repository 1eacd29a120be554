"""Flag evaluations that OpenTelemetry exports are exposures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from google.rpc.status_pb2 import Status
from opentelemetry._logs import Logger, LogRecord
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource

from tests.service.running import Running, bearer, running
from variate.errors import StoreUnavailableError
from variate.model import Event, VerdictStatus
from variate.platform import Platform
from variate.platform.profiles import open_backends
from variate.settings import Settings
from variate.stores.events import EventStore

AT = 1_767_323_045_678_901_234
"""2026-01-02T03:04:05.678901234Z."""


@pytest.fixture(scope="module")
def experiment(service: Running) -> str:
    """An experiment that runs."""
    return running_experiment(service.platform)


def running_experiment(platform: Platform) -> str:
    made = platform.create_experiment(
        "Checkout", experiment_id="checkout", variations=[{"name": "control"}, {"name": "green"}]
    )
    platform.update_experiment_status(made.id, "active")
    return made.id


@contextmanager
def exporting(service: Running, **given: Any) -> Iterator[Logger]:
    """A logger of OpenTelemetry's SDK whose records are exported to the service when the block ends."""
    exporter = OTLPLogExporter(endpoint=f"{service.url}/v1/logs", headers=bearer("ingest"), **given)
    provider = LoggerProvider(resource=Resource({"service.name": "shop"}))
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    yield provider.get_logger("openfeature")
    provider.shutdown()


def evaluation(unit: str, variant: str | None = "green", key: str = "checkout", **given: Any) -> dict[str, Any]:
    """The attributes of an evaluation, by the conventions' present names."""
    named = {name.replace("__", "."): value for name, value in given.items()}
    return {
        "feature_flag.key": key,
        "feature_flag.result.variant": variant,
        "feature_flag.context.id": unit,
        "feature_flag.provider.name": "OFREP",
        **named,
    }


def emit(logger: Logger, attributes: dict[str, Any], *, name: str | None = "feature_flag.evaluation") -> None:
    said = {key: value for key, value in attributes.items() if value is not None}
    logger.emit(LogRecord(timestamp=AT, event_name=name, attributes=said, body="body"))


def exposures(service: Running, unit: str) -> list[Event]:
    return list(service.platform.get_user_events(unit, event_type="exposure"))


def counted(service: Running, what: str) -> int:
    return service.service.tally.events.get(what, 0)


@pytest.mark.parametrize("compression", [Compression.NoCompression, Compression.Gzip])
def test_an_evaluation_that_the_sdk_exports_is_an_exposure(
    service: Running, experiment: str, compression: Compression
) -> None:
    unit, ignored = f"u-{uuid4()}", counted(service, "ignored")
    with exporting(service, compression=compression) as logger:
        emit(logger, evaluation(unit, variate__dimension__country="US", variate__dimension__age=7))
        emit(logger, evaluation(unit, key="of-somebody-else"))
        emit(logger, evaluation(unit), name="another.event")
    (found,) = exposures(service, unit)
    assert found.experiment_id == experiment
    assert found.data == {"variation": "green", "dimensions": {"country": "US", "age": "7"}}
    assert found.at.isoformat() == "2026-01-02T03:04:05.678901+00:00"
    assert counted(service, "ignored") - ignored == 2


def test_an_evaluation_by_the_older_names_is_an_exposure_too(service: Running, experiment: str) -> None:
    unit = f"u-{uuid4()}"
    with exporting(service) as logger:
        attributes = {
            "event.name": "feature_flag.evaluation",
            "feature_flag.key": experiment,
            "feature_flag.variant": "control",
            "feature_flag.provider_name": "flagd",
            "feature_flag.context.id": unit,
        }
        emit(logger, attributes, name=None)
    assert [each.data for each in exposures(service, unit)] == [{"variation": "control"}]


def test_a_flag_whose_rule_serves_an_experiment_says_so(service: Running, experiment: str) -> None:
    unit = f"u-{uuid4()}"
    with exporting(service) as logger:
        emit(logger, evaluation(unit, key="some-flag", variate__experiment=experiment))
    assert [each.experiment_id for each in exposures(service, unit)] == [experiment]


@pytest.mark.parametrize(
    "attributes",
    [
        evaluation("nobody", variant=None),
        evaluation("nobody", variant=""),
        evaluation("nobody", feature_flag__result__reason="error"),
        evaluation("nobody", feature_flag__set__id="prod"),
        evaluation("nobody", key="draft"),
    ],
)
def test_where_the_unit_did_not_meet_a_variation_here_there_is_no_exposure(
    service: Running, experiment: str, attributes: dict[str, Any]
) -> None:
    if service.platform.get_experiment("draft") is None:
        service.platform.create_experiment(
            "Draft", experiment_id="draft", variations=[{"name": "control"}, {"name": "green"}]
        )
    with exporting(service) as logger:
        emit(logger, attributes)
    assert exposures(service, "nobody") == []


def one_log(attributes: dict[str, Any], **given: Any) -> dict[str, Any]:
    """A request in OTLP's JSON."""
    kinds = {str: "stringValue", bool: "boolValue", float: "doubleValue"}
    values = [
        {"key": key, "value": {"intValue": str(value)} if type(value) is int else {kinds[type(value)]: value}}
        for key, value in attributes.items()
    ]
    record = {
        "timeUnixNano": str(AT),
        "eventName": "feature_flag.evaluation",
        "traceId": "5b8efff798038103d269b633813fc60c",
        "body": {"kvlistValue": {"values": []}},
        "attributes": [*values, {"key": "list", "value": {"arrayValue": {"values": [{"stringValue": "x"}]}}}],
        "unknown": None,
        **given,
    }
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]}
    return {"resourceLogs": [{"resource": resource, "scopeLogs": [{"scope": {"name": "s"}, "logRecords": [record]}]}]}


def post_json(service: Running, body: Any, key: str = "ingest") -> httpx.Response:
    return httpx.post(f"{service.url}/v1/logs", json=body, headers=bearer(key))


def test_evaluations_in_json_are_exposures_and_stored_once_however_often_they_come(
    service: Running, experiment: str
) -> None:
    unit = f"u-{uuid4()}"
    request = one_log(evaluation(unit, feature_flag__version=7))
    for _ in range(3):
        answer = post_json(service, request)
        assert (answer.status_code, answer.json()) == (200, {})
        assert answer.headers["content-type"] == "application/json"
    (first,) = exposures(service, unit)
    assert first.at.isoformat() == "2026-01-02T03:04:05.678901+00:00"
    post_json(service, one_log(evaluation(unit, feature_flag__version=7), timeUnixNano=str(AT + 1)))
    assert len(exposures(service, unit)) == 2, "another evaluation is another exposure"


def test_what_should_be_an_exposure_and_cannot_is_told(service: Running, experiment: str) -> None:
    unit = f"u-{uuid4()}"
    request = one_log(evaluation(unit))
    (of_scope,) = request["resourceLogs"][0]["scopeLogs"]
    bad = [evaluation(unit, variant="blue"), evaluation(""), evaluation("x" * 2_000)]
    for attributes in bad:
        of_scope["logRecords"] += one_log(attributes)["resourceLogs"][0]["scopeLogs"][0]["logRecords"]
    answer = post_json(service, request)
    assert answer.status_code == 200
    told = answer.json()["partialSuccess"]
    assert told["rejectedLogRecords"] == "3"
    assert "'blue' is no variation of 'checkout'" in told["errorMessage"]
    assert len(exposures(service, unit)) == 1


def test_more_evaluations_than_a_request_of_events_may_have_are_taken(service: Running, experiment: str) -> None:
    unit = f"u-{uuid4()}"
    request = one_log(evaluation(unit))
    (of_scope,) = request["resourceLogs"][0]["scopeLogs"]
    (record,) = of_scope["logRecords"]
    of_scope["logRecords"] = [{**record, "timeUnixNano": str(AT + number * 1_000)} for number in range(1_201)]
    assert post_json(service, request).json() == {}
    assert len(service.platform.get_user_events(unit, limit=1_000)) == 1_000


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "application/json"),
        (b"[]", "application/json"),
        (b'{"resourceLogs": 7}', "application/json"),
        (b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":"1e9"}]}]}]}', "application/json"),
        (b"\xff" * 20, "application/x-protobuf"),
        (b"\x0a\xff\xff\xff\xff\x7f", "application/x-protobuf"),
    ],
)
def test_a_body_that_is_no_export_is_refused_in_its_own_encoding(service: Running, body: bytes, kind: str) -> None:
    answer = httpx.post(f"{service.url}/v1/logs", content=body, headers={"Content-Type": kind, **bearer("ingest")})
    assert (answer.status_code, answer.headers["content-type"]) == (400, kind)
    told = json.loads(answer.content)["code"] if kind.endswith("json") else Status.FromString(answer.content).code
    assert told == 3  # INVALID_ARGUMENT


def test_an_empty_export_in_protobuf_is_answered_in_protobuf(service: Running) -> None:
    headers = {"Content-Type": "application/x-protobuf", **bearer("ingest")}
    answer = httpx.post(f"{service.url}/v1/logs", content=b"", headers=headers)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-protobuf")
    assert ExportLogsServiceResponse.FromString(answer.content) == ExportLogsServiceResponse()


def test_a_key_that_may_not_ingest_and_another_encoding_are_refused(service: Running) -> None:
    assert post_json(service, {}, key="evaluate").status_code == 403
    answer = httpx.post(f"{service.url}/v1/logs", content=b"", headers={"Content-Type": "text/csv", **bearer("ingest")})
    assert answer.status_code == 415


class FailsOnce:
    """Stores the first call's events and says that it may not have, as when the answer is lost on its way."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self.calls = 0

    def append(self, events: Sequence[Event], *, at: datetime) -> Sequence[VerdictStatus]:
        self.calls += 1
        statuses = self._store.append(events, at=at)
        if self.calls == 1:
            raise StoreUnavailableError("the connection was lost")
        return statuses

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def test_what_the_sdk_exports_again_is_one_exposure(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    settings = Settings(home=tmp_path)
    backends = open_backends(settings)
    store = FailsOnce(backends.events)
    with Platform(settings, replace(backends, events=store)) as platform, running(platform) as service:
        running_experiment(platform)
        with exporting(service) as logger:
            emit(logger, evaluation("u"))
        assert store.calls == 2
        assert len(exposures(service, "u")) == 1
    assert "Service Unavailable" in caplog.text
