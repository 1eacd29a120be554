"""Guardrails: whether a variation is shown to be within its margin, or beyond it; as arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from variate.analysis.comparison import Guard, Method, Safety
from variate.analysis.effects import Rule, is_too_early
from variate.stats import sequence, student
from variate.stats.contrasts import contrast
from variate.stats.moments import Floats
from variate.stats.proportions import FEW_CONVERSIONS, proportion_side
from variate.stats.sides import Side

_MOST_ALPHA = 0.4
"""A one-sided sequence is tuned as a two-sided one at twice its alpha, which has to stay below 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """Arrays of shape (groups, variations but the control), see ``Guard``; ``bound`` is infinite where unbounded."""

    margin: float
    alpha: float
    bound: Floats
    safe_p: Floats
    harm_p: Floats

    def rows(self) -> list[list[Guard]]:
        """Return what may be shown, by group and variation but the control."""
        columns = zip(self.bound.tolist(), self.safe_p.tolist(), self.harm_p.tolist(), strict=True)
        return [[self._shown(*cell) for cell in zip(*row, strict=True)] for row in columns]

    def _shown(self, bound: float, safe_p: float, harm_p: float) -> Guard:
        safety = Safety.NOT_SHOWN
        if harm_p < self.alpha:
            safety = Safety.HARMED
        elif safe_p < self.alpha:
            safety = Safety.SAFE
        return Guard(
            margin=self.margin,
            alpha=self.alpha,
            bound=bound if abs(bound) < np.inf else None,
            safe_p=safe_p,
            harm_p=harm_p,
            safety=safety,
        )


def guards(
    treatment: Side, control: Side, *, rule: Rule, better: int, margin: float, least_error: Floats | float = 0.0
) -> Guards:
    """Return the one-sided tests at the rule's alpha; ``better`` is 1 where more is better, -1 where less is.

    Safety is not told by a standard error below ``least_error``. A cell of which nothing is known has p-values of 1 and
    no bound.
    """
    alpha = min(rule.alpha, _MOST_ALPHA)
    found = contrast(treatment, control)
    with np.errstate(all="ignore"):
        gain = better * found.difference
        if rule.method is Method.CONFIDENCE_SEQUENCE:
            error = sequence.cautious_standard_error(treatment, control)
            count = treatment.count + control.count
            kappa = sequence.one_sided_information_ratio(count, planned=rule.planned, alpha=alpha)
            reach = sequence.one_sided_critical_value(kappa=kappa, alpha=alpha)
            safe_error = np.maximum(error, least_error)
            safe_p = sequence.one_sided_always_valid_p((gain + margin) / safe_error, kappa=kappa)
            harm_p = sequence.one_sided_always_valid_p((-gain - margin) / error, kappa=kappa)
            is_unknown = (found.reasons != 0) | is_too_early(treatment, control)
        else:
            error = found.standard_error
            reach = student.critical_value(alpha, found.freedom)
            safe_error = np.maximum(error, least_error)
            safe_p = student.tail((gain + margin) / safe_error, found.freedom)
            harm_p = student.tail((-gain - margin) / error, found.freedom)
            is_unknown = found.reasons != 0
        bound = reach * safe_error - gain
    return Guards(
        margin=margin,
        alpha=alpha,
        bound=np.where(is_unknown, np.inf, bound),
        safe_p=np.where(is_unknown, 1.0, safe_p),
        harm_p=np.where(is_unknown, 1.0, harm_p),
    )


def error_at_margin(treatment: Side, control: Side, *, better: int, margin: float) -> Floats:
    """Return the standard error of two shares, were the treatment's worse by just the margin; 0 with many events.

    A treatment that happens to have few failures has a small standard error as well, just when it looks safe. So with
    few the error is that of the margin, as in the test of Farrington & Manning (1990), whose control is fitted too.
    """
    with np.errstate(all="ignore"):
        share = control.baseline
        own = share * (1 - share)
        kept = np.where(own > 0, control.variance / own, 1.0)  # what CUPED leaves of the variance
        worse = np.clip(share - better * margin, 0.0, 1.0)
        error = np.sqrt(kept * worse * (1 - worse) / treatment.count + control.squared_error)
        fewest = [each.count * np.minimum(each.baseline, 1 - each.baseline) for each in (treatment, control)]
        return np.where((np.minimum(*fewest) < FEW_CONVERSIONS) & np.isfinite(error), error, 0.0)


def with_rare_events(treatment: Side, control: Side) -> tuple[Side, Side]:
    """Return two sides of shares, with one success and one failure added to both where a side has none of either.

    So a guardrail that nobody hit is known to be rare instead of not known at all (Agresti & Caffo 2000).
    """
    is_flat = (treatment.reasons == 0) & (control.reasons == 0) & ((treatment.variance == 0) | (control.variance == 0))
    return _more(treatment, np.asarray(is_flat)), _more(control, np.asarray(is_flat))


def _more(side: Side, is_flat: Floats) -> Side:
    count = np.broadcast_to(side.count, is_flat.shape)
    estimate = np.broadcast_to(side.estimate, is_flat.shape)
    added = proportion_side(np.where(is_flat, estimate * count + 1, 0.0), count=count + 2)
    return replace(
        side,
        count=count,
        estimate=np.where(is_flat, added.estimate, estimate),
        variance=np.where(is_flat, added.variance, np.broadcast_to(side.variance, is_flat.shape)),
        freedom=np.broadcast_to(side.freedom, is_flat.shape),
        baseline=np.where(is_flat, added.estimate, np.broadcast_to(side.baseline, is_flat.shape)),
        reasons=np.broadcast_to(side.reasons, is_flat.shape),
        baseline_variance=None,
    )
