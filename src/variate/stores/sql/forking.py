"""What has to rest while the process forks, and the gate by which a fork waits for it."""

from __future__ import annotations

import os
import time
import weakref
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Condition, local


class ForkGate:
    """Calls go in and out; shut, it lets no further one in and waits until those inside are out.

    A call within a call of the same thread is let in always, for the outer one could not end without it.
    """

    def __init__(self) -> None:
        self._changed = Condition()
        self._calls = 0
        self._is_shut = False
        self._of_thread = _OfThread()

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Be inside meanwhile."""
        with self._changed:
            while self._is_shut and self._of_thread.depth == 0:
                self._changed.wait()
            self._calls += 1
        self._of_thread.depth += 1
        try:
            yield
        finally:
            self._of_thread.depth -= 1
            with self._changed:
                self._calls -= 1
                self._changed.notify_all()

    def shut(self, *, timeout_seconds: float) -> bool:
        """Let nobody in any more and return True once nobody is inside; False if somebody stays, or it is we."""
        deadline = time.monotonic() + timeout_seconds
        with self._changed:
            self._is_shut = True
            while self._calls > self._of_thread.depth:
                left = deadline - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    break
            return self._calls == 0

    def reopen(self) -> None:
        """Let calls in again."""
        with self._changed:
            self._is_shut = False
            self._changed.notify_all()


class _OfThread(local):
    depth: int = 0


class RestsAtForks(ABC):
    """What must not be in use while the process forks."""

    def __init__(self) -> None:
        _living.add(self)

    @abstractmethod
    def rest(self) -> None:
        """Before a fork: end what is under way, and begin nothing."""

    @abstractmethod
    def resume(self) -> None:
        """After a fork, in the parent: go on."""

    @abstractmethod
    def begin_anew(self) -> None:
        """After a fork, in the child, whose only thread is this one."""


_living: weakref.WeakSet[RestsAtForks] = weakref.WeakSet()


def _before() -> None:
    for each in tuple(_living):
        each.rest()


def _after_in_parent() -> None:
    for each in tuple(_living):
        each.resume()


def _after_in_child() -> None:
    for each in tuple(_living):
        each.begin_anew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_after_in_parent, after_in_child=_after_in_child)
