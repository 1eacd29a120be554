"""Building a snapshot's content: every definition compiled before it is served, a bad one held back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from variate.decision import CompiledSnapshot, Surroundings
from variate.errors import VariateError
from variate.model import OverrideTarget
from variate.model.condition import condition_record
from variate.model.snapshot import SNAPSHOT_FORMAT
from variate.publishing.catalogue import Definitions
from variate.publishing.content import experiment_content, flag_content

_NOWHERE = Surroundings(clock=lambda: 0.0, kept=lambda *_: None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A definition that cannot be served as it stands; ``served`` says what is served instead."""

    kind: str
    id: str
    error: VariateError
    served: str


@dataclass(slots=True)
class Built:
    """A snapshot's content and what was held back from it."""

    content: dict[str, Any]
    problems: list[Problem] = field(default_factory=list)


def build_content(
    definitions: Definitions, *, environment: str, before: Callable[[], Mapping[str, Any] | None]
) -> Built:
    """Return the content of a snapshot of these definitions, in which everything compiles.

    A definition that does not is held back, and what ``before`` (the snapshot in force, asked for only then) has of it
    stays; where it has nothing, or nothing that still works, the definition is left out. The others are not held up.
    """
    built = Built(
        {
            "format": SNAPSHOT_FORMAT,
            "environment": environment,
            "audiences": {key: condition_record(each.condition) for key, each in definitions.audiences.items()},
            "experiments": {},
            "flags": {},
        }
    )
    bad: dict[tuple[str, str], VariateError] = {}

    def add(kind: str, key: str, make: Callable[[], dict[str, Any]]) -> None:
        try:
            built.content[kind][key] = make()
        except VariateError as error:
            built.content[kind][key] = None
            bad[(kind, key)] = error

    for key, experiment in definitions.experiments.items():
        overrides = definitions.overrides.get((OverrideTarget.EXPERIMENT, key), ())
        layers, holdouts = definitions.layers, definitions.holdouts
        make = partial(experiment_content, experiment, layers=layers, holdouts=holdouts, overrides=overrides)
        add("experiments", key, make)
    for key, flag in definitions.flags.items():
        overrides = definitions.overrides.get((OverrideTarget.FLAG, key), ())
        add("flags", key, partial(flag_content, flag, environment=environment, overrides=overrides))
    _hold_back(built, bad, before)
    return built


def _hold_back(
    built: Built, bad: dict[tuple[str, str], VariateError], before: Callable[[], Mapping[str, Any] | None]
) -> None:
    """Put what was served before in the place of the bad ones, and of those that no longer compile with them gone."""
    served: Mapping[str, Any] | None = None
    tried: set[tuple[str, str]] = set()
    while True:
        for kind, key in bad:
            if (kind, key) not in tried and served is None:
                served = before() or {}
            old = None if (kind, key) in tried else (served or {}).get(kind, {}).get(key)
            if old is None:
                built.content[kind].pop(key, None)
            else:
                built.content[kind][key] = old
        for (kind, key), error in bad.items():
            stands = "as it was before" if key in built.content[kind] else "nothing"
            built.problems = [each for each in built.problems if (each.kind, each.id) != (kind, key)]
            built.problems.append(Problem(kind=kind, id=key, error=error, served=stands))
        tried |= bad.keys()
        bad = {(kind, key): error for kind, key, error in CompiledSnapshot(built.content, _NOWHERE).problems()}
        if not bad:
            return
