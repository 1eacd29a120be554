"""What the first look at each page would wait for, made ready beside the first look at any."""

from __future__ import annotations

import logging
import threading
from importlib import import_module

from variate.server.dashboard import templating

logger = logging.getLogger("variate.server")

_OF_REPORTS = ("variate.analysis.reporting", "variate.rendering.report_markup")
"""What pages of reports import: numpy and scipy with them, which a process without such pages is spared."""


class Warming:
    """Compiles every template and imports what reports need, in a thread, once somebody looks at a page.

    Nobody has to wait for it: whoever comes first to something has it made there and then.
    """

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Begin, unless it has begun already. Of one thread, that of the event loop."""
        if self._thread is None:
            self._thread = threading.Thread(target=_warm, name="variate-warming", daemon=True)
            self._thread.start()


def _warm() -> None:
    try:
        templating.compile_all()
        for name in _OF_REPORTS:
            import_module(name)
        import_module("variate.rendering.environment").compile_all()
    except Exception:
        logger.exception("what pages need could not be made ready: each makes it when it is looked at")
