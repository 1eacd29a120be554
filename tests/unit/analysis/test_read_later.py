"""Stored reports are read as far as somebody looks, and are the same as if they were read whole."""

from __future__ import annotations

from tests.unit.rendering.sample import report
from variate.analysis.read_later import ReadLater
from variate.analysis.report_record import (
    report_document,
    report_from_document,
    report_from_record,
    report_record,
)


def test_a_report_comes_back_from_its_document_as_it_was() -> None:
    made = report()
    document = report_document(made)
    read = report_from_document(document)
    assert read == made == report_from_record(report_record(made))
    assert hash(read.metrics[0].slices[0]) == hash(made.metrics[0].slices[0])
    assert report_record(read) == report_record(made)


def test_nothing_is_read_that_nobody_looks_at() -> None:
    read: list[str] = []

    def number(text: str) -> int:
        read.append(text)
        return int(text)

    later = ReadLater(["1", "2", "3"], number)
    assert (len(later), read) == (3, [])
    assert (later[-1], read) == (3, ["3"])
    assert (list(later), later[1:], later == (1, 2, 3)) == ([1, 2, 3], (2, 3), True)
    assert read == ["3", "1", "2", "3"]
    assert later != (1, 2)
    assert later == ReadLater(["1", "2", "3"], int)
    assert repr(later) == "(1, 2, 3)"
