"""Stored reports as pages show them, kept for a while: a stored report never changes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING

from markupsafe import Markup

from variate.errors import NotFoundError
from variate.server.dashboard.templating import path_of

if TYPE_CHECKING:  # it comes with numpy, which only reports wait for
    from variate.analysis.report import Report

MOST_CHARTS = 4
"""How many charts over time the page of a report has at most; each metric has a page with all of its own."""
MOST_ROWS = 180
"""How many rows of dimensions the page of a report has at most, in whole metrics."""
MOST_CHARACTERS = 64_000_000
"""How much is kept in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownReport:
    """What the page of a report takes of it, its parts as markup. ``is_decisive``: it says to ship or to stop."""

    id: str
    experiment_id: str
    version: int
    at: datetime
    headline: str
    is_withheld: bool
    is_decisive: bool
    dimensions: tuple[str, ...]
    facts: Markup
    verdict: Markup
    body: Markup

    @property
    def size(self) -> int:
        """How many characters it has, about."""
        return len(self.body) + len(self.verdict) + len(self.facts)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMetric:
    """What the page of one metric of a report takes of it. ``name`` is the metric's."""

    experiment_id: str
    name: str
    body: Markup

    @property
    def size(self) -> int:
        """How many characters it has, about."""
        return len(self.body)


class ShownReports:
    """Reads and renders a report once, and keeps that as long as there is room. Thread-safe."""

    def __init__(self, read: Callable[[str], Report]) -> None:
        self._read = read
        self._lock = Lock()
        self._rendering = Lock()
        """Held while one is read and rendered: others that are at it would only take turns, and many want the same."""
        self._kept: OrderedDict[tuple[str, int], ShownReport | ShownMetric] = OrderedDict()
        self._size = 0
        self._last: Report | None = None

    def report(self, report_id: str) -> ShownReport:
        """Return a report; raise ``NotFoundError`` where there is none of this id."""
        found = self._found(report_id, 0)
        if isinstance(found, ShownReport):
            return found
        with self._rendering:
            found = self._found(report_id, 0)
            return found if isinstance(found, ShownReport) else self.take(self.data(report_id))

    def metric(self, report_id: str, number: int) -> ShownMetric:
        """Return the ``number``-th metric of a report, from 1 on; raise ``NotFoundError`` where there is none."""
        found = self._found(report_id, number)
        if isinstance(found, ShownMetric):
            return found
        with self._rendering:
            found = self._found(report_id, number)
            return found if isinstance(found, ShownMetric) else self._take_metric(report_id, number)

    def data(self, report_id: str) -> Report:
        """Return the report itself, of which the last one that was read is kept."""
        last = self._last
        if last is None or last.id != report_id:
            last = self._last = self._read(report_id)
        return last

    def take(self, report: Report) -> ShownReport:
        """Render the report, and keep what comes of it."""
        from variate.analysis.report import VerdictKind  # noqa: PLC0415 - numpy: only reports wait for it
        from variate.rendering.report_markup import (  # noqa: PLC0415 - the same
            body_markup,
            facts_markup,
            verdict_markup,
        )
        from variate.rendering.report_parts import report_parts  # noqa: PLC0415 - the same

        parts = report_parts(report, most_courses=MOST_CHARTS, most_rows=MOST_ROWS)
        more = [each.number for each in parts.metrics if each.courses_left or each.rows_left]
        below = ("experiments", report.experiment_id, "results", report.id, "metrics")
        shown = ShownReport(
            id=report.id,
            experiment_id=report.experiment_id,
            version=report.version,
            at=report.at,
            headline=parts.headline,
            is_withheld=report.is_withheld,
            is_decisive=report.verdict.kind in (VerdictKind.SHIP, VerdictKind.STOP),
            dimensions=report.reproduction.dimensions,
            facts=facts_markup(parts),
            verdict=verdict_markup(parts),
            body=body_markup(parts, metric_paths={number: path_of(*below, str(number)) for number in more}),
        )
        self._keep(report.id, 0, shown)
        return shown

    def _take_metric(self, report_id: str, number: int) -> ShownMetric:
        report = self.data(report_id)
        if not 1 <= number <= len(report.metrics):
            raise NotFoundError("metric of the report", str(number))
        from variate.rendering.report_markup import metric_markup  # noqa: PLC0415 - numpy: only reports wait for it
        from variate.rendering.report_parts import metric_part  # noqa: PLC0415 - the same

        part = metric_part(report, number)
        shown = ShownMetric(experiment_id=report.experiment_id, name=part.name, body=metric_markup(part))
        self._keep(report_id, number, shown)
        return shown

    def _found(self, report_id: str, number: int) -> ShownReport | ShownMetric | None:
        with self._lock:
            found = self._kept.get((report_id, number))
            if found is not None:
                self._kept.move_to_end((report_id, number))
            return found

    def _keep(self, report_id: str, number: int, shown: ShownReport | ShownMetric) -> None:
        with self._lock:
            before = self._kept.pop((report_id, number), None)
            self._size += shown.size - (0 if before is None else before.size)
            self._kept[(report_id, number)] = shown
            while self._size > MOST_CHARACTERS and len(self._kept) > 1:
                _, gone = self._kept.popitem(last=False)
                self._size -= gone.size
