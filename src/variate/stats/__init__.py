"""Numbers only: what a set of numbers says. Knows nothing of experiments."""

from variate.stats.means import Difference, Moments, NotEstimable, NotEstimableReason, difference, moments

__all__ = ["Difference", "Moments", "NotEstimable", "NotEstimableReason", "difference", "moments"]
