"""The tables of one metric: how the variations compare, by which estimators, within margins and dimensions."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from variate.analysis.comparison import Comparison, Effect, Estimator, Method, MetricResult, Number, Slice
from variate.model.design import MetricRole
from variate.rendering import words
from variate.rendering.numbers import (
    Quantity,
    count_words,
    difference_words,
    interval_words,
    p_words,
    share_words,
    value_words,
)
from variate.rendering.tables import Table, table
from variate.stats.not_estimable import NotEstimable

NO_VALUE = "(none)"
"""The value of a dimension for units that have none."""

_EFFECT = ("difference", "interval", "lift", "lift interval", "p")
_NO_LOOK = "for information: this is none of the plan's looks, so that they decide nothing and no p-value is told"


def comparison_table(metric: MetricResult, *, control: str) -> Table | None:
    """Return how each variation compares with the control, the control first; None where nothing is estimated."""
    overall = metric.overall
    if overall is None:
        return None
    quantity = words.quantity_of(metric)
    columns = ("variation", "units", "estimate", *_EFFECT, "finding")
    first = (control, count_words(overall.control_units), words.estimate_words(overall.control, of=quantity))
    rows = [(*first, "control", "", "", "", "", "")]
    rows += [
        (
            each.variation,
            count_words(each.units),
            words.estimate_words(each.estimate, of=quantity),
            *_effect_cells(each.effect, quantity, beside=each.estimate),
            words.judged_p_words(each),
            words.finding_words(each),
        )
        for each in overall.comparisons
    ]
    return table("Each variation beside the control", columns, rows, numbers=columns[1:-1], notes=_notes(metric))


def estimators_table(metric: MetricResult) -> Table | None:
    """Return the same effects by each estimator there is, side by side; None where there is but one."""
    overall = metric.overall
    if overall is None:
        return None
    quantity = words.quantity_of(metric)
    rows = [row for each in overall.comparisons for row in _estimator_rows(each, quantity)]
    if len(rows) <= len(overall.comparisons):
        return None
    columns = ("variation", "estimator", *_EFFECT, "removed")
    has_p = any(row[columns.index("p")] != words.NOTHING for row in rows)
    has_covariate = any(each.cuped is not None for each in overall.comparisons)
    notes = ["The p-values of this table are not adjusted for other tests."] if has_p else []
    if has_covariate:
        notes.append("Removed is the share of the raw variance that the covariate took away.")
    found = table("Raw and adjusted, side by side", columns, rows, numbers=columns[2:], notes=notes)
    return found if has_covariate else found.without("removed")


def guard_table(metric: MetricResult) -> Table | None:
    """Return what is known of a guardrail within its margin; None for other metrics."""
    overall = metric.overall
    guarded = [each for each in overall.comparisons if each.guard is not None] if overall else []
    if not guarded:
        return None
    quantity = words.quantity_of(metric)
    rows = [
        (
            each.variation,
            difference_words(guard.margin, of=quantity),
            words.bound_words(guard.bound, of=quantity),
            p_words(guard.safe_p),
            p_words(guard.harm_p),
            words.SAFETIES[guard.safety],
        )
        for each in guarded
        if (guard := each.guard) is not None
    ]
    columns = ("variation", "margin", "worse by at most", "p of safe", "p of harmed", "finding")
    return table("Is the guardrail safe?", columns, rows, numbers=columns[1:-1])


def belief_table(metric: MetricResult) -> Table | None:
    """Return the Bayesian view; None where nothing is estimated."""
    overall = metric.overall
    if overall is None or not overall.comparisons:
        return None
    quantity = words.quantity_of(metric)
    rows = []
    for each in overall.comparisons:
        belief = each.belief
        if isinstance(belief, NotEstimable):
            rows.append((each.variation, words.reason_words(belief), words.NOTHING))
        else:
            loss = difference_words(belief.loss, of=quantity).removeprefix("+")
            rows.append((each.variation, share_words(belief.chance), loss))
    columns = ("variation", "chance to be better", "expected loss if chosen")
    notes = ("A view, not a test: looking until the chance pleases inflates errors.",)
    return table("The Bayesian view", columns, rows, numbers=columns[1:], notes=notes)


def dimension_tables(metric: MetricResult) -> Iterator[Table]:
    """Yield a table for each dimension: every variation within every value."""
    quantity = words.quantity_of(metric)
    columns = ("value", "variation", "units", "estimate", *_EFFECT, "finding")
    for dimension, slices in groupby(metric.slices[1:], key=lambda each: each.dimension):
        rows = [
            (
                slice_name(each),
                comparison.variation,
                count_words(comparison.units),
                words.estimate_words(comparison.estimate, of=quantity),
                *_effect_cells(comparison.effect, quantity, beside=comparison.estimate),
                words.judged_p_words(comparison),
                words.finding_words(comparison),
            )
            for each in slices
            for comparison in each.comparisons
        ]
        notes = (*_heterogeneity_notes(metric, dimension), "A slice is for looking, and never a reason to ship.")
        yield table(f"By {dimension}", columns, rows, numbers=columns[2:-1], notes=notes)


def slice_name(each: Slice) -> str:
    """Return the value of the slice's dimension."""
    return NO_VALUE if each.value is None else each.value


