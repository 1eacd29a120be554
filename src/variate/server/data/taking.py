"""Taking events in: a request's events are handed over to be written, and it waits until they are durable."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
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
        if not answer.done() and not await _is_done(answer):
            raise StoreUnavailableError(f"the events were not stored within {ANSWER_SECONDS:g} s: send them again")
        verdicts = answer.result()
        for verdict in verdicts:
            self.count(verdict.status.value)
        return verdicts

    def count(self, what: str, number: int = 1) -> None:
        """Count events that were handed to nobody, such as ``ignored`` ones."""
        self._counts[what] = self._counts.get(what, 0) + number


async def _is_done(answer: Future[list[Verdict]]) -> bool:
    """Wait for the answer, which comes from another thread, for at most ``ANSWER_SECONDS``; return whether it came."""
    # What asyncio has for it, wrap_future in a timeout, takes three times as long: a request of one event is as short.
    loop = asyncio.get_running_loop()
    waiting: asyncio.Future[None] = loop.create_future()

    def end() -> None:
        if not waiting.done():
            waiting.set_result(None)

    def tell(_: Future[list[Verdict]]) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(end)

    answer.add_done_callback(tell)
    timer = loop.call_later(ANSWER_SECONDS, end)
    try:
        await waiting
    finally:
        timer.cancel()
    return answer.done()
