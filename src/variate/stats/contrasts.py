"""A contrast: what is between two sides and how well it is known. Tests, intervals and margins are made of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from variate.stats.moments import Floats
from variate.stats.not_estimable import NotEstimableReason
from variate.stats.sides import Codes, Side, codes, either


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """Arrays of one shape: the treatment's estimate less the control's, its standard error and degrees of freedom."""

    difference: Floats
    standard_error: Floats
    freedom: Floats
    reasons: Codes


def contrast(treatment: Side, control: Side, *, freedom: Floats | None = None) -> Contrast:
    """Return what is between the sides, whose shapes need only match as numpy's do.

    The degrees of freedom are those of Welch (1947) and Satterthwaite (1946), unless ``freedom`` replaces them.
    """
    with np.errstate(all="ignore"):
        difference = treatment.estimate - control.estimate
        one, other = treatment.squared_error, control.squared_error
        both = one + other
        if freedom is None:
            freedom = 1 / ((one / both) ** 2 / treatment.freedom + (other / both) ** 2 / control.freedom)
        error = np.sqrt(both)
    own = codes(
        both.shape,
        (~(np.isfinite(difference) & np.isfinite(both)), NotEstimableReason.OUT_OF_RANGE),
        (both == 0, NotEstimableReason.ZERO_VARIANCE),
    )
    of_sides = either(treatment.reasons, control.reasons)
    reasons = np.where(of_sides == 0, own, of_sides).astype(np.int8)
    return Contrast(
        difference=difference,
        standard_error=np.where(reasons == 0, error, np.nan),
        freedom=np.broadcast_to(freedom, both.shape),
        reasons=reasons,
    )
