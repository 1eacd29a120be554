"""The thread in which a serving follows publications, and what it brings."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from tests.unit.publishing.world import FOLLOWER, PATIENCE
from variate.publishing.serving import Serving


def follower() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name == FOLLOWER]


def ended(serving: Serving) -> bool:
    """Close it and return whether its thread has ended."""
    threads = follower()
    serving.close()
    for each in threads:
        each.join(PATIENCE)
    return not any(each.is_alive() for each in threads)


class Exchanged:
    """Says when a serving has another snapshot."""

    def __init__(self, serving: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
        self.changed = threading.Condition()
        self.seen: list[Any] = []
        use = serving.engine.use

        def using(snapshot: Any) -> None:
            use(snapshot)
            with self.changed:
                self.seen += [snapshot] if snapshot not in self.seen else []
                self.changed.notify_all()

        monkeypatch.setattr(serving.engine, "use", using)

    def wait(self, times: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.seen) >= times, PATIENCE), self.seen
