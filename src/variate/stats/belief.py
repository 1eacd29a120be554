"""What to believe of a difference after the data, from a normal belief before it.

With the prior N(0, tau^2) on the difference and an estimate D of squared standard error V, the posterior is normal with
precision 1/V + 1/tau^2 and mean D/V over that (Gelman et al., Bayesian Data Analysis, 2013, section 2.5). Stopping as
soon as a belief looks good raises the share of wrong decisions here as elsewhere: fix the rule in advance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from variate.errors import InvalidInputError
from variate.stats.moments import Floats
from variate.stats.standard_normal import above, below, density, upper_quantile


@dataclass(frozen=True, slots=True, kw_only=True)
class Belief:
    """Arrays of one shape: the posterior of a difference, treatment less control, where more is better.

    ``chance_to_win`` is that of a difference above 0, ``chance_to_lose`` of one below. ``loss_of_treatment`` is what
    choosing the treatment costs on average by being worse, on the metric's scale; ``loss_of_control`` what keeping the
    control does. The difference is between ``low`` and ``high`` with the confidence asked for. All are NaN where the
    estimate is.
    """

    mean: Floats
    deviation: Floats
    chance_to_win: Floats
    chance_to_lose: Floats
    loss_of_treatment: Floats
    loss_of_control: Floats
    low: Floats
    high: Floats


def belief(
    estimate: float | Floats, *, standard_error: float | Floats, prior_deviation: float, confidence: float = 0.95
) -> Belief:
    """Return the belief after an estimate with this standard error, above 0.

    ``prior_deviation`` is tau: how far from 0 differences like this one usually are, on the metric's scale; infinite
    stands for no prior. Where less is better, give the estimate with its sign turned.

    Raises ``InvalidInputError`` for a prior deviation that is not above 0 and a confidence that is not between 0 and 1.
    """
    if not prior_deviation > 0:
        raise InvalidInputError("prior_deviation", "must be above 0")
    if not 0 < confidence < 1:
        raise InvalidInputError("confidence", "must be between 0 and 1")
    found, error = np.broadcast_arrays(np.asarray(estimate, dtype=np.float64), np.asarray(standard_error, np.float64))
    # As the share of the estimate that is kept, so that a tiny error or prior does not overflow once squared.
    kept = 1 / (1 + np.square(error / prior_deviation))
    mean = found * kept
    deviation = error * np.sqrt(kept)
    lead = mean / deviation
    half = upper_quantile((1 - confidence) / 2) * deviation
    return Belief(
        mean=mean,
        deviation=deviation,
        chance_to_win=below(lead),
        chance_to_lose=above(lead),
        loss_of_treatment=deviation * _mean_below(lead),
        loss_of_control=deviation * _mean_below(-lead),
        low=mean - half,
        high=mean + half,
    )


def _mean_below(lead: Floats) -> Floats:
    """Return phi(x) - x Phi(-x), how far below 0 a normal of mean x and deviation 1 is on average.

    The terms differ by 1/x^2 of themselves, and are 0 from 39 on: three digits are lost at most.
    """
    with np.errstate(under="ignore"):
        return np.maximum(density(lead) - lead * above(lead), 0.0)
