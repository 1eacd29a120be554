"""The stage of access."""

from __future__ import annotations

import pytest

from tests.unit.access.world import World


@pytest.fixture
def world() -> World:
    return World()
