"""Several processes that answer at one address: started, started again when one dies, and ended together."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path

from variate.errors import ConfigurationError, VariateError
from variate.platform import Platform
from variate.server.operations.logs import configure
from variate.server.operations.process import Place, run

logger = logging.getLogger("variate.supervisor")

_ANSWERS = b"answers"
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_STEADY_SECONDS = 60.0
"""A process that lived for so long is started again at once when it dies."""
_GRACE_SECONDS = 5.0
"""What a process may take beyond ``shutdown_seconds`` before it is killed."""


@dataclass(kw_only=True)
class _Child:
    place: Place
    process: SpawnProcess | None = None
    said: Connection | None = None
    answers: bool = False
    started_at: float = 0.0
    start_at: float = 0.0
    """When to start it, where it is not running."""
    pause: float = 0.0


class Supervisor:
    """Runs ``count`` processes as ``place`` says, until SIGTERM or SIGINT.

    ``answer`` is called once, when all of them answer for the first time.
    """

    def __init__(self, place: Place, listener: socket.socket, *, count: int, answer: Callable[[], None]) -> None:
        self._listener = listener
        self._answer = answer
        # Nothing of a parent's threads, locks and connections is in a process that was spawned.
        self._context = get_context("spawn")
        self._folder = Path(tempfile.mkdtemp(prefix="variate-"))
        self._seconds = place.settings.service.shutdown_seconds
        self._children = [
            _Child(place=replace(place, number=number, numbers_folder=self._folder)) for number in range(count)
        ]
        self._answered = False
        self._told = False
        self._stopping: float | None = None
        self._failure: str | None = None
        configure(form=place.settings.service.log_format, level=place.settings.service.log_level)

    def run(self) -> int:
        """Return the exit status once every process has ended; raise what one said that could not begin."""
        try:
            with _signals(self._told_to_stop) as woken:
                while self._stopping is None or any(child.process for child in self._children):
                    self._start_those_due()
                    self._wait(woken)
                    if self._told:
                        self._stop()
                    self._kill_those_late()
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)
        if self._failure is not None:
            raise ConfigurationError(self._failure)
        return 0

    def _told_to_stop(self, number: int) -> None:
        if self._told:
            for child in self._running():
                child.kill()
            os._exit(128 + number)
        self._told = True  # and no more: one that is just being started cannot be told yet

    def _stop(self) -> None:
        if self._stopping is None:
            self._stopping = time.monotonic()
            for process in self._running():
                process.terminate()

    def _running(self) -> list[SpawnProcess]:
        return [child.process for child in self._children if child.process is not None]

    def _start_those_due(self) -> None:
        now = time.monotonic()
        for child in self._children:
            if self._told or self._stopping is not None:
                return
            if child.process is None and now >= child.start_at:
                ours, theirs = self._context.Pipe(duplex=False)
                process = self._context.Process(
                    target=_be, args=(child.place, self._listener, theirs), name=f"variate-{child.place.number}"
                )
                process.start()
                child.process, child.said, child.answers, child.started_at = process, ours, False, now
                theirs.close()

    def _wait(self, woken: socket.socket) -> None:
        """Wait until something is to be done, and hear what the processes say and which have ended."""
        now = time.monotonic()
        pauses = [max(0.0, child.start_at - now) for child in self._children if child.process is None]
        late = [] if self._stopping is None else [max(0.0, self._killed_at - now)]
        by_sentinel = {child.process.sentinel: child for child in self._children if child.process is not None}
        by_pipe = {child.said: child for child in self._children if child.said is not None}
        pauses = [] if self._stopping is not None else pauses
        ready = wait([*by_sentinel, *by_pipe, woken], min([*pauses, *late], default=None))
        for each in ready:
            if each is woken:
                woken.recv(4_096)
            elif isinstance(each, Connection):
                self._hear(by_pipe[each], each)
        for sentinel, child in by_sentinel.items():
            if sentinel in ready:
                self._ended(child)

    def _hear(self, child: _Child, said: Connection) -> None:
        try:
            words = said.recv_bytes()
        except (EOFError, OSError):
            said.close()
            child.said = None
            return
        if words != _ANSWERS:
            failure = words.decode(errors="replace")
            if self._answered:  # the others go on, and this one is tried again
                logger.error("a process could not begin: %s", failure, extra={"place": child.place.number})
            else:
                self._failure = failure
                self._stop()
            return
        child.answers = True
        if not self._answered and all(each.answers for each in self._children):
            self._answered = True
            self._answer()

    def _ended(self, child: _Child) -> None:
        process = child.process
        if process is None:
            return
        process.join()
        if child.said is not None and child.said.poll():
            self._hear(child, child.said)
        now = time.monotonic()
        if not self._told and self._stopping is None:
            steady = now - child.started_at >= _STEADY_SECONDS
            child.pause = 0.0 if steady else min(_LONGEST_PAUSE_SECONDS, max(_FIRST_PAUSE_SECONDS, child.pause * 2))
            child.start_at = now + child.pause
            logger.error(
                "process %s ended with status %s: starting another in %g s",
                process.pid,
                process.exitcode,
                child.pause,
                extra={"place": child.place.number},
            )
        process.close()
        child.process = None

    @property
    def _killed_at(self) -> float:
        return (self._stopping or 0.0) + self._seconds + _GRACE_SECONDS

    def _kill_those_late(self) -> None:
        if self._stopping is not None and time.monotonic() >= self._killed_at:
            for process in self._running():
                logger.error("process %s does not end: it is killed", process.pid)
                process.kill()


def _be(place: Place, listener: socket.socket, parent: Connection) -> None:
    """Be one of the processes; ``parent`` is told when it answers, or why it cannot begin."""

    def answers(_: Platform) -> None:
        parent.send_bytes(_ANSWERS)

    # Ctrl-C, and systemd's SIGTERM, go to the parent and to this one, which the parent tells, too: twice is once.
    # Whoever means to hurry tells the parent again, which kills this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # until it is heeded
    try:
        run(place, listener, answers=answers, hurried_by=())
    except VariateError as error:
        parent.send_bytes(" ".join(str(error).split()).encode())
        raise SystemExit(2) from None


@contextmanager
def _signals(heed: Callable[[int], None]) -> Iterator[socket.socket]:
    """Have ``heed`` called at SIGTERM and SIGINT; yield a socket by which a wait ends then."""
    woken, waker = socket.socketpair()
    with woken, waker:
        woken.setblocking(False)
        waker.setblocking(False)
        before = {number: signal.signal(number, lambda got, _: heed(got)) for number in (signal.SIGTERM, signal.SIGINT)}
        fd = signal.set_wakeup_fd(waker.fileno())
        try:
            yield woken
        finally:
            signal.set_wakeup_fd(fd)
            for number, handler in before.items():
                signal.signal(number, handler)
