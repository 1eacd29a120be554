"""A world for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.publishing.world import World


@pytest.fixture
def world() -> Iterator[World]:
    found = World()
    yield found
    found.close()
