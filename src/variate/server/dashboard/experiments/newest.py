"""What the newest kept report says in short, for pages that are not of the results."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from variate.analysis.report import Report, VerdictKind
from variate.model import Experiment
from variate.model.planned_end import Pace
from variate.platform import Platform
from variate.rendering import words


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest:
    """``units`` had entered by ``at``, in each variation as many as ``by_variation`` says.

    ``headline`` is the verdict, ``reason`` what speaks most for it, ``health`` how far the data can be trusted.
    ``is_ended`` says whether the planned end was reached.
    """

    id: str
    version: int
    at: datetime
    verdict: VerdictKind
    headline: str
    reason: str
    health: str
    units: int
    planned_units: int | None
    by_variation: dict[str, int]
    is_ended: bool
    pace: Pace

    @classmethod
    def of(cls, report: Report) -> Self:
        """Return the report in short. Its outline suffices."""
        progress = report.progress
        return cls(
            id=report.id,
            version=report.version,
            at=report.at,
            verdict=report.verdict.kind,
            headline=words.headline(report),
            reason=next(iter(report.verdict.reasons), words.VERDICT_MEANINGS[report.verdict.kind]),
            health=words.STATUSES[report.health.status],
            units=progress.units,
            planned_units=progress.planned_units,
            by_variation={each.name: each.units for each in report.variations},
            is_ended=progress.is_ended,
            pace=report.pace,
        )


def newest_of(platform: Platform, experiment: Experiment) -> Newest | None:
    """Return what the newest report of the experiment's present version says, None where there is none yet."""
    head = next(iter(platform.list_reports(experiment.id, limit=1)), None)
    if head is None or head.version != experiment.version:
        return None
    return Newest.of(platform.get_report_outline(head.id))
