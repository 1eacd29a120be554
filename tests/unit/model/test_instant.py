"""Moments are aware, in UTC, to the microsecond; as text, their order is the order of time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.unit.model.values import instants
from variate.errors import InvalidInputError
from variate.model import check_instant, format_instant, parse_instant

NOON = datetime(2026, 1, 31, 12, 30, 15, 123456, tzinfo=UTC)
offsets = st.timedeltas(timedelta(hours=-23), timedelta(hours=23)).map(timezone)


@given(instants)
def test_a_moment_comes_back_from_its_text(moment: datetime) -> None:
    assert parse_instant("at", format_instant(moment)) == moment
    assert len(format_instant(moment)) == 27


@given(instants, instants)
def test_the_order_of_texts_is_the_order_of_moments(one: datetime, other: datetime) -> None:
    assert (format_instant(one) < format_instant(other)) == (one < other)


@given(instants, offsets)
def test_a_moment_elsewhere_is_the_same_moment_in_utc(utc: datetime, zone: timezone) -> None:
    assume(2 <= utc.year <= 9998)
    moment = utc.replace(tzinfo=zone)
    checked = check_instant("at", moment)
    assert checked == moment
    assert checked.tzinfo is UTC
    if zone.utcoffset(None) % timedelta(seconds=1):
        with pytest.raises(InvalidInputError, match=r"^at: must carry an offset of whole seconds"):
            parse_instant("at", moment.isoformat())
    else:
        assert parse_instant("at", moment.isoformat()) == moment


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31T12:30:15.123456Z",
        "2026-01-31T12:30:15.123456+00:00",
        "2026-01-31T14:30:15.123456+02:00",
        "2026-01-31 07:00:15.123456-05:30",
        "20260131T123015.123456Z",
    ],
)
def test_iso_8601_with_an_offset_is_read(text: str) -> None:
    assert parse_instant("at", text) == NOON
    assert parse_instant("at", text).tzinfo is UTC


@pytest.mark.parametrize("text", ["2026-01-31T12:30:15", "2026-01-31", "2026-01-31T12:30"])
def test_text_without_an_offset_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="start_time: must carry an offset such as Z"):
        parse_instant("start_time", text)


@pytest.mark.parametrize("text", ["", "now", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "1700000000", "12:30Z"])
def test_text_that_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="start_time: must be an ISO 8601 time"):
        parse_instant("start_time", text)


@pytest.mark.parametrize("value", [None, 1_700_000_000, 1.5, NOON.date(), ["2026-01-31T12:30:15Z"]])
def test_what_is_neither_a_datetime_nor_text_is_refused(value: object) -> None:
    with pytest.raises(InvalidInputError, match="start_time: must be a datetime"):
        parse_instant("start_time", value)


def test_a_naive_datetime_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="at: must carry a time zone"):
        check_instant("at", NOON.replace(tzinfo=None))


@pytest.mark.parametrize(
    "moment",
    [
        datetime.min.replace(tzinfo=timezone(timedelta(hours=1))),
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))),
    ],
)
def test_a_moment_that_utc_has_no_date_for_is_refused(moment: datetime) -> None:
    for value in (moment, moment.isoformat()):
        with pytest.raises(InvalidInputError, match="at: must be between the years 1 and 9999"):
            parse_instant("at", value)
