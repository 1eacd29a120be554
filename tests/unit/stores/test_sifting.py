"""A list sifted by what its store cannot tell: full pages, whatever lies between."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.testing.pages import cut
from variate.errors import InvalidInputError
from variate.model import MAX_PAGE, Page
from variate.stores.sifting import ReadsPages, Sifting
from variate.testing.conformance.paging import check_refusals, walk

Fits = Callable[[int], bool]
FITTING: dict[str, Fits] = {
    "all": lambda _: True,
    "none": lambda _: False,
    "the first": lambda number: number == 0,
    "the last": lambda number: number == 2_999,
    "a few at the end": lambda number: number >= 2_990,
    "every second": lambda number: number % 2 == 0,
    "every hundredth": lambda number: number % 100 == 0,
    "all but a thousand in the middle": lambda number: not 1_000 <= number < 2_001,
}


def numbers(count: int = 3_000) -> tuple[ReadsPages[int], list[int]]:
    """Return a list of the numbers below ``count``, and what it will have been asked to read."""
    asked: list[int] = []

    def read(*, limit: int, last_key: str | None) -> Page[int]:
        asked.append(limit)
        return cut(range(count), by=lambda number: (number,), of="n", limit=limit, last_key=last_key, width=1)

    return read, asked


@pytest.mark.parametrize("name", FITTING)
def test_pages_are_full_and_hold_each_that_fits_once(name: str) -> None:
    fits = FITTING[name]
    listing = Sifting(numbers()[0], fits, of=name)
    expected = list(filter(fits, range(3_000)))
    for limit in (7, 50, MAX_PAGE):
        assert walk(lambda limit, key: listing.page(limit=limit, last_key=key), limit=limit) == expected


@pytest.mark.parametrize("name", FITTING)
def test_a_last_key_leads_to_another_one(name: str) -> None:
    fits = FITTING[name]
    listing = Sifting(numbers()[0], fits, of=name)
    left = sum(map(fits, range(3_000)))
    page = listing.page(limit=7)
    while page.last_key is not None:
        left -= len(page)
        assert left > 0
        page = listing.page(limit=7, last_key=page.last_key)
    assert len(page) == left


def test_where_all_fit_little_more_is_read_than_asked_for() -> None:
    read, asked = numbers()
    judged: list[int] = []

    def fits(number: int) -> bool:
        judged.append(number)
        return True

    Sifting(read, fits, of="all").page(limit=50)
    assert asked == [50, 50]
    assert judged == list(range(51))  # the first that fits tells that there is more


def test_what_cannot_be_read_is_named_and_takes_its_place() -> None:
    error = InvalidInputError("traffic", "must be at most 100")

    def read(*, limit: int, last_key: str | None) -> Page[int]:
        page = numbers(20)[0](limit=limit, last_key=last_key)
        spoilt = {str(number): error for number in page if number % 5 == 0}
        return Page(tuple(number for number in page if number % 5), page.last_key, spoilt)

    listing = Sifting(read, lambda number: number % 2 == 0, of="even")
    items: list[int] = []
    unreadable: list[str] = []
    key: str | None = None
    while True:
        page = listing.page(limit=3, last_key=key)
        items += page.items
        unreadable += page.unreadable
        key = page.last_key
        if key is None:
            break
        assert len(page.items) + len(page.unreadable) == 3
    assert (items, unreadable) == ([2, 4, 6, 8, 12, 14, 16, 18], ["0", "5", "10", "15"])


def test_a_last_key_is_of_what_was_looked_for() -> None:
    even, odd = (
        Sifting(numbers()[0], fits, of=name) for name, fits in (("even", FITTING["every second"]), ("odd", bool))
    )
    foreign = [odd.page(limit=1).last_key, numbers()[0](limit=1, last_key=None).last_key]
    check_refusals(lambda limit, key: even.page(limit=limit, last_key=key), foreign=foreign)


@pytest.mark.parametrize("limit", [0, -1, MAX_PAGE + 1])
def test_a_limit_that_is_none_is_refused(limit: int) -> None:
    with pytest.raises(InvalidInputError, match="limit"):
        Sifting(numbers()[0], lambda _: True, of="all").page(limit=limit)
