"""The service over HTTP: ours beside a bare ASGI application and plain FastAPI, on one core."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import service_evaluation
from benchmarks.engines import Engines
from benchmarks.line import Line


def lines(engines: Engines, *, turns: int) -> Iterator[Line]:
    """Yield what evaluation costs over HTTP."""
    yield from service_evaluation.lines(engines, turns=turns)
