"""Report an experiment of the platform: ask for its sums, record the look, build the report and keep it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from variate.analysis.aa import DEFAULT_RUNS, SelfCheck, self_check
from variate.analysis.building import build_report, look_now
from variate.analysis.history import History, history_of
from variate.analysis.periods import weighing_of
from variate.analysis.planning import Standing
from variate.analysis.report import CheckStatus, Report
from variate.analysis.report_record import report_document, report_from_document
from variate.analysis.subject import Subject
from variate.errors import ConflictError, InvalidInputError, NotFoundError
from variate.model import Experiment, ExperimentStatus, Page, check_instant, format_instant
from variate.model.metric import Metric
from variate.model.rules import check_distinct, check_id, check_name, check_whole
from variate.stores.aggregates import Advance, Aggregator, Answer, Question
from variate.stores.ports import AuditLog, DefinitionStore, OverrideStore
from variate.stores.reports import LookStore, ReportHead, ReportStore, StoredReport

MAX_DIMENSIONS = 10
_ATTEMPTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporting:
    """Reports over the events that ``aggregator`` sums up. ``experiment`` finds an experiment by its id."""

    experiment: Callable[[str], Experiment | None]
    metrics: DefinitionStore[Metric]
    aggregator: Callable[[], Aggregator]
    audit: AuditLog
    overrides: OverrideStore
    looks: LookStore
    reports: ReportStore
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

        Exposures from the start of the version on count, until the design's end or until somebody completed it. With a
        plan, a report of now that has more units than the last look is a look: its share of the error is spent, and
        recorded before anyone sees the report. One of the past records none: of the moment of a look its goals are
        judged by that look's boundary. Of any other, and after the planned end, they are shown with a confidence
        sequence and decide nothing, since the looks spend all of the error. Weights are those in force at ``at``, and
        each unit is expected by those of its first exposure. ``advance`` is told how far it is.

        Raise ``NotFoundError`` for an unknown experiment, ``InvalidInputError`` for dimensions that are not at most 10
        different names and for an ``at`` in the future.
        """
        found = self._found(experiment_id)
        now = self.clock()
        moment = now if at is None else check_instant("at", at)
        if moment > now:
            raise InvalidInputError("at", f"must not be in the future, but it is {format_instant(moment)}")
        names = checked_dimensions(dimensions)
        past = history_of(found, audit=self.audit, overrides=self.overrides, at=now)
        if moment <= past.start:
            raise InvalidInputError(
                "at", f"must be after the start of version {found.version}, {format_instant(past.start)}"
            )
        if past.completed is not None and past.completed > moment:
            past = replace(past, completed=None)
        is_over = found.status in (ExperimentStatus.COMPLETED, ExperimentStatus.ARCHIVED)
        subject = replace(
            subject_of(found, at=moment), is_over=at is None and is_over, is_cut_short=_is_cut_short(found, past)
        )
        question = _question(subject, found, past, self._defined(found), names, moment)
        answer = self.aggregator().answer(question, advance=advance)
        stands = self._looked(subject, question, answer) if at is None else self._unlooked(subject, question, answer)
        report = replace(build_report(subject, question=question, answer=answer, found=stands), id=self.new_id())
        self.reports.add(stored_report(report))
        return report

    def check_aa(
        self, experiment_id: str, *, runs: int = DEFAULT_RUNS, seed: int = 1, advance: Advance | None = None
    ) -> SelfCheck:
        """Return how often each metric's test is wrong on the experiment's own units, shared out anew ``runs`` times.

        The units are those of a report of now, shared out by the experiment's weights. The same ``seed`` over the same
        units gives the same check. Nothing is kept. Raise ``NotFoundError`` for an unknown experiment.
        """
        found = self._found(experiment_id)
        now = self.clock()
        past = history_of(found, audit=self.audit, overrides=self.overrides, at=now)
        subject = subject_of(found, at=now)
        question = _question(subject, found, past, self._defined(found), (), now)
        check_whole("seed", seed, minimum=0, maximum=2**63 - 1)
        return self_check(
            question.metrics,
            values=self.aggregator().unit_values(question, advance=advance),
            weights=[weight for _, weight in subject.weights],
            generator=np.random.default_rng(seed),
            alpha=subject.plan.alpha,
            runs=runs,
            advance=advance,
        )

    def get_report(self, report_id: str) -> Report:
        """Return a report as it was made; raise ``NotFoundError`` where there is none of this id."""
        found = self.reports.get(check_id("report_id", report_id))
        if found is None:
            raise NotFoundError("report", report_id)
        return report_from_document(found.document)

    def list_reports(
        self, experiment_id: str | None = None, *, limit: int = 100, last_key: str | None = None
    ) -> Page[ReportHead]:
        """Return what was reported, most recent first: of this experiment, or of all."""
        chosen = None if experiment_id is None else check_id("experiment_id", experiment_id)
        return self.reports.list(experiment_id=chosen, limit=limit, last_key=last_key)

    def _found(self, experiment_id: str) -> Experiment:
        found = self.experiment(check_id("experiment_id", experiment_id))
        if found is None:
            raise NotFoundError("experiment", experiment_id)
        return found

    def _defined(self, experiment: Experiment) -> list[Metric]:
        """Return the experiment's metrics that are defined."""
        found = [self.metrics.get(each.metric) for each in experiment.design.metrics]
        return [each for each in found if each is not None]

    def _looked(self, subject: Subject, question: Question, answer: Answer) -> Standing:
        """Return where the experiment stands, the present look stored.

        Of two processes that look at once one gets the number; the other reads its look, and where it has more units
        itself, its own is the next.
        """
        looks = [*self.looks.of_version(subject.experiment_id, version=subject.version)]
        for _ in range(_ATTEMPTS):
            found = look_now(subject, question=question, answer=answer, looks=looks)
            if found.look is None or not found.is_new:
                return found
            looks.append(self.looks.add(found.look))
        raise ConflictError(f"others kept looking at {subject.experiment_id!r}: try again")

    def _unlooked(self, subject: Subject, question: Question, answer: Answer) -> Standing:
        """Return where the experiment stood at a moment of the past, at which nothing is spent any more."""
        looks = self.looks.of_version(subject.experiment_id, version=subject.version)
        until_then = [look for look in looks if look.at <= question.at]
        return look_now(subject, question=question, answer=answer, looks=until_then).unlooked()


