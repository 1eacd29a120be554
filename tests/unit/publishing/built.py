"""What a builder makes of a world, and what it says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.unit.publishing.world import World
from variate.decision import CompiledSnapshot, Surroundings
from variate.publishing.building import Builder, Built


def nothing() -> None:
    return None


def build(world: World, *, before: Callable[[], Mapping[str, Any] | None] = nothing) -> Built:
    """Build anew, as a process that just began."""
    built = Builder("prod").build(world.catalogue.read(), before=before)
    around = Surroundings(clock=lambda: 0.0, kept=lambda *_: None)
    compiled = CompiledSnapshot(built.content, around)
    keys = [(kind, key) for kind in ("experiments", "flags") for key in built.content[kind]]
    assert list(compiled.problems(keys)) == [], "everything that is served compiles"
    return built


def told(built: Built) -> dict[str, str]:
    return {f"{each.kind} {each.id}": each.served for each in built.problems}


def flag(world: World, flag_id: str, *needs: str) -> None:
    world.flags.create_feature_flag(
        flag_id,
        flag_id=flag_id,
        type="boolean",
        status="active",
        prerequisites=[{"flag": name, "variations": ["on"]} for name in needs],
    )
