"""A service that makes as many previews as it makes at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from variate.platform import Platform
from variate.platform.previewing import AT_ONCE, Previewing


@contextmanager
def all_turns_taken(platform: Platform) -> Iterator[None]:
    """Have as many previews in the making, within the block, as a process makes at once."""
    previewing = platform.preview_change.__self__  # type: ignore[attr-defined]  # a method of it
    assert isinstance(previewing, Previewing)
    for _ in range(AT_ONCE):
        assert previewing.turns.acquire(blocking=False)
    try:
        yield
    finally:
        previewing.turns.release(AT_ONCE)