def subject_of(experiment: Experiment, *, at: datetime) -> Subject:
    """Return an experiment of the platform as the subject of a report as of ``at``, its control first."""
    places = sorted(
        range(len(experiment.variations)), key=lambda place: experiment.variations[place].name != experiment.control
    )
    *past_weights, weights = (
        [of_period[place] for place in places] for of_period in weighing_of(experiment, at=at).weights
    )
    return Subject(
        experiment_id=experiment.id,
        name=experiment.name,
        version=experiment.version,
        hypothesis=experiment.design.hypothesis,
        unit_type=experiment.design.unit_type,
        weights=tuple(
            (experiment.variations[place].name, weight) for place, weight in zip(places, weights, strict=True)
        ),
        past_weights=tuple(map(tuple, past_weights)),
        metrics=experiment.design.metrics,
        plan=experiment.design.plan,
    )


def stored_report(report: Report) -> StoredReport:
    """Return the report as it is kept; it has to have an id."""
    status = report.health.status
    concerns = (check.kind.value for check in report.health.checks if check.status is status is not CheckStatus.OK)
    head = ReportHead(
        id=report.id,
        experiment_id=report.experiment_id,
        version=report.version,
        verdict=report.verdict.kind.value,
        variation=report.verdict.variation,
        at=report.at,
        health=status.value,
        concern=next(concerns, None),
        units=sum(variation.units for variation in report.variations),
        units_per_day=report.progress.units_per_day,
    )
    return StoredReport(head=head, document=report_document(report))


def _is_cut_short(experiment: Experiment, past: History) -> bool:
    """Return whether somebody completed the experiment before its design's end, or it has none."""
    planned = experiment.design.ends_at
    return past.completed is not None and (planned is None or past.completed < planned)


def _question(
    subject: Subject,
    experiment: Experiment,
    past: History,
    metrics: Sequence[Metric],
    dimensions: tuple[str, ...],
    at: datetime,
) -> Question:
    ends = [end for end in (experiment.design.ends_at, past.completed) if end is not None and end > past.start]
    return Question(
        experiment_id=experiment.id,
        variations=subject.variations,
        start=past.start,
        until=min(ends, default=None),
        at=at,
        metrics=tuple(metrics),
        dimensions=dimensions,
        overridden=past.overridden,
        reweighed=weighing_of(experiment, at=at).reweighed,
    )


def checked_dimensions(dimensions: Sequence[str]) -> tuple[str, ...]:
    """Return the names; raise ``InvalidInputError`` where they are not at most 10 different ones."""
    if isinstance(dimensions, str):
        raise InvalidInputError("dimensions", "must be a list of names, not one text")
    names = tuple(check_name("dimensions", each) for each in dimensions)
    check_distinct("dimensions", names)
    if len(names) > MAX_DIMENSIONS:
        raise InvalidInputError("dimensions", f"must be at most {MAX_DIMENSIONS}, not {len(names)}")
    return names
