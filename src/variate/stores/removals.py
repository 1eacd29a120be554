"""For how long a removal is remembered, so that an older write that arrives late is turned away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

REMOVALS_KEPT = timedelta(days=90)

_LAST = datetime.max.replace(tzinfo=UTC) - REMOVALS_KEPT


def forgotten_at(removed_at: datetime) -> datetime:
    """Return when what was removed then need no longer be remembered."""
    return min(removed_at, _LAST) + REMOVALS_KEPT
