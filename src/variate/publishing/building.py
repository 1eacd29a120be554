"""Building a snapshot's content: every definition compiled before it is served, a bad one held back."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from variate.decision import CompiledSnapshot, Surroundings
from variate.errors import VariateError
from variate.model import Experiment, OverrideTarget
from variate.model.condition import condition_record
from variate.model.snapshot import SNAPSHOT_FORMAT
from variate.publishing.catalogue import Definitions
from variate.publishing.content import experiment_content, flag_content

Key: TypeAlias = tuple[str, str]
"""``experiments`` or ``flags``, and the id."""

_NOWHERE = Surroundings(clock=lambda: 0.0, kept=lambda *_: None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A definition that cannot be served as it stands; ``served`` says what is served instead."""

    kind: str
    id: str
    error: VariateError
    served: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A snapshot's content, in which everything compiles, and what was held back from it."""

    content: Mapping[str, Any]
    problems: tuple[Problem, ...]


class Builder:
    """Builds the contents of one environment's snapshots, one after another.

    What a definition became is remembered with what it was made from, so that of a thousand definitions the one that
    changed is read, written out and compiled, and the others are not.
    """

    def __init__(self, environment: str) -> None:
        self._environment = environment
        self._made: dict[Key, tuple[Hashable, dict[str, Any]]] = {}
        self._sound: dict[Key, dict[str, Any]] = {}
        self._audiences: dict[str, Any] = {}

    def build(self, definitions: Definitions, *, before: Callable[[], Mapping[str, Any] | None]) -> Built:
        """Return the content of a snapshot of these definitions.

        A definition that does not compile is held back, and what ``before`` (the snapshot in force, asked for only
        then) has of it stays; where it has nothing, or nothing that still works, it is left out. The others are not
        held up.
        """
        audiences = {key: condition_record(each.condition) for key, each in definitions.audiences.items()}
        records: dict[Key, dict[str, Any]] = {}
        bad: dict[Key, VariateError] = {}
        made: dict[Key, tuple[Hashable, dict[str, Any]]] = {}
        for key, (origin, make) in self._wanted(definitions).items():
            standing = self._made.get(key)
            try:
                made[key] = standing if standing is not None and standing[0] == origin else (origin, make())
                records[key] = made[key][1]
            except VariateError as error:
                bad[key] = error
        self._made = made
        problems = self._hold_back(records, audiences, bad, before)
        self._sound, self._audiences = records, audiences
        return Built(content=self._content(records, audiences), problems=tuple(problems.values()))

    def _wanted(self, definitions: Definitions) -> dict[Key, tuple[Hashable, Callable[[], dict[str, Any]]]]:
        """Return, for every definition, what its record is made from, and how."""
        wanted: dict[Key, tuple[Hashable, Callable[[], dict[str, Any]]]] = {}
        layers, holdouts = definitions.layers, definitions.holdouts
        for key, experiment in definitions.experiments.items():
            overrides = definitions.overrides.get((OverrideTarget.EXPERIMENT, key), ())
            make = partial(experiment_content, experiment, layers=layers, holdouts=holdouts, overrides=overrides)
            wanted[("experiments", key)] = (
                (experiment.revision, overrides, _named(experiment, definitions)),
                make,
            )
        for key, flag in definitions.flags.items():
            overrides = definitions.overrides.get((OverrideTarget.FLAG, key), ())
            origin = (flag.revision, flag.updated_at, overrides)
            wanted[("flags", key)] = (
                origin,
                partial(flag_content, flag, environment=self._environment, overrides=overrides),
            )
        return wanted

    def _hold_back(
        self,
        records: dict[Key, dict[str, Any]],
        audiences: dict[str, Any],
        bad: dict[Key, VariateError],
        before: Callable[[], Mapping[str, Any] | None],
    ) -> dict[Key, Problem]:
        """Put what was served before in the place of the bad ones, and of those that do not compile without them."""
        problems: dict[Key, Problem] = {}
        served: Mapping[str, Any] | None = None
        while True:
            for key, error in bad.items():
                kind, name = key
                old = None
                if key not in problems:
                    served = (before() or {}) if served is None else served
                    old = served.get(kind, {}).get(name)
                records.pop(key, None)
                if old is not None:
                    records[key] = old
                stands = "nothing" if old is None else "as it was before"
                problems[key] = Problem(kind=kind.removesuffix("s"), id=name, error=error, served=stands)
            bad = self._unsound(records, audiences)
            if not bad:
                return problems

    def _unsound(self, records: dict[Key, dict[str, Any]], audiences: dict[str, Any]) -> dict[Key, VariateError]:
        """Compile what is new, or everything where something is gone that others may name."""
        snapshot = CompiledSnapshot(self._content(records, audiences), _NOWHERE)
        if audiences != self._audiences or not self._sound.keys() <= records.keys():
            suspects = list(records)
        else:
            suspects = [key for key, record in records.items() if self._sound.get(key) is not record]
        return dict(snapshot.problems(suspects))

    def _content(self, records: Mapping[Key, dict[str, Any]], audiences: Mapping[str, Any]) -> dict[str, Any]:
        content: dict[str, Any] = {
            "format": SNAPSHOT_FORMAT,
            "environment": self._environment,
            "audiences": audiences,
            "experiments": {},
            "flags": {},
        }
        for (kind, key), record in records.items():
            content[kind][key] = record
        return content


def _named(experiment: Experiment, definitions: Definitions) -> Hashable:
    """Return the revisions of what the experiment's record holds of other definitions."""
    design = experiment.design
    layer = None if design.layer is None else definitions.layers.get(design.layer.layer_id)
    holdouts = [definitions.holdouts.get(name) for name in design.holdouts]
    return (
        None if layer is None else (layer.created_at, layer.revision),
        tuple(None if each is None else (each.created_at, each.revision) for each in holdouts),
    )
