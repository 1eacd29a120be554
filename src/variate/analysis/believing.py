"""The Bayesian view of every effect, under a prior that is fixed by the plan, or by how great the metric is.

With planned units the prior's standard deviation is the difference that these find with a power of 80 %: effects of the
size that the experiment was made for are common, and ones many times that are not. Without a plan it is 5 % of the
standard deviation of the control's units: of a share of 10 %, 1.5 percentage points.
"""

from __future__ import annotations

import math

import numpy as np

from variate.analysis.comparing import Compared
from variate.analysis.comparison import Belief
from variate.analysis.subject import Subject
from variate.stats.belief import belief
from variate.stats.not_estimable import NotEstimable, NotEstimableReason
from variate.stats.sides import REASONS
from variate.stats.standard_normal import upper_quantile

POWER = 0.8
USUAL_EFFECT = 0.05

_BEYOND = NotEstimable(NotEstimableReason.OUT_OF_RANGE)

Beliefs = list[list[Belief | NotEstimable]]


def beliefs_of(compared: Compared, *, subject: Subject) -> Beliefs:
    """Return what is believed of the effects that are judged, by group and variation but the control."""
    prior = prior_of(compared, subject=subject)
    reasons = np.concatenate([each.found.reasons for each in compared.effects])
    if isinstance(prior, NotEstimable):
        return [[_reason(code) or prior for code in row] for row in reasons.tolist()]
    gain = np.where(reasons == 0, joined_difference(compared) * compared.better, 0.0)
    error = np.where(reasons == 0, np.concatenate([each.found.standard_error for each in compared.effects]), 1.0)
    with np.errstate(all="ignore"):
        found = belief(gain, standard_error=error, prior_deviation=prior)

    def shown(code: int, chance: float, loss: float) -> Belief | NotEstimable:
        is_known = math.isfinite(chance) and math.isfinite(loss)
        own = Belief(chance=chance, loss=loss, prior=prior) if is_known else _BEYOND
        return _reason(code) or own

    columns = (reasons.tolist(), found.chance_to_win.tolist(), found.loss_of_treatment.tolist())
    return [list(map(shown, *row)) for row in zip(*columns, strict=True)]


def joined_difference(compared: Compared) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return the differences of all units and then of the groups."""
    return np.concatenate([each.found.difference for each in compared.effects])


def prior_of(compared: Compared, *, subject: Subject) -> float | NotEstimable:
    """Return the prior's standard deviation on the metric's scale."""
    side, planned = compared.judged.side, subject.plan.units
    reason = REASONS[int(side.reasons[0, 0])]
    if reason is not None:
        return NotEstimable(reason)
    deviation = math.sqrt(float(side.variance[0, 0]))
    if planned is None or len(subject.shares) == 1:
        prior = USUAL_EFFECT * deviation
    else:
        control = max(planned * subject.shares[0], 1.0)
        others = max(planned * (1 - subject.shares[0]) / (len(subject.shares) - 1), 1.0)
        quantiles = upper_quantile(subject.alpha_each / 2) + upper_quantile(1 - POWER)
        prior = quantiles * deviation * math.sqrt(1 / control + 1 / others)
    is_usable = 0 < prior < math.inf
    return prior if is_usable else NotEstimable(NotEstimableReason.ZERO_VARIANCE)


def _reason(code: int) -> NotEstimable | None:
    why = REASONS[code]
    return None if why is None else NotEstimable(why)
