"""The ports that keep what was reported: looks and reports; see ``variate.stores.ports`` for what all ports promise."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from variate.errors import InvalidInputError
from variate.model.document import Document
from variate.model.instant import check_instant
from variate.model.look import Look
from variate.model.page import Page
from variate.model.rules import check_id, check_whole, shown

VERDICTS = ("ship", "hold", "stop", "invalid")
HEALTHS = ("ok", "warning", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportHead:
    """What a list says of a report: ``verdict``, about ``variation`` (None: about all or none), made ``at``.

    ``health`` is the worst status of its checks, and ``concern`` the kind of the first check of that status, None where
    all are ok. ``units`` is how many entered, ``units_per_day`` how fast they come where that is known. Of a report
    kept before these were told, all four are None.
    """

    id: str
    experiment_id: str
    version: int
    verdict: str
    variation: str | None
    at: datetime
    health: str | None = None
    concern: str | None = None
    units: int | None = None
    units_per_day: float | None = None

    def __post_init__(self) -> None:
        check_id("report.id", self.id)
        check_id("experiment_id", self.experiment_id)
        check_whole("report.version", self.version, minimum=1, maximum=2**31)
        if self.verdict not in VERDICTS:
            raise InvalidInputError("verdict", f"must be one of {', '.join(VERDICTS)}, not {shown(self.verdict)}")
        if self.variation is not None:
            check_id("variation", self.variation)
        if self.health is not None and self.health not in HEALTHS:
            raise InvalidInputError("health", f"must be one of {', '.join(HEALTHS)}, not {shown(self.health)}")
        if self.concern is not None:
            check_id("concern", self.concern)
        if self.units is not None:
            check_whole("units", self.units, minimum=0, maximum=2**63 - 1)
        if self.units_per_day is not None and not 0 <= self.units_per_day < math.inf:  # false for NaN, too
            raise InvalidInputError("units_per_day", f"must be 0 or more, not {shown(self.units_per_day)}")
        object.__setattr__(self, "at", check_instant("report.at", self.at))


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReport:
    """A report as it was made; ``document`` is its record."""

    head: ReportHead
    document: Document


class LookStore(Protocol):
    """The looks at each version of an experiment, counted from 1 without a gap; append-only."""

    def add(self, look: Look) -> Look:
        """Store it unless one of its number stands; return the one that stands. Durable on return. Safe to repeat.

        However many add one of a number at once, one wins, and all get that one back. Raise ``ConflictError`` where the
        one before it is not there.
        """

    def of_version(self, experiment_id: str, *, version: int) -> Sequence[Look]:
        """Return every look at this version, in order of number, strongly consistent."""


class ReportStore(Protocol):
    """The reports, each as it was made; append-only."""

    def add(self, report: StoredReport) -> None:
        """Store a new report; raise ``ConflictError`` if its id is taken. Durable on return."""

    def get(self, report_id: str) -> StoredReport | None:
        """Return the report, or None."""

    def list(self, *, experiment_id: str | None = None, limit: int, last_key: str | None = None) -> Page[ReportHead]:
        """Return the heads of reports, most recent first (then by id), of this experiment where given."""

    def newest(self, experiment_ids: Sequence[str]) -> Mapping[str, ReportHead]:
        """Return, by experiment, the head that its list begins with; an experiment without reports is left out.

        A page of experiments takes one request.
        """
