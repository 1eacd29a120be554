"""Lambda handlers that keep their connections from one invocation to the next.

    @lambda_handler
    def handler(event, context): ...

and ``variate.aws.lambdas.relay_handler``, to be run on a schedule.
"""

from __future__ import annotations

import functools
import inspect
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeVar

from variate.clients import dynamodb_client, pg_client, redis_client
from variate.errors import VariateError

if TYPE_CHECKING:
    from variate.platform import Platform

R = TypeVar("R")

CLOSING_SECONDS = 0.4
"""Lambda gives 0.5 seconds between SIGTERM and SIGKILL where an extension makes it send SIGTERM at all."""


def lambda_handler(process_event: Callable[..., R]) -> Callable[[Any, Any], R]:
    """Return a handler that calls ``process_event(event)``, or ``process_event(event, context)`` if it takes that.

    Connections stay open for the next invocation; those that broke while the process was frozen are replaced when
    they are next used. What ``pg_client.get_connection()`` left uncommitted is rolled back, so that no transaction
    holds its locks while the process is frozen. At SIGTERM every connection is closed.

    Where the default platform is open, decisions are made from a snapshot that was looked for at most a polling
    interval ago, and the assignments made are durable when the handler returns; while the ledger is away they stay
    pending.
    """
    takes_context = _takes_context(process_event)

    @functools.wraps(process_event)
    def handler(event: Any, context: Any = None) -> R:
        _at_sigterm.install()
        _thaw()
        try:
            return process_event(event, context) if takes_context else process_event(event)
        finally:
            _settle()
            pg_client.release()

    return handler


def close_connections() -> None:
    """Close every connection of the clients and of the default platform; the next use opens new ones."""
    platform = _open_platform()
    if platform is not None:
        platform.close()
    pg_client.close()
    redis_client.close_connections()
    dynamodb_client.close()


def _thaw() -> None:
    """Make up for what the platform's threads did not do while the process was frozen."""
    platform = _open_platform()
    if platform is not None:
        platform.refresh()


def _settle() -> None:
    """Leave nothing to threads that may be frozen in a moment."""
    platform = _open_platform()
    if platform is not None and platform.ledger_status().pending:
        with suppress(VariateError):  # they stay pending, and are counted where they are let go
            platform.flush_assignments()


def _open_platform() -> Platform | None:
    """Return the default platform if the process has opened it."""
    module = sys.modules.get("variate.platform.default")
    return None if module is None else module.opened_platform()


def _takes_context(process_event: Callable[..., Any]) -> bool:
    signature = inspect.signature(process_event)
    if "context" in signature.parameters:
        return True
    try:
        signature.bind("event")
    except TypeError:
        return True
    return False


class _AtSigterm:
    """Closes the connections at SIGTERM, then does what would have been done without."""

    def __init__(self) -> None:
        self._installed = False
        self._former: Any = None

    def install(self) -> None:
        """Take over SIGTERM, unless it is ignored, somebody's outside Python, or this is not the main thread."""
        if self._installed or threading.current_thread() is not threading.main_thread():
            return
        self._installed = True
        former = signal.getsignal(signal.SIGTERM)
        if callable(former) or former is signal.SIG_DFL:
            self._former = former
            signal.signal(signal.SIGTERM, self._close)

    def _close(self, number: int, frame: FrameType | None) -> None:
        # In a thread, because the main one may stand in the midst of something that holds a client's lock.
        closing = threading.Thread(target=close_connections, daemon=True)
        closing.start()
        closing.join(CLOSING_SECONDS)
        if callable(self._former):
            self._former(number, frame)
        else:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)


_at_sigterm = _AtSigterm()


@lambda_handler
def relay_handler(_event: Any, _context: Any) -> dict[str, int]:
    """Deliver what the outboxes hold; return ``{"delivered": n}``."""
    from variate.platform import default_platform  # noqa: PLC0415 - other handlers do without the platform

    return {"delivered": default_platform().relay.deliver()}
