"""Moments and ages, as a person reads them."""

from __future__ import annotations

from datetime import datetime, timedelta

from variate.model import format_instant


def moment_words(moment: datetime) -> str:
    """Return the moment to the second: ``2026-01-31 09:30:00 UTC``."""
    return f"{format_instant(moment)[:19].replace('T', ' ')} UTC"


def age(passed: timedelta) -> str:
    """Return how long that is in its largest unit: 3 days, 1 hour, 12 minutes, 0 seconds."""
    seconds = max(0, int(passed.total_seconds()))
    for name, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size:
            return f"{seconds // size} {name}{'s' if seconds // size > 1 else ''}"
    return f"{seconds} second{'' if seconds == 1 else 's'}"
