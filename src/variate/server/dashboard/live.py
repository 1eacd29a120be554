"""What is live on pages: server-sent events, one reading for all who look at the same."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from starlette.responses import StreamingResponse

from variate.errors import VariateError
from variate.patience import within
from variate.server.answer import encode
from variate.server.refusal import Refusal

logger = logging.getLogger("variate.server")

MOST_STREAMS = 1_000
"""How many may look at once in one process: what a process has file descriptors for is to be left to others."""
LASTS_SECONDS = 300.0
"""After so long a stream ends and the browser asks anew: who is signed out by then sees no more."""
READ_SECONDS = 5.0
"""How long stores may take for what is live: one that hangs has the next topic wait no longer."""
_THREADS = 4
_AWAY = b"event: away\ndata: -\n\n"
_BACK = b"event: back\ndata: -\n\n"
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # nginx would hold events back

Shown = Mapping[str, str]
"""What is to stand in the elements of a page, by their ``data-live``: text, or markup that a template made."""


@dataclass(slots=True)
class _Topic:
    looking: int = 0
    said: bytes = b""
    is_away: bool = False
    """It could not be read the last time: what was said is old."""
    turn: asyncio.Future[None] | None = None
    task: asyncio.Task[None] | None = field(default=None, repr=False)


class Live:
    """Reads what pages look at, each every so many seconds while somebody looks, and tells all of them what changed.

    Where it cannot be read they are told so by an event ``away``, and by ``back`` once it can be. ``close`` ends every
    stream, which would hold up a stop.
    """

    def __init__(self) -> None:
        self._topics: dict[str, _Topic] = {}
        # A pool of its own: while a store hangs, whoever looks on waits, and nothing that programs ask for.
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="variate-live")
        self.closed = False

    def stream(self, topic: str, read: Callable[[], Shown], *, every: float) -> StreamingResponse:
        """Answer with what ``read`` returns, now and whenever it is something else.

        It is called in a thread. ``topic`` names all of what it depends on: who looks at one of the same name is told
        the same. It returns text by the ``data-live`` of the elements that it is to stand in; a key that ends with
        ``|html`` is of markup.
        """
        if self.looking() >= MOST_STREAMS:
            raise Refusal(429, "too_many_streams", "too many look at live pages here", headers={"Retry-After": "60"})
        return StreamingResponse(
            self._chunks(topic, read, every), media_type="text/event-stream", headers=dict(_HEADERS)
        )

    def looking(self) -> int:
        """Return how many look in this process."""
        return sum(topic.looking for topic in self._topics.values())

    def close(self) -> None:
        """End every stream. Safe from any thread, and to repeat."""
        self.closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        for topic in [*self._topics.values()]:
            turn = topic.turn
            if turn is not None and not turn.get_loop().is_closed():
                turn.get_loop().call_soon_threadsafe(_wake, topic)

    async def _chunks(self, name: str, read: Callable[[], Shown], every: float) -> AsyncGenerator[bytes]:
        topic = self._topics.setdefault(name, _Topic())
        topic.looking += 1
        loop = asyncio.get_running_loop()
        until = loop.time() + LASTS_SECONDS
        seen = b""
        was_away = False
        try:
            if topic.task is None:
                topic.turn = loop.create_future()
                topic.task = loop.create_task(self._read(name, topic, read, every))
            yield b"retry: 2000\n\n"
            while not self.closed and loop.time() < until:
                turn = topic.turn
                if topic.is_away != was_away:
                    was_away = topic.is_away
                    yield _AWAY if was_away else _BACK
                if topic.said != seen:
                    seen = topic.said
                    yield b"data: %b\n\n" % seen
                if turn is not None:
                    await asyncio.wait((turn,), timeout=max(0.0, until - loop.time()))
                    yield b":\n\n"
        finally:
            topic.looking -= 1
            if not topic.looking:
                self._topics.pop(name, None)
                if topic.task is not None:
                    topic.task.cancel()

    async def _read(self, name: str, topic: _Topic, read: Callable[[], Shown], every: float) -> None:
        loop = asyncio.get_running_loop()
        while not self.closed:
            try:
                topic.said = await loop.run_in_executor(self._threads, _said, read)
            except Exception as error:
                if self.closed:
                    return
                if not topic.is_away:
                    logger.warning("what is live at %s cannot be read: %s", name, error, exc_info=_trace_of(error))
                topic.is_away = True
            else:
                topic.is_away = False
            _wake(topic)
            await asyncio.sleep(every)


def _said(read: Callable[[], Shown]) -> bytes:
    with within(READ_SECONDS):
        return encode(read())


def _trace_of(error: Exception) -> Exception | None:
    """Return the error where it is none that we foresee."""
    return None if isinstance(error, VariateError) else error


def _wake(topic: _Topic) -> None:
    turn = topic.turn
    if turn is not None and not turn.done():
        topic.turn = turn.get_loop().create_future()
        turn.set_result(None)
