"""Moments as DynamoDB attributes keep their order and every microsecond."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from variate.stores.dynamodb.attributes import (
    Attribute,
    epoch,
    instant,
    item_bytes,
    latest,
    read_epoch,
    read_instant,
    text,
    tie_of,
)

MOMENTS = st.datetimes(timezones=st.just(UTC))
WHOLE_SECONDS = MOMENTS.map(lambda moment: moment.replace(microsecond=0))


def _as_the_guide_writes(moment: datetime) -> Attribute:
    return text(moment.replace(tzinfo=None).isoformat(timespec="seconds") + ".000Z")


ATTRIBUTES = st.one_of(MOMENTS.map(instant), WHOLE_SECONDS.map(_as_the_guide_writes))


@given(MOMENTS)
def test_epoch_seconds_are_exact(moment: datetime) -> None:
    assert read_epoch(epoch(moment)) == moment


@given(MOMENTS, MOMENTS)
def test_epoch_seconds_sort_as_the_moments_do(one: datetime, other: datetime) -> None:
    assert (Decimal(epoch(one)["N"]) < Decimal(epoch(other)["N"])) == (one < other)


@given(ATTRIBUTES, ATTRIBUTES)
def test_texts_that_do_not_tie_sort_as_their_moments_do(one: Attribute, other: Attribute) -> None:
    if tie_of(one) != tie_of(other):
        assert (one["S"] < other["S"]) == (read_instant(one) < read_instant(other))


@given(ATTRIBUTES, st.integers(0, 1_000_000))
def test_what_ties_is_within_a_millisecond(attribute: Attribute, distance: int) -> None:
    moment = read_instant(attribute)
    other = moment.replace(microsecond=(moment.microsecond + distance) % 1_000_000)
    if tie_of(instant(other)) == tie_of(attribute):
        assert abs((other - moment).total_seconds()) < 0.001


@given(ATTRIBUTES, MOMENTS)
def test_nothing_up_to_a_moment_sorts_after_its_bound(attribute: Attribute, moment: datetime) -> None:
    if read_instant(attribute) <= moment:
        assert attribute["S"] <= latest(moment)["S"]
    assert instant(moment)["S"] <= latest(moment)["S"]
    whole = _as_the_guide_writes(moment.replace(microsecond=0))
    assert whole["S"] <= latest(moment)["S"]


def test_an_items_bytes_are_those_of_its_utf_8() -> None:
    assert item_bytes({"id": text("é"), "n": {"N": "12"}}) >= 2 + 2 + 1 + 2
    assert item_bytes({"id": text("😀" * 100)}) >= 402
