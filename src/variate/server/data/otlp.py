"""``POST /v1/logs``: OTLP logs over HTTP, of which flag evaluations become exposures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import NamedTuple

from google.protobuf.message import Message
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse

from variate.model import VerdictStatus
from variate.model.access import Scope
from variate.server.answer import JSON, Answer, Headers, encode, headers_of
from variate.server.data.flag_evaluations import Exposures, FlagEvaluations
from variate.server.data.otlp_records import LogRecord, from_json, from_protobuf
from variate.server.data.taking import MAX_EVENTS, Taking
from variate.server.front import Route
from variate.server.refusal import Refusal
from variate.server.request import Request

PATH = "/v1/logs"

_PROTOBUF = "application/x-protobuf"
_READ: dict[str, Callable[[bytes], Iterator[LogRecord]]] = {_PROTOBUF: from_protobuf, "application/json": from_json}

_GRPC_CODES = {400: 3, 401: 16, 403: 7, 408: 4, 413: 8, 415: 3, 429: 8, 503: 14}
_GRPC_INTERNAL = 13


class _Rejected(NamedTuple):
    number: int
    first: str

    @property
    def message(self) -> str:
        return f"{self.number} rejected; the first: {self.first}" if self.number else ""


class Logs:
    """Takes flag evaluations in; other records are passed over, and counted."""

    def __init__(self, taking: Taking, evaluations: FlagEvaluations) -> None:
        self._taking = taking
        self._evaluations = evaluations

    async def answer(self, request: Request) -> Answer:
        """Answer 200 once every exposure among the records is durable."""
        read = _READ.get(request.media_type)
        if read is None:
            raise Refusal(
                415,
                "unsupported_media_type",
                f"the Content-Type must be one of {', '.join(_READ)}",
                headers={"Accept": ", ".join(_READ)},
            )
        body = await request.body()
        # Beside the loop: the snapshot in force may still have to be read, and protobuf takes its time.
        found = await asyncio.to_thread(lambda: self._evaluations.exposures(read(body)))
        rejected = await self._store(found)
        if request.media_type == _PROTOBUF:
            response = ExportLogsServiceResponse()
            if rejected.number:
                response.partial_success.rejected_log_records = rejected.number
                response.partial_success.error_message = rejected.message
            return _protobuf(200, response)
        told = {"rejectedLogRecords": str(rejected.number), "errorMessage": rejected.message}
        return Answer(200, encode({"partialSuccess": told} if rejected.number else {}))

    @property
    def route(self) -> Route:
        """Where they are sent."""
        return Route(
            name="otlp_logs", method="POST", path=PATH, handler=self.answer, scope=Scope.INGEST, refused=refused
        )

    async def _store(self, found: Exposures) -> _Rejected:
        """Store the exposures; return what was not stored and never will be."""
        errors = found.rejected
        for start in range(0, len(found.events), MAX_EVENTS):
            verdicts = await self._taking.take(found.events[start : start + MAX_EVENTS])
            errors = [*errors, *(each.error for each in verdicts if each.error is not None)]
        self._taking.count("ignored", found.ignored)
        self._taking.count(VerdictStatus.REJECTED.value, len(found.rejected))
        return _Rejected(len(errors), str(errors[0]) if errors else "")


def refused(request: Request, refusal: Refusal) -> Answer:
    """Return the refusal as OTLP writes one: a ``google.rpc.Status`` in the encoding that was sent."""
    status = Status(code=_GRPC_CODES.get(refusal.status, _GRPC_INTERNAL), message=refusal.detail)
    headers = headers_of(refusal.headers)
    if request.media_type == _PROTOBUF:
        return _protobuf(refusal.status, status, headers)
    return Answer(refusal.status, encode({"code": status.code, "message": status.message}), JSON + headers)


def _protobuf(status: int, message: Message, headers: Headers = ()) -> Answer:
    return Answer(status, message.SerializeToString(), ((b"content-type", _PROTOBUF.encode()), *headers))
