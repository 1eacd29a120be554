"""How long whoever runs now may wait for a store: what waits for one looks here first.

A decision is asked for by an event loop, which may not wait at all, by a request with a second to answer in, or by a
program that has time. What a decision is made of is the same for all three and lies far below them, so how long it may
take is told beside the arguments, as a context variable.
"""

from __future__ import annotations

import math
import time
from contextvars import Context, ContextVar, Token
from types import TracebackType

_AT_ONCE = -math.inf

_deadline: ContextVar[float] = ContextVar("variate_deadline", default=math.inf)
"""The moment of the monotonic clock after which nothing is waited for any more."""


class WouldWaitError(Exception):
    """What was asked takes a store, and whoever asked must not wait: to be asked again by somebody who may."""


def seconds_left() -> float:
    """Return how long may be waited from now on: infinite where nobody said, 0 where the time is over.

    Raise ``WouldWaitError`` where nothing may be waited for at all.
    """
    deadline = _deadline.get()
    if deadline == math.inf:
        return deadline
    if deadline == _AT_ONCE:
        raise WouldWaitError
    return max(0.0, deadline - time.monotonic())


class _Block:
    """A block with a deadline of its own, which never outlasts that of the block around it."""

    __slots__ = ("_deadline", "_token")

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline

    def __enter__(self) -> None:
        self._token: Token[float] = _deadline.set(min(self._deadline, _deadline.get()))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _deadline.reset(self._token)


def within(seconds: float) -> _Block:
    """Return a block that waits for stores no longer than this in all; 0 has it go on as if each were away."""
    return _Block(time.monotonic() + seconds)


def at_once() -> Context:
    """Return a context to run functions in, in which ``WouldWaitError`` is raised before anything is waited for.

    It is for one thread at a time. To run in one takes a tenth of what entering a block does, which counts beside a
    decision.
    """
    context = Context()
    context.run(_deadline.set, _AT_ONCE)
    return context
