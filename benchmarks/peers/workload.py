"""What every side decides and for whom: one experiment, flags of three rules and a rollout, and people."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TypeAlias

EXPERIMENT = "checkout"
VARIATIONS = ("control", "treatment")
"""Half of the units each."""

PLAN = "pro"
ROLLOUT = 20
"""Percent of those whom no rule of a flag matches."""

Person: TypeAlias = tuple[str, str, str, str, int]
"""Unit, country, version, plan and age: what a fresh dict of attributes is made from at each call."""

_COUNTRIES = tuple(first + second for first in "ABCDEFGH" for second in "ELORS")  # 40 codes, not all in use
_PLANS = ("free", "free", "free", "basic", PLAN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """On for one of five countries, from a version on, for those on the plan above an age; else for the rollout."""

    id: str
    countries: tuple[str, ...]
    version: str
    age: int

    def rule_of(self, person: Person) -> int:
        """Return which rule, from 1 to 3, is the first that matches; 0 where none does."""
        _, country, version, plan, age = person
        if country in self.countries:
            return 1
        if _order(version) >= _order(self.version):
            return 2
        return 3 if plan == PLAN and age > self.age else 0


@dataclass(frozen=True, slots=True)
class Workload:
    """The flags, the first of which is the one that is evaluated alone, and the people, who come one after another."""

    flags: tuple[Flag, ...]
    people: tuple[Person, ...]

    @classmethod
    def of(cls, *, flags: int = 100, people: int = 1_000) -> Workload:
        """Make one: no two flags in a row say the same, and the people are the same in each run."""
        draw = Random(20)
        return cls(tuple(map(_flag, range(flags))), tuple(_person(number, draw) for number in range(people)))


def _flag(number: int) -> Flag:
    start = number * 7
    return Flag(
        id=f"flag-{number}",
        countries=tuple(_COUNTRIES[(start + step) % len(_COUNTRIES)] for step in range(5)),
        version=f"2.{14 + number % 6}.0",
        age=21 + number % 10,
    )


def _person(number: int, draw: Random) -> Person:
    version = f"{draw.randint(1, 2)}.{draw.randint(0, 19)}.{draw.randint(0, 9)}"
    return f"user-{number:06d}", draw.choice(_COUNTRIES), version, draw.choice(_PLANS), draw.randint(18, 70)


def _order(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
