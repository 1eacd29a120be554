"""How long something is kept, as callers say it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from variate.errors import InvalidInputError
from variate.model.lifetime import expiry
from variate.testing.clocks import START


@pytest.mark.parametrize(("days", "kept"), [(30, timedelta(days=30)), (0.5, timedelta(hours=12)), (36_500, None)])
def test_it_ends_so_many_days_later(days: float, kept: timedelta | None) -> None:
    assert expiry(days, since=START) == START + (kept or timedelta(days=36_500))


def test_without_a_number_it_never_ends() -> None:
    assert expiry(None, since=START) is None


@pytest.mark.parametrize("days", [0, -1, 36_501, 1e300, 10**400, float("nan"), float("inf"), True, "30", [1]])
def test_anything_else_is_refused(days: object) -> None:
    with pytest.raises(InvalidInputError, match=r"^ttl_days: must be "):
        expiry(days, since=START)