def _effect_cells(
    effect: Effect | NotEstimable, quantity: Quantity, *, beside: Number | None = None
) -> tuple[str, str, str, str]:
    """Return what is told of an effect; a reason that the cell ``beside`` it gives already is not said again."""
    is_said = isinstance(effect, NotEstimable) and effect == beside
    return (
        words.NOTHING if is_said else words.effect_words(effect, of=quantity),
        words.effect_interval(effect, of=quantity),
        words.lift_words(effect),
        words.lift_interval(effect),
    )


def _estimator_rows(each: Comparison, quantity: Quantity) -> Iterator[tuple[str, ...]]:
    found = (
        (words.ESTIMATORS[Estimator.RAW], each.raw, each.judged is Estimator.RAW),
        (words.ESTIMATORS[Estimator.CUPED], each.cuped, each.judged is Estimator.CUPED),
        ("uncapped", each.uncapped, False),
        ("stratified", each.stratified, False),
    )
    for name, effect, is_judged in found:
        if effect is None:
            continue
        removed = each.variance_reduction if name == words.ESTIMATORS[Estimator.CUPED] else None
        yield (
            each.variation,
            f"{name} (judged)" if is_judged else name,
            *_effect_cells(effect, quantity),
            words.NOTHING if isinstance(effect, NotEstimable) else words.p_value_words(effect.p_value),
            words.NOTHING if removed is None or removed == effect else words.estimate_words(removed, of=Quantity.SHARE),
        )


def _notes(metric: MetricResult) -> Iterator[str]:
    overall = metric.overall
    comparisons = overall.comparisons if overall else ()
    effects = [each.effect for each in comparisons if not isinstance(each.effect, NotEstimable)]
    for method in dict.fromkeys(each.method for each in effects):
        confidence = words.confidence_words(next(each.confidence for each in effects if each.method is method))
        is_adjusted = metric.role is not MetricRole.GUARDRAIL and any(
            each.adjusted_p is not None for each in comparisons
        )
        adjusted = ", adjusted for the tests beside it" if is_adjusted else ""
        told = f"p is two-sided{adjusted}"
        if all(each.p_value is None for each in effects if each.method is method):
            is_no_look = method is Method.CONFIDENCE_SEQUENCE
            told = _NO_LOOK if is_no_look else "no p-value is told before the planned end"
        yield f"{confidence} intervals by {words.METHODS[method]}; {told}."
    yield from _population_notes(metric)
    for each in comparisons:
        if each.exact is not None:
            interval = interval_words(each.exact.low, each.exact.high, of=words.quantity_of(metric))
            p = "" if each.exact.p_value is None else f"exact p {words.p_value_words(each.exact.p_value)}, "
            confidence = words.confidence_words(each.exact.confidence)
            yield f"{each.variation} has few units in a cell: {p}Newcombe's {confidence} interval {interval}."
        for warning in each.warnings:
            yield f"{each.variation}: {warning}"


def _population_notes(metric: MetricResult) -> Iterator[str]:
    if metric.cap is not None:
        cut = "" if metric.cut_share is None else f", which cuts off {share_words(metric.cut_share)} of the total"
        yield f"Values of a unit above {value_words(metric.cap, of=Quantity.AMOUNT)} are cut to it{cut}."
    if metric.waiting:
        yield f"{count_words(metric.waiting)} units are not in yet, since their window is not over."
    if metric.unmeasured:
        yield f"{count_words(metric.unmeasured)} units have no value and are left out."


def _heterogeneity_notes(metric: MetricResult, dimension: str) -> Iterator[str]:
    tests = [each for each in metric.heterogeneity if each.dimension == dimension]
    if tests and all(each.adjusted_p is None and not isinstance(each.q, NotEstimable) for each in tests):
        yield "Whether effects differ among the values is tested at the planned end."
        return
    for each in tests:
        if isinstance(each.q, NotEstimable):
            reason = words.reason_words(each.q)
            yield f"Whether {each.variation}'s effect differs among the values cannot be told: {reason}."
        elif each.adjusted_p is not None:
            yield (
                f"{each.variation}'s effect differs among the values with p {p_words(each.adjusted_p)} "
                f"(Cochran's Q {each.q:.2f} on {each.freedom} degrees of freedom, adjusted)."
            )
