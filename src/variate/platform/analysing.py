"""The stages that analyse, made at the first report: they import numpy and scipy, which nothing else here needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from variate.model import Page
from variate.platform.backends import Backends
from variate.stores.ports import EventStore
from variate.stores.reports import ReportHead

if TYPE_CHECKING:
    from variate.analysis.report import Report
    from variate.analysis.reporting import Reporting
    from variate.stores.aggregates import Advance, Aggregator


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysing:
    """What a platform reports with; nothing is imported or read yet."""

    backends: Backends
    clock: Callable[[], datetime]
    new_id: Callable[[], str]

    def report_experiment(
        self,
        experiment_id: str,
        *,
        dimensions: Sequence[str] = (),
        at: datetime | None = None,
        advance: Advance | None = None,
    ) -> Report:
        """Return the report of the experiment's version as of ``at`` (now, if None), and keep it.

        See ``variate.analysis.reporting.Reporting.report_experiment``.
        """
        return self._reporting().report_experiment(experiment_id, dimensions=dimensions, at=at, advance=advance)

    def get_report(self, report_id: str) -> Report:
        """Return a report as it was made; raise ``NotFoundError`` where there is none of this id."""
        return self._reporting().get_report(report_id)

    def list_reports(
        self, experiment_id: str | None = None, *, limit: int = 100, last_key: str | None = None
    ) -> Page[ReportHead]:
        """Return what was reported, most recent first: of this experiment, or of all."""
        return self._reporting().list_reports(experiment_id, limit=limit, last_key=last_key)

    def _reporting(self) -> Reporting:
        from variate.analysis.reporting import Reporting

        backends = self.backends
        return Reporting(
            experiment=backends.experiments.get,
            metrics=backends.metrics,
            aggregator=backends.aggregator,
            audit=backends.audit,
            overrides=backends.overrides,
            looks=backends.looks,
            reports=backends.reports,
            clock=self.clock,
            new_id=self.new_id,
        )


def streaming(events: EventStore) -> Callable[[], Aggregator]:
    """Return what makes an aggregator that reads the events through their store: of DynamoDB's, and of sealed ones.

    It raises ``MissingExtraError`` where DuckDB is not installed.
    """

    def make() -> Aggregator:
        from variate.stores.duckdb.event_stream import EventStream

        return EventStream(events)

    return make
