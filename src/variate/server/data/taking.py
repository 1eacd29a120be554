"""Taking events in: a request's events are handed over to be written, and it waits until they are durable."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from concurrent.futures import Future
from typing import Any, TypeAlias

from variate.errors import StoreUnavailableError
from variate.model import Verdict

MAX_EVENTS = 500
"""Most events of a request."""
ANSWER_SECONDS = 10.0
"""How long a sender waits at most: what is stored after that is a duplicate when it comes again."""

Counts: TypeAlias = MutableMapping[str, int]
"""How many events had each verdict, in this process."""


class Taking:
    """Hands events to ``submit``, as ``Platform.submit_events`` is, and counts their verdicts."""

    def __init__(self, submit: Callable[[Iterable[Mapping[str, Any]]], Future[list[Verdict]]], counts: Counts) -> None:
        self._submit = submit
        self._counts = counts

    async def take(self, events: Sequence[Mapping[str, Any]]) -> list[Verdict]:
        """Return a verdict for each, once those that are to be stored are durable.

        Raise ``StoreUnavailableError`` where they may not be.
        """
        answer = self._submit(events)
        if not answer.done():
            try:
                async with asyncio.timeout(ANSWER_SECONDS):
                    await asyncio.wrap_future(answer)
            except TimeoutError as error:
                message = f"the events were not stored within {ANSWER_SECONDS:g} s: send them again"
                raise StoreUnavailableError(message) from error
        verdicts = answer.result()
        for verdict in verdicts:
            self.count(verdict.status.value)
        return verdicts

    def count(self, what: str, number: int = 1) -> None:
        """Count events that were handed to nobody, such as ``ignored`` ones."""
        self._counts[what] = self._counts.get(what, 0) + number
