"""Moments as DynamoDB attributes keep their order and every microsecond."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import example, given
from hypothesis import strategies as st

from variate.stores.dynamodb.attributes import (
    Attribute,
    epoch,
    instant,
    item_bytes,
    latest,
    newest_first,
    read_epoch,
    read_instant,
    text,
    tie_of,
)

MOMENTS = st.datetimes(timezones=st.just(UTC))
WHOLE_SECONDS = MOMENTS.map(lambda moment: moment.replace(microsecond=0))


def _as_the_guide_writes(moment: datetime) -> Attribute:
    return text(moment.replace(tzinfo=None).isoformat(timespec="seconds") + ".000Z")


def _spoilt(parts: tuple[Attribute, int, str]) -> Attribute:
    attribute, kept, end = parts
    return text(attribute["S"][:kept] + end)


ATTRIBUTES = st.one_of(MOMENTS.map(instant), WHOLE_SECONDS.map(_as_the_guide_writes))
TEXTS = st.one_of(ATTRIBUTES, st.tuples(ATTRIBUTES, st.integers(0, 27), st.text()).map(_spoilt), st.text().map(text))
"""What an index may hold: moments, and what somebody wrote by hand."""


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
    bound = latest(instant(moment))
    if read_instant(attribute) <= moment:
        assert attribute["S"] <= bound["S"]
    assert instant(moment)["S"] <= bound["S"]
    whole = _as_the_guide_writes(moment.replace(microsecond=0))
    assert whole["S"] <= bound["S"]


@given(ATTRIBUTES, ATTRIBUTES)
def test_newest_first_is_the_order_of_the_moments(one: Attribute, other: Attribute) -> None:
    assert (newest_first(one) < newest_first(other)) == (read_instant(one) > read_instant(other))


@given(TEXTS, TEXTS)
def test_newest_first_is_the_order_of_an_index_where_texts_do_not_tie(one: Attribute, other: Attribute) -> None:
    if tie_of(one) != tie_of(other):
        assert (newest_first(one) < newest_first(other)) == (one["S"] > other["S"])


@given(TEXTS, TEXTS)
@example(text("2000-02-01T00:00:00.000000Z"), text("2000-02-01T00:00:00.000Z0"))
def test_nothing_that_comes_later_newest_first_sorts_after_the_bound(one: Attribute, other: Attribute) -> None:
    if newest_first(one) <= newest_first(other):
        assert other["S"] <= latest(one)["S"]


def test_an_items_bytes_are_those_of_its_utf_8() -> None:
    assert item_bytes({"id": text("é"), "n": {"N": "12"}}) >= 2 + 2 + 1 + 2
    assert item_bytes({"id": text("😀" * 100)}) >= 402
