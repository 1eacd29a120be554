"""Where an experiment stands in its plan: which look this is, and what a goal has to pass at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

import numpy as np

from variate.analysis.report import Progress
from variate.analysis.subject import Subject
from variate.model.look import Look
from variate.model.planned_end import Pace, days_left
from variate.stats import boundaries
from variate.stores.aggregates import OVERALL, Question, UnitCounts

_EPOCH_DAYS = 86_400
_INTAKE_DAYS = 7
_NOTHING_LEFT = 1 - 1e-9
"""The share of alpha from which on it is spent: a root's last digits are no error."""
_SAME_MOMENT = 0.01
"""The share of the time since the start within which two reports of as many units are one look."""


class Stage(StrEnum):
    """Where an experiment is in its plan."""

    UNPLANNED = "unplanned"
    UNDER_WAY = "under_way"
    AT_END = "at_end"
    """The planned end is reached and this is the look of it."""
    BEYOND = "beyond"
    """The error was spent at the planned end, and data have come since: those decide nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """``look`` is the one whose boundary holds now, None where there is none; ``is_new``: it is not stored yet.

    ``looks`` are all of them, a new one last.
    """

    stage: Stage
    look: Look | None
    is_new: bool
    looks: tuple[Look, ...]

    @property
    def decides(self) -> bool:
        """Whether goals are decided on now: at a look of the plan, and always without a plan."""
        return self.stage is Stage.UNPLANNED or self.look is not None

    @property
    def is_only_look(self) -> bool:
        """Whether the plan is looked at once, at its end: then a test of a fixed horizon is right."""
        return self.stage is Stage.AT_END and self.look is not None and len(self.looks) == 1

    def unlooked(self) -> Standing:
        """Return the same where nobody looks: no boundary holds but that of a look that is made already."""
        return self if not self.is_new else replace(self, look=None, is_new=False, looks=self.looks[:-1])


def standing(subject: Subject, *, question: Question, units: int, looks: Sequence[Look]) -> Standing:
    """Return where the experiment stands with so many units, after the ``looks`` of before in their order.

    There is a new look where more units are in than at the last one. Where the end fixed in advance has come, what is
    left of the error is spent, however many units there are. As many units as at the last look are that look again only
    as long as their values are those of then: to test what they have done since at one critical value, day after day,
    is to peek. Later there is no look, but at the end: that one spends what is left of the error whether or not more
    came.
    """
    before, planned = tuple(looks), subject.plan.units
    if planned is None:
        return Standing(stage=Stage.UNPLANNED, look=None, is_new=False, looks=before)
    fixed_end = None if subject.is_cut_short else question.until
    is_ended = units >= planned or (fixed_end is not None and question.at >= fixed_end)
    if units == 0:
        stage = Stage.AT_END if is_ended else Stage.UNDER_WAY
        return Standing(stage=stage, look=None, is_new=False, looks=before)
    boundary = boundaries.Boundary(alpha=subject.alpha_each, spending=subject.plan.spending)
    past = [boundaries.Look(information=each.fraction, spent=each.spent, critical=each.critical) for each in before]
    is_spent = bool(past) and past[-1].spent >= boundary.alpha * _NOTHING_LEFT
    is_same = not before or units > before[-1].units or _is_moment_of(before[-1], question)
    if is_spent and (units > before[-1].units or not is_same):
        return Standing(stage=Stage.BEYOND, look=None, is_new=False, looks=before)
    stage = Stage.AT_END if is_ended or is_spent else Stage.UNDER_WAY
    find = boundary.final_look if stage is Stage.AT_END else boundary.next_look
    found = find(past, information=units / planned)
    # The end's own look may be at units whose values are others by now: it is a test of its own then.
    if past and (found is past[-1] or not (is_same or stage is Stage.AT_END)):
        return Standing(stage=stage, look=before[-1] if is_same else None, is_new=False, looks=before)
    look = Look(
        experiment_id=subject.experiment_id,
        version=subject.version,
        number=len(before) + 1,
        at=question.at,
        units=units,
        fraction=found.information,
        alpha=boundary.alpha,
        spent=found.spent,
        critical=found.critical,
    )
    return Standing(stage=stage, look=look, is_new=True, looks=(*before, look))


def _is_moment_of(look: Look, question: Question) -> bool:
    """Return whether the units of the look can hardly have done more by now: hardly any time, or none that counts."""
    if question.until is not None:
        windows = [each.window_end for each in question.metrics if each.window_end is not None]
        if look.at >= question.until + max(windows, default=timedelta(0)):
            return True
    return question.at - look.at <= _SAME_MOMENT * (question.at - question.start)


def progress(subject: Subject, *, question: Question, counts: UnitCounts, units: int, found: Standing) -> Progress:
    """Return how far the plan has come, for the report."""
    planned = subject.plan.units
    is_ended = found.stage in (Stage.AT_END, Stage.BEYOND)
    rate = None if subject.is_over else intake(counts, question=question)
    left = _days_left(planned, units=units, rate=rate, question=question, is_ended=is_ended)
    return Progress(
        units=units,
        planned_units=planned,
        planned_end=None if subject.is_cut_short else question.until,
        fraction=None if planned is None else 1.0 if is_ended else min(units / planned, 1.0),
        looks=found.looks,
        critical=None if found.look is None else found.look.critical,
        is_ended=is_ended,
        units_per_day=rate,
        days_left=None if subject.is_over and not is_ended else left,
    )


def intake(counts: UnitCounts, *, question: Question) -> float | None:
    """Return how many units a day came in the last 7 days, or since the start; None before a whole day is over."""
    overall = np.array([each == OVERALL for each in counts.cells.dimension], dtype=bool)
    if not (overall & (counts.cells.day >= 0)).any():
        return None
    today = int(question.at.timestamp() // _EPOCH_DAYS)
    recent = overall & (counts.cells.day > today - _INTAKE_DAYS) & (counts.cells.day <= today)
    opened = datetime.fromtimestamp((today - _INTAKE_DAYS + 1) * _EPOCH_DAYS, tz=question.at.tzinfo)
    seconds = (question.at - max(opened, question.start)).total_seconds()
    return int(counts.count[recent].sum()) / (seconds / _EPOCH_DAYS) if seconds >= _EPOCH_DAYS else None


def _days_left(
    planned: int | None, *, units: int, rate: float | None, question: Question, is_ended: bool
) -> float | None:
    if is_ended:
        return 0.0
    pace = Pace(units=units, per_day=rate, at=question.at)
    left = days_left(ends_at=question.until, planned_units=planned, pace=pace, at=question.at)
    return None if left is None else max(left, 0.0)
