"""A store of reports that is obviously right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from threading import Lock

from tests.unit.testing.pages import cut, micros
from variate.errors import ConflictError
from variate.model import Page
from variate.stores.reports import ReportHead, StoredReport


class ReferenceReportStore:
    """A dict behind a lock."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.reports: dict[str, StoredReport] = {}

    def add(self, report: StoredReport) -> None:
        with self.lock:
            if report.head.id in self.reports:
                raise ConflictError("it is there already")
            self.reports[report.head.id] = report

    def get(self, report_id: str) -> StoredReport | None:
        return self.reports.get(report_id)

    def list(self, *, experiment_id: str | None = None, limit: int, last_key: str | None = None) -> Page[ReportHead]:
        heads = [each.head for each in self.reports.values() if experiment_id in (None, each.head.experiment_id)]
        return cut(
            heads,
            by=lambda head: (-micros(head.at), head.id),
            of=("reports", experiment_id),
            limit=limit,
            last_key=last_key,
        )

    def newest(self, experiment_ids: Sequence[str]) -> Mapping[str, ReportHead]:
        return {name: head for name in experiment_ids for head in self.list(experiment_id=name, limit=1)}
