"""How much there is, and what each thing is called: all follows from its number, so that each run measures the same."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

LARGE = "checkout-redesign"
"""The experiment whose report is of so many units."""
ENVIRONMENTS = ("dev", "prod")
AREAS = ("checkout", "search", "onboarding", "pricing", "email", "profile", "basket", "home", "support", "delivery")
THINGS = ("button", "banner", "ranking", "form", "headline", "reminder", "filter", "layout", "discount", "tour")
_COUNTRIES = ("NL", "DE", "FR", "US", "BR", "JP", "GB", "ES")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """How much there is of everything, as it is ``now``."""

    experiments: int = 1_000
    active: int = 200
    flags: int = 5_000
    audiences: int = 200
    metrics: int = 20
    variations: int = 10
    units: int = 1_000_000
    days: int = 90
    audit: int = 10_000
    events: int = 20_000
    overrides: int = 500
    keys: int = 100
    people: int = 100
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def ago(self, **length: float) -> datetime:
        """Return the moment so long before ``now``."""
        return self.now - timedelta(**length)


def named(number: int) -> str:
    """Return what a thing is about."""
    return f"{AREAS[number % 10]} {THINGS[number // 10 % 10]}"


def two_countries(number: int) -> list[str]:
    """Return two of them."""
    return [_COUNTRIES[number % len(_COUNTRIES)], _COUNTRIES[(number + 3) % len(_COUNTRIES)]]


def owner(number: int) -> str:
    """Return one of 25 owners."""
    return f"owner-{number % 25}@example.com"


def audience_id(number: int) -> str:
    """Return an audience's id."""
    return f"audience-{number}"


def experiment_id(number: int) -> str:
    """Return an experiment's id; the first one is the large one."""
    return f"experiment-{number:04d}" if number else LARGE


def flag_id(number: int) -> str:
    """Return a flag's id."""
    return f"flag-{number:05d}"
