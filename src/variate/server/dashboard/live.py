"""What is live on pages: server-sent events, one reading for all who look at the same."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TypeVar

from starlette.responses import StreamingResponse

from variate.errors import VariateError
from variate.patience import within
from variate.server.answer import encode
from variate.server.refusal import Refusal

logger = logging.getLogger("variate.server")

MOST_STREAMS = 1_000
"""How many may look at once in one process: what a process has file descriptors for is to be left to others."""
MOST_OF_A_PERSON = 60
"""How many of these one person may have: each may be of something else, which is read for it alone."""
LASTS_SECONDS = 300.0
"""After so long a stream ends and the browser asks anew."""
CHECK_SECONDS = 10.0
"""How often it is asked whether who looks still may: so late a stream ends with its session."""
READ_SECONDS = 5.0
"""How long stores may take for what is live: one that hangs has the next topic wait no longer."""
_THREADS = 4
_AWAY = b"event: away\ndata: -\n\n"
_BACK = b"event: back\ndata: -\n\n"
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # nginx would hold events back

T = TypeVar("T")
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
        # Streams are answered in threads, and begin and end on the loop: these are read without a look at many values.
        self._count = 0
        self._of_person: dict[str, int] = {}
        self.closed = False

    def stream(
        self, topic: str, read: Callable[[], Shown], *, every: float, person: str, may_look: Callable[[], bool]
    ) -> StreamingResponse:
        """Answer with what ``read`` returns, now and whenever it is something else.

        It is called in a thread. ``topic`` names all of what it depends on: who looks at one of the same name is told
        the same. It returns text by the ``data-live`` of the elements that it is to stand in; a key that ends with
        ``|html`` is of markup. The stream is of ``person``, and ends when ``may_look``, which is called in a thread,
        says that they no longer may.
        """
        if self._count >= MOST_STREAMS or self._of_person.get(person, 0) >= MOST_OF_A_PERSON:
            raise Refusal(429, "too_many_streams", "too many look at live pages here", headers={"Retry-After": "60"})
        return StreamingResponse(
            self._counted(person, self._chunks(topic, read, every, may_look)),
            media_type="text/event-stream",
            headers=dict(_HEADERS),
        )

    def looking(self) -> int:
        """Return how many look in this process."""
        return self._count

    def close(self) -> None:
        """End every stream. Safe from any thread, and to repeat."""
        self.closed = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        for topic in [*self._topics.values()]:
            turn = topic.turn
            if turn is not None and not turn.get_loop().is_closed():
                turn.get_loop().call_soon_threadsafe(_wake, topic)

    async def _counted(self, person: str, chunks: AsyncGenerator[bytes]) -> AsyncGenerator[bytes]:
        self._count += 1
        self._of_person[person] = self._of_person.get(person, 0) + 1
        try:
            async with aclosing(chunks):
                async for chunk in chunks:
                    yield chunk
        finally:
            self._count -= 1
            self._of_person[person] -= 1
            if not self._of_person[person]:
                del self._of_person[person]

    async def _chunks(
        self, name: str, read: Callable[[], Shown], every: float, may_look: Callable[[], bool]
    ) -> AsyncGenerator[bytes]:
        topic = self._topics.setdefault(name, _Topic())
        topic.looking += 1
        loop = asyncio.get_running_loop()
        until = loop.time() + LASTS_SECONDS
        checked = loop.time()
        seen = b""
        was_away = False
        try:
            if topic.task is None:
                topic.turn = loop.create_future()
                topic.task = loop.create_task(self._read(name, topic, read, every))
            yield b"retry: 2000\n\n"
            while not self.closed and loop.time() < until:
                if loop.time() - checked >= CHECK_SECONDS:
                    if not await self._in_thread(may_look):
                        break
                    checked = loop.time()
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

    async def _in_thread(self, ask: Callable[[], bool]) -> bool:
        """Return the answer; no, where it is not to be had as all of it closes."""
        try:
            asking = asyncio.get_running_loop().run_in_executor(self._threads, _in_time, ask)
        except RuntimeError:
            return False
        await asyncio.wait((asking,))
        return not asking.cancelled() and asking.result()

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
    return encode(_in_time(read))


def _in_time(ask: Callable[[], T]) -> T:
    with within(READ_SECONDS):
        return ask()


def _trace_of(error: Exception) -> Exception | None:
    """Return the error where it is none that we foresee."""
    return None if isinstance(error, VariateError) else error


def _wake(topic: _Topic) -> None:
    turn = topic.turn
    if turn is not None and not turn.done():
        topic.turn = turn.get_loop().create_future()
        turn.set_result(None)
