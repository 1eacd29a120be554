"""People who browse, and people who look at what is live."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.pages.addresses import ADDRESSES, LIVE
from benchmarks.pages.visitor import Visitor

BROWSING = 20
LOOKING = 50
SECONDS_A_PAGE = 2.0
"""How long somebody reads before they go on."""


@contextmanager
def crowd(port: int, *, browsing: int = BROWSING, looking: int = LOOKING) -> Iterator[list[float]]:
    """Have so many browse and so many look until the block ends; yield how long each page took, in milliseconds."""
    over, took = threading.Event(), list[float]()
    visitors = [Visitor(port) for _ in range(browsing + looking)]
    threads = [
        threading.Thread(target=_browse, args=(visitor, place, over, took), daemon=True)
        for place, visitor in enumerate(visitors[:browsing])
    ]
    try:
        for visitor in visitors:
            visitor.sign_in()
        for place, visitor in enumerate(visitors[browsing:]):
            # What comes is left to the socket's buffer, as by a browser whose page is not drawn.
            visitor.watch(LIVE[place % len(LIVE)])
        for thread in threads:
            thread.start()
        yield took
    finally:
        over.set()
        for thread in threads:
            if thread.ident is not None:
                thread.join()
        for visitor in visitors:
            visitor.close()


def _browse(visitor: Visitor, place: int, over: threading.Event, took: list[float]) -> None:
    """Look at one page after the other, beginning at another one than the others do."""
    paths = list(ADDRESSES.values())
    over.wait(SECONDS_A_PAGE * place / BROWSING)
    while not over.is_set():
        took.append(visitor.look(paths[place % len(paths)]).milliseconds)
        place += 1
        over.wait(SECONDS_A_PAGE)
