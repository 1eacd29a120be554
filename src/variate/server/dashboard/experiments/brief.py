"""An experiment in brief, as lists show it: how it is, how it came out, how long it still takes."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from variate.model import Experiment, ExperimentStatus
from variate.model.planned_end import Pace, days_left
from variate.server.dashboard.experiments.described import decision_words
from variate.server.dashboard.templating import count
from variate.server.dashboard.visit import Visit
from variate.stores.reports import ReportHead

_UNDER_WAY = (ExperimentStatus.ACTIVE, ExperimentStatus.PAUSED)
_VERDICTS = {"ship": "ok", "hold": "none", "stop": "failed", "invalid": "failed"}

Badge = tuple[str, str]
"""A tone and words, as ``badge`` of ``parts.html.j2`` takes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Brief:
    """``health`` and ``verdict`` are the newest report's of this version, None where there is none.

    ``left`` says how long the experiment still takes, None where it does not run or has no end; ``progress`` how many
    of the planned units are in.
    """

    experiment: Experiment
    health: Badge | None
    verdict: Badge | None
    left: Badge | None
    progress: str | None


def briefs(visit: Visit, experiments: Iterable[Experiment]) -> Sequence[Brief]:
    """Return the experiments in brief; what was reported of them all is read at once."""
    listed = [*experiments]
    started = [each.id for each in listed if each.status is not ExperimentStatus.DRAFT]
    heads = visit.platform.newest_reports(started) if started else {}
    return [_brief(visit, each, heads.get(each.id)) for each in listed]


def _brief(visit: Visit, experiment: Experiment, newest: ReportHead | None) -> Brief:
    head = newest if newest is not None and newest.version == experiment.version else None
    planned = experiment.design.plan.units
    is_counted = planned is not None and head is not None and head.units is not None
    return Brief(
        experiment=experiment,
        health=None if head is None or head.health is None else (head.health, _health_words(head)),
        verdict=_verdict(experiment, head),
        left=_left(visit, experiment, head) if experiment.status in _UNDER_WAY else None,
        progress=f"{head.units:,} of {planned:,} units" if is_counted and head is not None else None,
    )


def _health_words(head: ReportHead) -> str:
    return "healthy" if head.concern is None else head.concern.replace("_", " ")


def _verdict(experiment: Experiment, head: ReportHead | None) -> Badge | None:
    """Return what was decided; before that, what the report says to do."""
    concluded = experiment.conclusion
    if concluded is not None:
        return "ok", decision_words(concluded, experiment.control)
    return None if head is None else (_VERDICTS[head.verdict], f"{head.verdict}{_of(head.variation)}")


def _of(variation: str | None) -> str:
    return "" if variation is None else f" {variation}"


def _left(visit: Visit, experiment: Experiment, head: ReportHead | None) -> Badge | None:
    design = experiment.design
    is_counted = head is not None and head.units is not None
    pace = Pace(units=head.units or 0, per_day=None, at=head.at) if is_counted and head is not None else None
    left = days_left(ends_at=design.ends_at, planned_units=design.plan.units, pace=pace, at=visit.now)
    if left is None:
        return None
    if left < 0:
        days = math.floor(-left)
        return "warning", f"overdue by {count(days, 'day')}" if days else "at its end"
    days = math.floor(left)
    return "none", f"{count(days, 'day')} left" if days else "less than a day left"
