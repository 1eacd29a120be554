"""A world for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.definition.stage import BETA
from tests.unit.publishing.built import flag
from tests.unit.publishing.world import World


@pytest.fixture
def world() -> Iterator[World]:
    found = World()
    yield found
    found.close()


@pytest.fixture
def full(world: World) -> World:
    """A world with something of everything."""
    world.audiences.create_audience("beta", condition=BETA)
    world.layers.create_layer("checkout")
    world.holdouts.create_holdout("new", percentage=5)
    world.started(audience={"audience": "beta"}, layer="checkout", layer_range=[0, 50], holdouts=["new"])
    world.started("plain")
    for flag_id, needs in (("base", ()), ("middle", ("base",)), ("top", ("middle",)), ("beside", ())):
        flag(world, flag_id, *needs)
    world.flags.create_feature_flag("free", flag_id="free", rules={"any": "thing"}, status="active")
    return world
