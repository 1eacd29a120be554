"""A report as a plain dict that JSON can hold, and back.

Each value is a dict of its fields, each tuple a list, each moment and day ISO 8601, and what is not estimable is
``{"not_estimable": reason}`` where the number would be. No number is NaN or infinite.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Any

import msgspec

from variate.analysis.read_later import ReadLater
from variate.analysis.report import Report
from variate.errors import InvalidInputError
from variate.model.document import Document
from variate.model.instant import format_instant, parse_instant
from variate.model.rules import shown
from variate.stats.not_estimable import NotEstimable, NotEstimableReason
from variate.stores.reports import ReportHead

Record = dict[str, Any]

FORMAT = "variate.report/1"
"""What a report's record says it is, under ``format``. A change that a reader has to know of gets another number."""

MAX_REPORT_BYTES = 64 * 2**20

_Read = Callable[[Any], Any]


def report_record(report: Report) -> Record:
    """Return the report as a dict; equal reports give equal dicts."""
    return {"format": FORMAT, **_written(report)}


def report_from_record(record: Record) -> Report:
    """Return the report that ``report_record`` described; raise ``InvalidInputError`` where it is of another format."""
    if record.get("format") != FORMAT:
        raise InvalidInputError("format", f"must be {FORMAT}, not {shown(record.get('format'))}")
    found: Report = _reader(Report)(record)
    return found


def report_from_document(document: Document) -> Report:
    """Return the report that ``report_document`` described; raise as ``report_from_record`` does.

    What it says of metrics by dimension and by day is read when it is looked at.
    """
    # Twice as fast as the standard library; of the same value, since a report has no number that is not a float's.
    return report_from_record(msgspec.json.decode(document.text))


def report_document(report: Report) -> Document:
    """Return the report's record as strict JSON."""
    return Document.of(report_record(report), field="report", max_bytes=MAX_REPORT_BYTES)


def head_record(head: ReportHead) -> Record:
    """Return what a list says of a report as a dict."""
    return {
        "id": head.id,
        "experiment_id": head.experiment_id,
        "version": head.version,
        "verdict": head.verdict,
        "variation": head.variation,
        "at": format_instant(head.at),
        "health": head.health,
        "concern": head.concern,
        "units": head.units,
        "units_per_day": head.units_per_day,
    }


def _written(value: Any) -> Any:
    """Return what JSON can hold of a value of a report."""
    kind: Any = type(value)
    if kind in _PLAIN:
        return value
    write = _WRITERS.get(kind)
    if write is not None:
        return write(value)
    if isinstance(value, StrEnum):
        return value.value
    return {name: _written(getattr(value, name)) for name in _names(kind)}  # a dataclass


_PLAIN = frozenset({float, int, str, bool, type(None)})
_WRITERS: dict[type, Callable[[Any], Any]] = {
    tuple: lambda values: [_written(each) for each in values],
    ReadLater: lambda values: [_written(each) for each in values],
    NotEstimable: lambda value: {"not_estimable": value.reason.value},
    Document: lambda value: value.value,
    datetime: format_instant,
    date: date.isoformat,
}
_READERS: dict[Any, _Read] = {
    NotEstimable: lambda given: NotEstimable(NotEstimableReason(given["not_estimable"])),
    Document: lambda given: Document.of(given, field="report"),
    datetime: lambda given: parse_instant("report", given),
    date: date.fromisoformat,
}


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


@cache
def _reader(hint: Any) -> _Read:
    """Return what reads a value of this type, made once from the fields' annotations."""
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        return _any_of(typing.get_args(hint))
    if origin is Sequence:
        of_one = _reader(typing.get_args(hint)[0])
        return lambda given: ReadLater(given, of_one)
    if origin is tuple:
        item = _reader(typing.get_args(hint)[0])
        return lambda given: tuple(item(each) for each in given)
    if is_dataclass(hint) and hint not in _READERS:
        return _fields_reader(hint)
    read: _Read = _READERS.get(hint, hint)  # float, int, str, bool and the enumerations read by being called
    return read


def _fields_reader(kind: Any) -> _Read:
    hints = typing.get_type_hints(kind)
    # What reports of before did not tell has a default.
    optional = {field.name for field in fields(kind) if field.default is not MISSING}
    readers = [(name, _reader(hints[name])) for name in _names(kind)]
    return lambda given: kind(
        **{name: read(given[name]) for name, read in readers if name in given or name not in optional}
    )


def _any_of(hints: tuple[Any, ...]) -> _Read:
    """Return what reads None, a reason or a value of the one other type."""
    (plain,) = (_reader(each) for each in hints if each not in (type(None), NotEstimable))
    reason, has_reason = _READERS[NotEstimable], NotEstimable in hints

    def read(given: Any) -> Any:
        if given is None:
            return None
        is_reason = has_reason and isinstance(given, dict) and "not_estimable" in given
        return reason(given) if is_reason else plain(given)

    return read
