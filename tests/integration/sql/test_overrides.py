"""Overrides that are put and removed at once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from variate.stores.sql import Database, SqlOverrideStore
from variate.testing.builders import build_override
from variate.testing.clocks import START
from variate.testing.conformance.concurrency import together


@pytest.mark.parametrize("attempt", range(10))
def test_a_removal_beats_an_older_override_in_any_order_and_is_told_once_that_it_did(
    database: Database, attempt: int
) -> None:
    store = SqlOverrideStore(database)
    override = build_override(created_at=START)
    later = START + timedelta(seconds=1)

    def act(place: int) -> bool:
        if place == attempt % 4:
            store.put(override)
            return False
        return store.remove(unit=override.unit, target=override.target, target_id=override.target_id, at=later)

    answers = together(4, act)
    assert answers.count(True) <= 1
    assert store.get(unit=override.unit, target=override.target, target_id=override.target_id, at=later) is None
