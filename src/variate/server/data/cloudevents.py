"""CloudEvents 1.0 as events: structured, batched, and in binary mode, where the attributes are headers."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote

import msgspec

from variate.errors import InvalidInputError

ONE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
SPEC_VERSION = "1.0"

_PREFIX = b"ce-"
_ATTRIBUTES = {
    "subject": "user_id",
    "type": "event_type",
    "time": "timestamp",
    "experimentid": "experiment_id",
    "sender": "sender",
    "number": "number",
}
"""Attributes that are the event's fields by another name; the last three are extensions of ours."""
_REQUIRED = ("specversion", "id", "source", "type", "subject")


def event_of(cloud: object) -> dict[str, Any]:
    """Return the event that a CloudEvent, as JSON has it, describes; raise ``InvalidInputError`` naming an attribute.

    Its id is the CloudEvent's source and id with a space between: only both together tell it from every other.
    """
    if not isinstance(cloud, dict):
        raise InvalidInputError("event", f"must be an object, not {type(cloud).__name__}")
    for name in _REQUIRED:
        if not isinstance(cloud.get(name), str) or not cloud[name]:
            raise InvalidInputError(name, "must be a text, and not empty")
    if cloud["specversion"] != SPEC_VERSION:
        raise InvalidInputError("specversion", f"must be {SPEC_VERSION}")
    source = cloud["source"]
    if any(each.isspace() for each in source):
        raise InvalidInputError("source", "must be a URI reference, so without spaces")
    event = {field: cloud[name] for name, field in _ATTRIBUTES.items() if cloud.get(name) is not None}
    return {**event, "id": f"{source} {cloud['id']}", "data": _data_of(cloud)}


def from_headers(headers: Iterable[tuple[bytes, bytes]], body: bytes) -> dict[str, Any]:
    """Return the CloudEvent of a request in binary mode, as JSON would have it."""
    cloud: dict[str, Any] = {}
    for name, value in headers:
        if name == b"content-type":
            cloud["datacontenttype"] = value.decode("latin-1")
        elif name.startswith(_PREFIX):
            cloud[name.removeprefix(_PREFIX).decode("latin-1")] = _header_text(name, value)
    number = cloud.get("number")
    if number is not None:
        if not (number.isascii() and number.isdigit() and len(number) < 20):
            raise InvalidInputError("number", "must be a whole number")
        cloud["number"] = int(number)
    if body:
        cloud["data_base64"] = base64.b64encode(body).decode()
    return cloud


def is_binary(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether the request is a CloudEvent in binary mode."""
    return any(name == b"ce-specversion" for name, _ in headers)


def _header_text(name: bytes, value: bytes) -> str:
    try:
        return unquote(value.decode("utf-8"), errors="strict")
    except UnicodeDecodeError as error:
        field = name.removeprefix(_PREFIX).decode("latin-1")
        raise InvalidInputError(field, "must be UTF-8, percent-encoded") from error


def _data_of(cloud: Mapping[str, Any]) -> Any:
    """Return the data: JSON as it is, text as text, any other bytes as the base64 that they came in; {} for none."""
    if "data_base64" not in cloud:
        return cloud.get("data", {})
    if "data" in cloud:
        raise InvalidInputError("data_base64", "must not stand beside data")
    packed = cloud["data_base64"]
    try:
        payload = base64.b64decode(packed, validate=True)
    except (TypeError, ValueError, binascii.Error) as error:
        raise InvalidInputError("data_base64", "must be base64") from error
    kind = _media_type(cloud)
    try:
        if kind == "application/json" or kind.endswith("+json"):
            return msgspec.json.decode(payload)
        return payload.decode() if kind.startswith("text/") else packed
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInputError("data_base64", f"is not the {kind} that it is said to be") from error


def _media_type(cloud: Mapping[str, Any]) -> str:
    given = cloud.get("datacontenttype", "application/json")
    if not isinstance(given, str):
        raise InvalidInputError("datacontenttype", "must be a text")
    return given.partition(";")[0].strip().lower()
