"""``python -m benchmarks.served APPLICATION FOLDER CORE``: serve one until standard input ends."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.served.serving import pin, serve


@contextmanager
def _bare(folder: Path) -> Iterator[Any]:
    bulk = folder / "bulk.json"
    yield import_module("benchmarks.served.bare").bare(bulk.read_bytes() if bulk.exists() else b"")


@contextmanager
def _framework(_folder: Path) -> Iterator[Any]:
    yield import_module("benchmarks.served.framework").framework()


@contextmanager
def _page(_folder: Path) -> Iterator[Any]:
    yield import_module("benchmarks.pages.floor").floor()


# Each imports its own only, so that its memory is its own.
_APPLICATIONS: dict[str, Callable[[Path], AbstractContextManager[Any]]] = {
    "ours": lambda folder: import_module("benchmarks.served.ours").ours(folder),
    "bare": _bare,
    "framework": _framework,
    "page": _page,
}


def _protocol(name: str) -> Any:
    """Return ours for ours, as `variate serve` has it, and uvicorn's own for the others."""
    if name != "ours":
        return "httptools"
    guarded = import_module("variate.server.operations.protocol").GuardedProtocol
    return partial(guarded, head_seconds=10)


def main(name: str, folder: str, core: str) -> None:
    """Serve it on this core, once its port is printed."""
    pin(int(core) if core else None)
    with _APPLICATIONS[name](Path(folder)) as application:
        serve(application, http=_protocol(name))


if __name__ == "__main__":
    main(*sys.argv[1:])
