"""Looking at each page by turns, each time beside a page that shows nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median

from benchmarks.pages.addresses import ADDRESSES, NOTHING
from benchmarks.pages.visitor import Visitor
from benchmarks.served.race import Served


@dataclass(slots=True)
class Viewed:
    """What came of looking at one page; all but the ``kilobytes`` are milliseconds."""

    status: int
    first: float
    kilobytes: float
    looks: list[float] = field(default_factory=list)
    beside: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """How many times as long it takes as the page that shows nothing, right before it."""
        return median(one / other for one, other in zip(self.looks, self.beside, strict=True))


def first_views(visitor: Visitor, addresses: Mapping[str, str] = ADDRESSES) -> dict[str, Viewed]:
    """Look at each page once: the process answers each for the first time."""
    found = {}
    for name, path in addresses.items():
        seen = visitor.look(path)
        found[name] = Viewed(status=seen.status, first=seen.milliseconds, kilobytes=seen.size / 1_000)
    return found


def view(visitor: Visitor, service: Served, viewed: Mapping[str, Viewed], *, turns: int) -> None:
    """Look at each page so many times more, in turn."""
    for _ in range(turns):
        for name, page in viewed.items():
            page.beside.append(visitor.look(NOTHING).milliseconds)
            before = service.processor_milliseconds()
            page.looks.append(visitor.look(ADDRESSES[name]).milliseconds)
            page.processor.append(service.processor_milliseconds() - before)
