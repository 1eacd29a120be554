"""A snapshot's content with sensible defaults: a test names only what it is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from variate.decision import CompiledSnapshot, Engine, Ladder, Surroundings
from variate.model.decision import Decision

Record = dict[str, Any]
Kept = Callable[[str, int, str], str | None]


def nothing_kept(_experiment_id: str, _version: int, _unit: str) -> None:
    """Return what an empty ledger holds."""


def content_of(**kinds: Mapping[str, Any]) -> Record:
    """Return a snapshot's content with these audiences, experiments and flags."""
    empty: Record = {"format": 1, "environment": "production", "audiences": {}, "experiments": {}, "flags": {}}
    return empty | kinds


def active_experiment(**fields: Any) -> Record:
    """Return an active experiment for every unit: one variation for each weight, an even split of a and b if none."""
    weights = fields.setdefault("weights", [1, 1])
    names = "abcdefghijklmnopqrstuvwxyz"[: len(weights)]
    usual: Record = {
        "status": "active",
        "version": 1,
        "salt": "e",
        "unit_type": "user",
        "control": "a",
        "starts_at": None,
        "ends_at": None,
        "variations": [{"name": name, "value": name.upper()} for name in names],
        "traffic": 10_000,
        "audience": None,
        "layer": None,
        "holdouts": [],
        "takes_new_units": True,
        "keeps_outside_audience": False,
        "reads_ledger": False,
        "past": [],
        "overrides": {},
    }
    return usual | fields


def typed_flag(**fields: Any) -> Record:
    """Return a flag that is switched on, with variations a and b, of which a is the default and b the off value."""
    usual: Record = {
        "enabled": True,
        "version": 1,
        "type": "string",
        "salt": "f",
        "variations": [{"name": name, "value": name.upper()} for name in "ab"],
        "rules": [],
        "default": "a",
        "off": "b",
        "prerequisites": [],
        "starts_at": None,
        "ends_at": None,
        "overrides": {},
    }
    return usual | fields


def engine_of(content: Mapping[str, Any], *, now: float = 0.0, kept: Kept = nothing_kept) -> Engine:
    """Return an engine that decides from this content at this moment."""
    compiled = CompiledSnapshot(content, Surroundings(clock=lambda: now, kept=kept))
    return Engine(lambda: compiled)


def ladder_of(
    content: Mapping[str, Any],
    unit: str,
    attributes: Mapping[str, Any] | None = None,
    *,
    now: float = 0.0,
    kept: Kept = nothing_kept,
) -> Ladder:
    """Return a ladder for one decision from this content at this moment."""
    return Ladder(content, unit=unit, attributes={} if attributes is None else attributes, now=now, kept=kept)


def parts(decision: Decision) -> tuple[Any, ...]:
    """Return all that a decision says."""
    return (
        decision.variation,
        decision.value,
        decision.reason,
        decision.rule,
        decision.bucket,
        decision.version,
    )
