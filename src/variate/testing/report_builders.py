"""Looks and stored reports with sensible defaults."""

from __future__ import annotations

from datetime import datetime

from variate.model import Document, Json
from variate.model.look import Look
from variate.stores.reports import ReportHead, StoredReport
from variate.testing.builders import build_id
from variate.testing.clocks import START


def build_look(
    experiment_id: str = "experiment",
    *,
    version: int = 1,
    number: int = 1,
    at: datetime = START,
    units: int = 500,
    fraction: float = 0.5,
    alpha: float = 0.05,
    spent: float = 0.003,
    critical: float = 2.963,
) -> Look:
    """Build a look: at half of the units, where none are given."""
    return Look(
        experiment_id=experiment_id,
        version=version,
        number=number,
        at=at,
        units=units,
        fraction=fraction,
        alpha=alpha,
        spent=spent,
        critical=critical,
    )


def build_report(
    id: str | None = None,  # noqa: A002 - the field's name
    *,
    experiment_id: str = "experiment",
    version: int = 1,
    verdict: str = "hold",
    variation: str | None = None,
    at: datetime = START,
    health: str | None = None,
    concern: str | None = None,
    units: int | None = None,
    units_per_day: float | None = None,
    data: Json = None,
) -> StoredReport:
    """Build a stored report; what it says is empty where no data are given."""
    head = ReportHead(
        id=build_id("report") if id is None else id,
        experiment_id=experiment_id,
        version=version,
        verdict=verdict,
        variation=variation,
        at=at,
        health=health,
        concern=concern,
        units=units,
        units_per_day=units_per_day,
    )
    return StoredReport(head=head, document=Document.of({} if data is None else data, field="report", max_bytes=2**26))
