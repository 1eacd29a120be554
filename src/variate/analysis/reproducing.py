"""What it takes to come to the same report again: definitions, methods in words, and digests of what went in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import numpy as np

from variate._version import __version__
from variate.analysis.believing import POWER, USUAL_EFFECT
from variate.analysis.comparing import Rules
from variate.analysis.comparison import Method
from variate.analysis.gathering import MAX_VALUES
from variate.analysis.planning import Stage
from variate.analysis.report import Reproduction
from variate.analysis.subject import Subject
from variate.analysis.wording import counted, number, percent
from variate.model.design import MetricRole
from variate.model.document import Document
from variate.model.instant import format_instant
from variate.model.look import Look
from variate.model.metric_record import metric_record
from variate.stats.sequence import MIN_UNITS, UNPLANNED_UNITS
from variate.stats.srm import THRESHOLD
from variate.stores.aggregates import Answer, Cells, MetricMoments, MetricQuantiles, Question

_METHODS = {
    Method.FIXED_HORIZON: "Welch's t-test of a fixed horizon, since the data are looked at once, at the planned end",
    Method.GROUP_SEQUENTIAL: (
        "a group sequential test (Lan & DeMets 1983), whose interval is the difference plus and minus the look's "
        "critical value times the standard error (Jennison & Turnbull 1989)"
    ),
    Method.CONFIDENCE_SEQUENCE: (
        "an asymptotic confidence sequence (Waudby-Smith et al. 2021) with the larger of the pooled and the unpooled "
        f"standard error, from {MIN_UNITS} units a side on"
    ),
}


def reproduction(
    subject: Subject,
    *,
    question: Question,
    answer: Answer,
    looks: tuple[Look, ...],
    stage: Stage,
    rules: dict[MetricRole, Rules],
) -> Reproduction:
    """Return it; the digest is of every number that went in."""
    definitions = [metric_record(metric) for metric in question.metrics]
    return Reproduction(
        metrics=Document.of(definitions, field="metrics", max_bytes=2**26),
        plan=subject.plan,
        alpha=subject.plan.alpha,
        alpha_each=subject.alpha_each,
        dimensions=question.dimensions,
        methods=tuple(_methods(subject, stage=stage, rules=rules, dimensions=question.dimensions)),
        through=answer.through,
        variate_version=__version__,
        digest=_digest(subject, definitions, question, answer, looks),
        overridden_digest=hashlib.sha256("\x00".join(sorted(question.overridden)).encode()).hexdigest(),
    )


def _methods(
    subject: Subject, *, stage: Stage, rules: dict[MetricRole, Rules], dimensions: tuple[str, ...]
) -> Iterator[str]:
    plan = subject.plan
    if stage is Stage.UNPLANNED:
        yield f"No number of units was planned; sequences are narrowest at {counted(UNPLANNED_UNITS, 'unit')} in all."
    else:
        yield (
            f"{counted(plan.units or 0, 'unit')} were planned, looked at as the error is spent by "
            f"{plan.spending.authors}; sequences are narrowest at that number."
        )
    goals, secondary, guard = (rules[role] for role in (MetricRole.GOAL, MetricRole.SECONDARY, MetricRole.GUARDRAIL))
    judged = "judged" if goals.overall.decides else "shown, for information since this is no look of the plan,"
    yield (
        f"Goals are {judged} by {_METHODS[goals.overall.method]}, each at alpha = {number(subject.alpha_each)}: "
        f"{number(plan.alpha)} over {counted(max(subject.tests, 1), 'test')} of goals and variations (Bonferroni)."
    )
    yield (
        f"Guardrails are judged one-sided at alpha = {number(plan.alpha)}, without a correction, by "
        f"{_METHODS[guard.guard.method]}: safe where they are no worse than the margin, harmed where they are worse."
    )
    yield (
        f"Secondary metrics are judged by {_METHODS[secondary.overall.method]}, at alpha = {number(plan.alpha)} after "
        "the adjustment of Benjamini & Hochberg (1995) over all of them and all variations."
    )
    yield (
        "Lifts have the interval of Fieller (1954); where a metric has covariates, the effect that is judged is "
        "adjusted by CUPED (Deng, Xu, Kohavi & Walker 2013); ratios have the error of the delta method."
    )
    if subject.past_weights:
        yield (
            f"The weights were changed {counted(len(subject.past_weights), 'time')}: the variations are compared "
            "within the periods between, which are weighed by their units."
        )
    if dimensions:
        yield (
            f"Of each dimension the {MAX_VALUES} values with the most units are shown, adjusted over all of them by "
            "Benjamini & Hochberg, and Cochran's Q says whether the effects differ. They are no reason to ship."
        )
        yield f"Post-stratification (Miratrix, Sekhon & Yu 2013) is by {dimensions[0]}."
    yield f"The Bayesian view has a normal prior about 0 on the difference, with {_prior_words(plan.units)}."
    yield (
        f"A sample ratio is flagged where the chi-square's p is below {THRESHOLD:g}, of several beside each other "
        f"below {THRESHOLD:g} over their number, or where the p that is valid at any time is."
    )


def _prior_words(planned: int | None) -> str:
    if planned is None:
        return f"a deviation of {percent(USUAL_EFFECT)} of the control's units', as no number of units was planned"
    return f"the deviation that is the difference which the planned units find with a power of {percent(POWER)}"


def _digest(
    subject: Subject, definitions: list[dict[str, Any]], question: Question, answer: Answer, looks: tuple[Look, ...]
) -> str:
    found = hashlib.sha256()
    until = None if question.until is None else format_instant(question.until)
    completeness = answer.completeness
    said = {
        "experiment": [subject.experiment_id, subject.version, subject.weights, subject.plan.units, subject.plan.alpha],
        "past_weights": [[*map(format_instant, question.reweighed)], subject.past_weights],
        "spending": subject.plan.spending.value,
        "roles": [[each.metric, each.role.value, each.margin] for each in subject.metrics],
        "metrics": definitions,
        "times": [format_instant(question.start), until, format_instant(question.at)],
        "dimensions": question.dimensions,
        "overridden": sorted(question.overridden),
        "looks": [[each.number, each.units, each.fraction, each.alpha, each.spent, each.critical] for each in looks],
        "counts": [answer.crossed, answer.overridden, answer.unknown, answer.late],
        "completeness": None if completeness is None else [completeness.received, completeness.expected],
        "through": answer.through,
    }
    found.update(json.dumps(said, sort_keys=True, default=str).encode())
    for part in _parts(answer):
        found.update(b"\x00")
        found.update(part)
    return found.hexdigest()


def _parts(answer: Answer) -> Iterator[bytes]:
    """Yield every number of the answer, whatever the order of its cells."""
    yield from _cell_parts(answer.units.cells, [answer.units.count])
    for name in sorted(answer.metrics):
        metric = answer.metrics[name]
        yield name.encode()
        if isinstance(metric, MetricMoments):
            yield repr((metric.variables, metric.cap, metric.waiting, metric.unmeasured)).encode()
            moments = metric.moments
            yield from _cell_parts(metric.cells, [moments.count, moments.mean, moments.products, moments.cubes])
        elif isinstance(metric, MetricQuantiles):
            yield repr((metric.waiting, metric.unmeasured)).encode()
            columns = [metric.units, metric.events, metric.quantile, metric.standard_error]
            yield from _cell_parts(metric.cells, columns)


def _cell_parts(cells: Cells, columns: list[Any]) -> Iterator[bytes]:
    groups = list(zip(cells.dimension, cells.value, strict=True))
    known = sorted(set(groups), key=lambda group: (group[0], group[1] is None, group[1] or ""))
    places = {group: place for place, group in enumerate(known)}
    group_of = np.fromiter(map(places.__getitem__, groups), dtype=np.int64, count=len(groups))
    order = np.lexsort((cells.variation, cells.period, cells.day, group_of))
    yield repr(known).encode()
    for column in (group_of, cells.day, cells.period, cells.variation, *columns):
        yield np.ascontiguousarray(column[order]).tobytes()
