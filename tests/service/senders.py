"""Senders that send events until they are told to stop, and keep account of what was acknowledged."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx

from tests.service.running import bearer
from variate.platform import Platform


class Senders:
    """Several at once, each sending requests of events with ids of their own; what is not acknowledged is sent again.

    ``acknowledged`` are the events whose request was answered 202, ``statuses`` how often each status was answered, and
    ``without_wait`` how many refusals did not say when to come back.
    """

    def __init__(self, url: str, *, number: int, size: int) -> None:
        self._url = url
        self._size = size
        self._stopped = threading.Event()
        self.acknowledged: list[dict[str, Any]] = []
        self.statuses: Counter[int] = Counter()
        self.without_wait = 0
        self.lost_connections = 0
        self._threads = [threading.Thread(target=self._send) for _ in range(number)]

    @contextmanager
    def sending(self) -> Iterator[Senders]:
        """Send until the block ends."""
        for thread in self._threads:
            thread.start()
        try:
            yield self
        finally:
            self._stopped.set()
            for thread in self._threads:
                thread.join(30)
                assert not thread.is_alive()

    def unknown_to(self, platform: Platform) -> list[str | None]:
        """Return the ids of the events that were acknowledged and are not in the store."""
        verdicts = platform.batch_create_events(self.acknowledged)
        return [verdict.event_id for verdict in verdicts if verdict.status != "duplicate"]

    def _send(self) -> None:
        with httpx.Client(base_url=self._url, headers=bearer("ingest"), timeout=30) as client:
            events = self._new()
            while not self._stopped.is_set():
                try:
                    answer = client.post("/v1/events", json=events)
                except httpx.TransportError:
                    self.lost_connections += 1
                    return
                self.statuses[answer.status_code] += 1
                if answer.status_code == 202:
                    assert answer.json()["rejected"] == 0
                    self.acknowledged.extend(events)
                    events = self._new()
                else:
                    self.without_wait += "retry-after" not in answer.headers
                    self._stopped.wait(0.02)  # sooner than it is asked to, so as to come in the midst of things

    def _new(self) -> list[dict[str, Any]]:
        made = f"{uuid4()}"
        return [{"id": f"{made}-{n}", "user_id": "u", "event_type": "e", "data": n} for n in range(self._size)]
