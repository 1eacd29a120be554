"""Numbers only: what a set of numbers says. Knows nothing of experiments."""

from variate.stats.means import Difference, Moments, difference, moments
from variate.stats.not_estimable import NotEstimable, NotEstimableReason

__all__ = ["Difference", "Moments", "NotEstimable", "NotEstimableReason", "difference", "moments"]
