"""How small a sample ratio mismatch the chi-square test can see, and with how many units.

A variation of share p that takes p + d of the units, while the others share out the rest as configured, makes the
statistic noncentral by n d^2 / (p (1 - p)), whatever the number of variations (Cohen 1988, section 7.2).
"""

from __future__ import annotations

import math

from scipy.special import chdtri, chndtr, chndtrinc

from variate.errors import InvalidInputError
from variate.stats.srm import THRESHOLD


def detectable_shift(units: float, *, share: float, power: float = 0.8, variations: int = 2) -> float:
    """Return how far off its ``share`` a variation has to be for the chi-square test to flag it with this ``power``.

    The others are taken to share out the rest as configured. It may be more than there is room for.

    Raises ``InvalidInputError`` for a share or a power that is not between 0 and 1, and where there are no units.
    """
    if not units > 0:
        raise InvalidInputError("units", "must be above 0")
    return math.sqrt(_noncentrality(power, variations) * _variance(share) / units)


def units_to_detect(shift: float, *, share: float, power: float = 0.8, variations: int = 2) -> int:
    """Return how many units in all it takes to flag a variation that is ``shift`` off its ``share``.

    Raises ``InvalidInputError`` as ``detectable_shift``, and for no shift or one that leaves the share outside 0 to 1.
    """
    if shift == 0 or not 0 <= share + shift <= 1:
        raise InvalidInputError("shift", "must not be 0, and must leave the share from 0 to 1")
    return math.ceil(_noncentrality(power, variations) * _variance(share) / shift**2)


def chance_to_flag(units: float, *, shift: float, share: float, variations: int = 2) -> float:
    """Return the chance that the chi-square test flags a variation that is ``shift`` off its ``share``."""
    excess = units * shift**2 / _variance(share)
    return 1 - float(chndtr(_critical(variations), variations - 1, excess))


def _variance(share: float) -> float:
    """Return the variance of being in a variation of this share, or raise ``InvalidInputError``."""
    if not 0 < share < 1:
        raise InvalidInputError("share", "must be between 0 and 1")
    return share * (1 - share)


def _noncentrality(power: float, variations: int) -> float:
    if not THRESHOLD < power < 1:
        raise InvalidInputError("power", f"must be above {THRESHOLD} and below 1")
    return float(chndtrinc(_critical(variations), variations - 1, 1 - power))


def _critical(variations: int) -> float:
    if variations < 2:
        raise InvalidInputError("variations", "must be 2 or more")
    return float(chdtri(variations - 1, THRESHOLD))
