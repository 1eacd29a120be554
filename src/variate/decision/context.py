"""What a decision may ask for besides the snapshot: handed in, so that deciding itself touches nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from variate.decision.conditions import Matcher
from variate.errors import VariateError
from variate.model import parse_instant
from variate.model.decision import Decision

Decide: TypeAlias = Callable[[bytes, Mapping[str, Any]], Decision]
"""A compiled experiment or flag: the unit's UTF-8, which is what is hashed, and its attributes in, decision out."""

Kept: TypeAlias = Callable[[str, int, str], str | None]
"""The variation that the ledger holds for (experiment id, version, unit), or None."""

Ahead: TypeAlias = Callable[[str, int, Sequence[str]], Kept]
"""Reads the ledger for these units of (experiment id, version) together, and returns what answers for them then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """``clock`` gives seconds since 1970, and is asked only where a definition has a schedule, an override or a past.

    ``kept`` is asked only where the hash alone does not tell what a unit was given before. Where many are decided for
    at once ``ahead`` is asked first; without one, ``kept`` is asked for each. ``refused`` is told, once a snapshot, the
    id of a flag that does not compile among all flags, and why.
    """

    clock: Callable[[], float]
    kept: Kept
    ahead: Ahead | None = None
    refused: Callable[[str, VariateError], None] = lambda _id, _error: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """The other definitions of the snapshot, each compiled when it is first asked for."""

    audience: Callable[[str], Matcher]
    experiment: Callable[[str], Decide]
    flag: Callable[[str], Decide]


def seconds(moment: str | None, *, missing: float) -> float:
    """Return the moment in seconds since 1970; ``missing`` for None."""
    if moment is None:
        return missing
    instant: datetime = parse_instant("moment", moment)
    return instant.timestamp()
