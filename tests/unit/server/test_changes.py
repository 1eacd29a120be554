"""Who waits for changes is woken, and the loop goes on with what else it has to do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import pairwise
from typing import cast

from variate.platform import Platform
from variate.server.data.changes import ROWS, Changes

LISTENERS = 20 * ROWS


class Snapshots:
    """As much of a platform as tells of its snapshots."""

    def __init__(self) -> None:
        self.heard: list[Callable[[], object]] = []

    def watch_snapshots(self, heard: Callable[[], object]) -> Callable[[], None]:
        self.heard.append(heard)
        return self.heard.clear


def test_all_are_woken_by_a_change_and_few_of_them_at_a_time() -> None:
    snapshots = Snapshots()
    changes = Changes(cast("Platform", snapshots), heartbeat_seconds=3_600)

    async def woken_at_a_time() -> list[int]:
        turns = [changes.turn() for _ in range(LISTENERS)]
        for heard in snapshots.heard:
            heard()
        counts = [0]
        while counts[-1] < LISTENERS:
            await asyncio.sleep(0)
            counts.append(sum(turn.done() for turn in turns))
        changes.close()
        return [after - before for before, after in pairwise(counts)]

    assert max(asyncio.run(asyncio.wait_for(woken_at_a_time(), 10))) == LISTENERS / ROWS
