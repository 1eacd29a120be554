"""How long something is kept, in days, as callers say it."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from functools import lru_cache

from variate.errors import InvalidInputError
from variate.model.rules import shown

MAX_DAYS = 36_500


def expiry(ttl_days: object, *, since: datetime, field: str = "ttl_days") -> datetime | None:
    """Return the moment ``ttl_days`` after ``since``, or None (never) for None.

    ``ttl_days`` is a number above 0 and at most 36,500; anything else raises ``InvalidInputError`` for ``field``.
    """
    if ttl_days is None:
        return None
    endless = isinstance(ttl_days, float) and not math.isfinite(ttl_days)
    if isinstance(ttl_days, bool) or not isinstance(ttl_days, (int, float)) or endless:
        raise InvalidInputError(field, f"must be a finite number of days or None, not {shown(ttl_days)}")
    if not 0 < ttl_days <= MAX_DAYS:
        raise InvalidInputError(field, f"must be above 0 and at most {MAX_DAYS}, not {shown(ttl_days)}")
    return since + _span(ttl_days)


@lru_cache(maxsize=64)
def _span(days: float) -> timedelta:
    """Return so many days; remembered, since a batch's events have the same and making one takes longer than adding."""
    return timedelta(days=days)
