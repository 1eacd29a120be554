"""How experiments stand: the newest report's word, what was decided, and the days that are left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from variate.analysis.report import CheckKind, VerdictKind
from variate.model import Experiment, ExperimentStatus
from variate.model.planned_end import Pace, days_left
from variate.platform import Platform
from variate.rendering import words
from variate.rendering.numbers import count_words
from variate.server.dashboard.experiments.described import decision_words
from variate.stores.reports import ReportHead

_TONES = {"ok": "ok", "warning": "warning", "failed": "failed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """An experiment, the head of the newest report of its version or None, and the days to its planned end or None.

    Below 0 days, it is overdue.
    """

    experiment: Experiment
    head: ReportHead | None
    days: float | None

    @property
    def health(self) -> tuple[str, str]:
        """What the newest report found of the data, in a tone and in words."""
        if self.head is None:
            return "none", "no report yet"
        if self.head.health is None:
            return "none", "see the report"
        if self.head.concern is None:
            return "ok", "no check failed"
        return _TONES[self.head.health], words.CHECKS[CheckKind(self.head.concern)]

    @property
    def verdict(self) -> str:
        """What was decided; before that the newest report's verdict in words, with the variation it is about."""
        if self.experiment.conclusion is not None:
            return decision_words(self.experiment.conclusion, self.experiment.control)
        return self.reported

    @property
    def reported(self) -> str:
        """The newest report's verdict in words, with the variation it is about."""
        if self.head is None:
            return words.NOTHING
        said = words.VERDICTS[VerdictKind(self.head.verdict)]
        return said if self.head.variation is None else f"{said}: {self.head.variation}"

    @property
    def left(self) -> tuple[str, str]:
        """The time to the planned end, in a tone and in words."""
        if self.experiment.status is ExperimentStatus.COMPLETED:
            return "ok", "ended"
        if self.days is None:
            return "none", "not known yet" if self._has_end else "no end planned"
        if self.days < 0:
            return "warning", f"overdue by {_days(-self.days)}"
        return "course", f"{_days(self.days)} left"

    @property
    def progress(self) -> str | None:
        """How many of the planned units are in, None where that is not known."""
        planned = self.experiment.design.plan.units
        if planned is None or self.head is None or self.head.units is None:
            return None
        return f"{count_words(self.head.units)} of {count_words(planned)} units"

    @property
    def _has_end(self) -> bool:
        design = self.experiment.design
        return design.ends_at is not None or design.plan.units is not None


def how_they_stand(platform: Platform, experiments: Sequence[Experiment], *, now: datetime) -> list[Running]:
    """Return how each stands, by one reading of heads for all of them."""
    found = platform.newest_reports([each.id for each in experiments]) if experiments else {}
    heads = {each.id: head for each in experiments if (head := found.get(each.id)) and head.version == each.version}
    return [
        Running(experiment=each, head=heads.get(each.id), days=_left(each, heads.get(each.id), now))
        for each in experiments
    ]


def how_it_stands(platform: Platform, experiment: Experiment, *, now: datetime) -> Running:
    """Return how one stands."""
    (found,) = how_they_stand(platform, [experiment], now=now)
    return found


def _left(experiment: Experiment, head: ReportHead | None, now: datetime) -> float | None:
    pace = None
    if head is not None and head.units is not None:
        pace = Pace(units=head.units, per_day=head.units_per_day, at=head.at)
    design = experiment.design
    return days_left(ends_at=design.ends_at, planned_units=design.plan.units, pace=pace, at=now)


def _days(number: float) -> str:
    whole = round(number)
    if whole < 1:
        return "less than a day"
    return "1 day" if whole == 1 else f"{whole:,} days"
