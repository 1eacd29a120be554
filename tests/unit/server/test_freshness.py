"""Answers say how old their snapshot is when it is older than it should be."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from variate.server.data.freshness import Freshness


def platform(age_seconds: float | None, looked: list[bool] | None = None) -> Any:
    def in_force() -> Any:
        if looked is not None:
            looked.append(True)
        return None if age_seconds is None else SimpleNamespace(age_seconds=age_seconds)

    return SimpleNamespace(settings=SimpleNamespace(snapshot_poll_seconds=2.0), snapshot_in_force=in_force)


@pytest.mark.parametrize(
    ("age_seconds", "told"), [(None, None), (0.0, None), (9.9, None), (10.1, b"10"), (36.9, b"36")]
)
def test_the_age_is_told_where_it_is_late(age_seconds: float | None, told: bytes | None) -> None:
    headers = Freshness(platform(age_seconds)).headers()
    assert headers == (() if told is None else ((b"x-variate-snapshot-age", told),))


def test_it_is_looked_up_once_a_second() -> None:
    looked = list[bool]()
    times = iter([100.0, 100.5, 100.9, 101.1])
    fresh = Freshness(platform(0.0, looked), clock=lambda: next(times))
    found = []
    for _ in range(4):
        fresh.headers()
        found.append(len(looked))
    assert found == [1, 1, 1, 2]
