"""Build a report from an answer. Nothing here reads a store: a file's answer is reported by the same function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from variate.analysis.believing import beliefs_of
from variate.analysis.comparing import Compared, Rules, compare, rules_of
from variate.analysis.comparison import MetricResult, Series
from variate.analysis.estimating import estimates
from variate.analysis.examining import USUAL, Tolerances, examine, units_missing
from variate.analysis.finding import adjusted, heterogeneities, slices_of
from variate.analysis.gathering import Days, Groups, counted, counted_by_day, days_of, groups_of
from variate.analysis.judging import Evidence, judge
from variate.analysis.periods import placed
from variate.analysis.planning import Stage, Standing, progress, standing
from variate.analysis.report import LastLook, Report, ReportVariation
from variate.analysis.reproducing import reproduction
from variate.analysis.series import series_of
from variate.analysis.small_cells import exact_of
from variate.analysis.subject import Subject
from variate.errors import InvalidInputError
from variate.model.design import ExperimentMetric, MetricRole
from variate.model.look import Look
from variate.model.metric import Metric
from variate.stats.not_estimable import NotEstimableReason
from variate.stores.aggregates import Answer, MetricMoments, MetricQuantiles, Numbers, Question


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setting:
    """What is the same for every metric of a report."""

    subject: Subject
    question: Question
    groups: Groups
    counts: Numbers
    days: Days
    found: Standing
    rules: dict[MetricRole, Rules]

    @property
    def is_final(self) -> bool:
        """Whether this is the look of the planned end."""
        return self.found.stage is Stage.AT_END and self.found.look is not None


def look_now(subject: Subject, *, question: Question, answer: Answer, looks: Sequence[Look] = ()) -> Standing:
    """Return where the experiment stands in its plan, by which one knows whether there is a new look to store."""
    units = sum(
        count
        for count, dimension in zip(answer.units.count.tolist(), answer.units.cells.dimension, strict=True)
        if not dimension
    )
    return standing(subject, question=question, units=int(units), looks=looks)


def build_report(
    subject: Subject,
    *,
    question: Question,
    answer: Answer,
    looks: Sequence[Look] = (),
    found: Standing | None = None,
    last_look: LastLook | None = None,
    tolerances: Tolerances = USUAL,
) -> Report:
    """Return the report of what ``answer`` says to ``question``, after the ``looks`` of before in their order.

    ``found`` is where the experiment stands; None stands for ``look_now`` after the looks, as if this were one.
    ``last_look`` is what the report of the last look said.

    The question's variations are the subject's. Metrics of the question to which the subject gives no role are left
    out; those that the subject names and the question does not have are not defined. Raise ``InvalidInputError`` where
    the variations differ.
    """
    if question.variations != subject.variations:
        raise InvalidInputError("variations", "must be the same of the question and of the subject, control first")
    if len(question.reweighed) != len(subject.past_weights):
        raise InvalidInputError("past_weights", "must be as many as the moments at which the question has a change")
    variations, periods = len(subject.variations), len(subject.period_shares)
    answer = placed(answer, shares=subject.period_shares)
    groups = groups_of(answer.units, dimensions=question.dimensions)
    by_period = counted(answer.units, groups=groups, periods=periods, variations=variations)
    counts = by_period.sum(axis=1)
    if found is None:
        found = look_now(subject, question=question, answer=answer, looks=looks)
    days = days_of(answer.units)
    rules = {role: rules_of(role, subject=subject, found=found, counts=counts) for role in MetricRole}
    setting = _Setting(
        subject=subject, question=question, groups=groups, counts=counts, days=days, found=found, rules=rules
    )
    metrics = _metrics(setting, answer)
    health = examine(
        subject,
        answer,
        groups=groups,
        counts=by_period,
        days=days,
        by_day=counted_by_day(answer.units, days=days, periods=periods, variations=variations),
        since=(question.start, *question.reweighed),
        waiting={metric.name: metric.waiting for metric in metrics},
        tolerances=tolerances,
    )
    units = int(counts[0].sum())
    so_far = progress(subject, question=question, counts=answer.units, units=units, found=found)
    verdict = judge(
        Evidence(
            metrics=metrics,
            treatments=subject.variations[1:],
            health=health,
            progress=so_far,
            stage=found.stage,
            unusable=units_missing(counts[0]),
            is_over=subject.is_over,
            last_look=last_look,
        )
    )
    return Report(
        experiment_id=subject.experiment_id,
        name=subject.name,
        version=subject.version,
        hypothesis=subject.hypothesis,
        unit_type=subject.unit_type,
        control=subject.control,
        variations=tuple(
            ReportVariation(name=name, weight=float(weight), share=share, units=count, expected=expected)
            for (name, weight), share, count, expected in zip(
                subject.weights, subject.shares, counts[0].tolist(), health.sample_ratio.expected, strict=True
            )
        ),
        at=question.at,
        start=question.start,
        until=question.until,
        verdict=verdict,
        health=health,
        progress=so_far,
        metrics=metrics,
        reproduction=reproduction(
            subject,
            question=question,
            answer=answer,
            looks=found.looks,
            last_look=last_look,
            stage=found.stage,
            rules=rules,
        ),
    )


def _metrics(setting: _Setting, answer: Answer) -> tuple[MetricResult, ...]:
    """Return the result of each of the subject's metrics, in its order."""
    definitions = {metric.id: metric for metric in setting.question.metrics}
    known = [
        (role, definitions[role.metric], answer.metrics[role.metric])
        for role in setting.subject.metrics
        if role.metric in definitions and role.metric in answer.metrics
    ]
    compared = [_compared(setting, role, metric, found) for role, metric, found in known]
    variations, dimensions = setting.subject.variations, setting.question.dimensions
    all_adjusted = adjusted(compared, alpha=setting.subject.plan.alpha, tests=max(setting.subject.tests, 1))
    all_different = heterogeneities(
        compared, groups=setting.groups, dimensions=dimensions, variations=variations, is_final=setting.is_final
    )
    results: dict[str, MetricResult] = {}
    for (role, metric, found), each, own, different in zip(known, compared, all_adjusted, all_different, strict=True):
        results[metric.id] = MetricResult(
            metric_id=metric.id,
            name=metric.name,
            kind=metric.kind,
            direction=metric.direction,
            role=role.role,
            margin=role.margin,
            not_estimable=None,
            cap=found.cap if isinstance(found, MetricMoments) else None,
            cut_share=each.estimates.cut_share,
            waiting=found.waiting,
            unmeasured=found.unmeasured,
            slices=slices_of(
                each,
                own,
                groups=setting.groups,
                variations=variations,
                beliefs=beliefs_of(each, subject=setting.subject),
                exact=exact_of(each, is_final=setting.is_final),
            ),
            heterogeneity=different,
            series=_series(setting, role, metric, found),
        )
    return tuple(results.get(role.metric) or _undefined(role) for role in setting.subject.metrics)


