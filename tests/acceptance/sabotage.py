"""Stores that fail at a chosen write: before it, or after it when the answer is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, cast

from variate.errors import StoreUnavailableError
from variate.platform.backends import Backends

WRITES = frozenset({"insert", "replace", "append", "keep", "put", "remove", "settle", "set", "invalidate"})


class CrashError(BaseException):
    """The process ended here: nobody catches it, and nothing is written after it."""


class Moment(StrEnum):
    """When the fault strikes."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(kw_only=True)
class Fault:
    """Strikes at write number ``at``, counted from 1. A crash ends every later call, too; an outage is one blip."""

    at: int
    moment: Moment
    error: type[BaseException]
    writes: list[str] = field(default_factory=list)
    struck: bool = False

    def around(self, name: str, call: Callable[[], Any]) -> Any:
        """Make the call as the ``name``-th write, or strike."""
        if self.struck and issubclass(self.error, CrashError):
            raise self.error(name)
        self.writes.append(name)
        if len(self.writes) != self.at:
            return call()
        self.struck = True
        if self.moment is Moment.AFTER:
            call()
        raise self.error(name)


class _Sabotaged:
    """A store whose writes go through a fault."""

    def __init__(self, name: str, store: object, fault: Fault) -> None:
        self._name = name
        self._store = store
        self._fault = fault

    def __getattr__(self, method: str) -> Any:
        real = getattr(self._store, method)
        if method not in WRITES:
            return real
        return lambda *args, **kwargs: self._fault.around(f"{self._name}.{method}", lambda: real(*args, **kwargs))


def sabotaged(backends: Backends, fault: Fault) -> Backends:
    """Return the backends with every store's writes going through ``fault``."""

    def wrap(name: str, store: object) -> Any:
        return cast("Any", _Sabotaged(name, store, fault))

    definitions = ("experiments", "audiences", "layers", "holdouts", "metrics", "flags", "overrides")
    names = (*definitions, "audit", "assignments", "events", "serving", "snapshots")
    return replace(
        backends,
        **{name: wrap(name, getattr(backends, name)) for name in names},
        outboxes=tuple(wrap(f"outbox {n}", outbox) for n, outbox in enumerate(backends.outboxes)),
        hot=replace(backends.hot, cache=wrap("cache", backends.hot.cache), aside=wrap("cache", backends.hot.aside)),
    )


FAULTS = [
    (CrashError, Moment.BEFORE),  # a crash after a write is one before the next
    (StoreUnavailableError, Moment.BEFORE),
    (StoreUnavailableError, Moment.AFTER),
]
"""A process that ends between two writes, and an engine that is away for one call or whose answer is lost."""
