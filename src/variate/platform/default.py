"""The process's own platform: what the functions act on."""

from __future__ import annotations

import atexit
import os
import threading

from variate.platform.platform import Platform


class _Default:
    """The process's own platform: opened at the first call, anew after ``close`` and in a forked child."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._platform: Platform | None = None
        self._of_parents: list[Platform] = []

    def __call__(self) -> Platform:
        platform = self._platform
        if platform is not None and not platform.closed:
            return platform
        with self._lock:
            if self._platform is None or self._platform.closed:
                self._platform = Platform.open()
                # What waits to be written with others is written when the process ends.
                atexit.register(self._platform.close)
            return self._platform

    @property
    def opened(self) -> Platform | None:
        """The platform if it is open."""
        platform = self._platform
        return None if platform is None or platform.closed else platform

    def forked(self) -> None:
        """Start afresh in a child: the lock may be held by a thread that is not here, the connections are the parent's.

        The parent's platform is kept from being collected, for that would close connections the parent still uses.
        """
        self._lock = threading.Lock()
        if self._platform is not None:
            self._of_parents.append(self._platform)
            atexit.unregister(self._platform.close)
            self._platform = None


_default = _Default()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_default.forked)


def default_platform() -> Platform:
    """Return what the functions act on: one platform a process, made from the environment at the first call.

    After ``default_platform().close()`` the next call reads the environment again.
    """
    return _default()


def opened_platform() -> Platform | None:
    """Return the default platform if this process has opened it."""
    return _default.opened
