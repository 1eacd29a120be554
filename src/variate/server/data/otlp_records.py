"""OTLP logs, in protobuf or in OTLP's JSON, as the few parts of each record that are of use here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import msgspec
from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from variate.server.refusal import Refusal
from variate.server.request import read_json

Scalar: TypeAlias = str | int | float | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRecord:
    """One record. ``attributes`` has those that are text, numbers and booleans; ``nanoseconds`` of 0 are not known.

    ``content`` is all that was sent of it, in the same bytes when it is sent again.
    """

    event_name: str
    attributes: Mapping[str, Scalar]
    nanoseconds: int
    content: Callable[[], Sequence[bytes]]


def from_protobuf(body: bytes) -> Iterator[LogRecord]:
    """Yield the records of an ``ExportLogsServiceRequest``; raise ``Refusal`` where it is none."""
    try:
        message = ExportLogsServiceRequest.FromString(body)
    except DecodeError as error:
        raise Refusal(400, "malformed_body", f"the body is no ExportLogsServiceRequest: {error}") from error
    for of_resource in message.resource_logs:
        resource = of_resource.resource
        for of_scope in of_resource.scope_logs:
            scope = of_scope.scope
            for record in of_scope.log_records:
                yield LogRecord(
                    event_name=record.event_name,
                    attributes=dict(_scalars(record.attributes)),
                    nanoseconds=record.time_unix_nano or record.observed_time_unix_nano,
                    content=partial(_serialized, resource, scope, record),
                )


def _serialized(*parts: Message) -> list[bytes]:
    return [part.SerializeToString(deterministic=True) for part in parts]


def _scalars(attributes: Any) -> Iterator[tuple[str, Scalar]]:
    for attribute in attributes:
        kind = attribute.value.WhichOneof("value")
        if kind in ("string_value", "int_value", "double_value", "bool_value"):
            yield attribute.key, getattr(attribute.value, kind)


_NOTHING = msgspec.Raw(b"null")


class _Value(msgspec.Struct, rename="camel", omit_defaults=True):
    string_value: str | None = None
    int_value: int | str | None = None
    double_value: float | str | None = None
    bool_value: bool | None = None
    array_value: msgspec.Raw = _NOTHING
    kvlist_value: msgspec.Raw = _NOTHING
    bytes_value: str | None = None

    def scalar(self) -> Scalar | None:
        if isinstance(self.int_value, str):  # as proto3's JSON writes 64 bits
            return int(self.int_value) if self.int_value.lstrip("-").isdigit() and len(self.int_value) < 21 else None
        scalars = (self.string_value, self.int_value, self.double_value, self.bool_value)
        return next((each for each in scalars if each is not None), None)


class _Attribute(msgspec.Struct):
    key: str = ""
    value: _Value | None = None


class _Origin(msgspec.Struct):
    """A resource, or a scope."""

    name: str | None = None
    version: str | None = None
    attributes: list[_Attribute] | None = None


class _Record(msgspec.Struct, rename="camel", omit_defaults=True):
    time_unix_nano: int | str | None = None
    observed_time_unix_nano: int | str | None = None
    event_name: str | None = None
    attributes: list[_Attribute] | None = None
    body: msgspec.Raw = _NOTHING
    trace_id: str | None = None
    span_id: str | None = None


class _OfScope(msgspec.Struct, rename="camel", omit_defaults=True):
    scope: _Origin | None = None
    log_records: list[_Record] | None = None


class _OfResource(msgspec.Struct, rename="camel", omit_defaults=True):
    resource: _Origin | None = None
    scope_logs: list[_OfScope] | None = None


class _Exported(msgspec.Struct, rename="camel", omit_defaults=True):
    resource_logs: list[_OfResource] | None = None


_decode = msgspec.json.Decoder(_Exported).decode
_encode = msgspec.json.Encoder().encode


def from_json(body: bytes) -> Iterator[LogRecord]:
    """Yield the records of an ``ExportLogsServiceRequest`` in OTLP's JSON; raise ``Refusal`` where it is none."""
    for of_resource in read_json(body, _decode).resource_logs or ():
        for of_scope in of_resource.scope_logs or ():
            for record in of_scope.log_records or ():
                yield LogRecord(
                    event_name=record.event_name or "",
                    attributes={
                        each.key: scalar
                        for each in record.attributes or ()
                        if each.value is not None and (scalar := each.value.scalar()) is not None
                    },
                    nanoseconds=_whole(record.time_unix_nano) or _whole(record.observed_time_unix_nano),
                    content=partial(_encoded, of_resource.resource, of_scope.scope, record),
                )


def _encoded(*parts: _Origin | _Record | None) -> list[bytes]:
    return [_encode(part) for part in parts]


def _whole(given: int | str | None) -> int:
    if isinstance(given, str):
        if not (given.isascii() and given.isdigit() and len(given) < 21):
            raise Refusal(
                400, "invalid_body", "the body is not of the form asked for: a time must be whole nanoseconds"
            )
        return int(given)
    return given or 0