def _compared(
    setting: _Setting, role: ExperimentMetric, metric: Metric, found: MetricMoments | MetricQuantiles
) -> Compared:
    dimensions = setting.question.dimensions
    return compare(
        metric,
        role,
        found=estimates(
            metric,
            found,
            groups=setting.groups,
            periods=len(setting.subject.period_shares),
            variations=len(setting.subject.variations),
            strata=dimensions[0] if dimensions else None,
        ),
        rules=setting.rules[role.role],
    )


def _series(
    setting: _Setting, role: ExperimentMetric, metric: Metric, found: MetricMoments | MetricQuantiles
) -> tuple[Series, ...]:
    if role.role is not MetricRole.GOAL:
        return ()
    return series_of(
        metric,
        found,
        days=setting.days,
        periods=len(setting.subject.period_shares),
        variations=setting.subject.variations,
        alpha=setting.subject.alpha_each,
        planned=setting.rules[MetricRole.GOAL].overall.planned,
    )


def _undefined(role: ExperimentMetric) -> MetricResult:
    return MetricResult(
        metric_id=role.metric,
        name=role.metric,
        kind=None,
        direction=None,
        role=role.role,
        margin=role.margin,
        not_estimable=NotEstimableReason.NOT_DEFINED,
        cap=None,
        cut_share=None,
        waiting=0,
        unmeasured=0,
        slices=(),
        heterogeneity=(),
        series=(),
    )
