"""The stages that analyse, made at the first report: they import numpy and scipy, which nothing else here needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from variate.model import Page
from variate.model.rules import check_id
from variate.platform.backends import Backends
from variate.stores.events import EventStore
from variate.stores.reports import ReportHead

if TYPE_CHECKING:
    from variate.analysis.aa import SelfCheck
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

    def newest_reports(self, experiment_ids: Sequence[str]) -> Mapping[str, ReportHead]:
        """Return, by experiment, what its newest report says in short; one that has none is left out.

        Verdict, health, units and moment, without reading a report: a page of experiments takes one request.
        """
        return self.backends.reports.newest([check_id("experiment_ids", each) for each in experiment_ids])

    def check_aa(
        self, experiment_id: str, *, runs: int = 2_000, seed: int = 1, advance: Advance | None = None
    ) -> SelfCheck:
        """Return how often each metric's test is wrong on the experiment's own units, shared out anew ``runs`` times.

        See ``variate.analysis.reporting.Reporting.check_aa``.
        """
        return self._reporting().check_aa(experiment_id, runs=runs, seed=seed, advance=advance)

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
