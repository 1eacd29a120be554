"""Building a snapshot's content: every definition compiled before it is served, a bad one held back."""

from __future__ import annotations

import sys
from collections.abc import Callable, Hashable, Iterable, Mapping, Set
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, TypeAlias

from variate.decision import CompiledSnapshot, Surroundings
from variate.errors import InvalidInputError, VariateError
from variate.model import Document, Experiment, ExperimentStatus, FlagStatus, OverrideTarget
from variate.model.condition import condition_record
from variate.model.reading import NOT_OF_FORM, wrong_with
from variate.model.snapshot import SNAPSHOT_FORMAT
from variate.publishing.catalogue import Definitions, Key
from variate.publishing.content import experiment_content, flag_content

InForce: TypeAlias = Callable[[], Mapping[str, Any]]

Making: TypeAlias = tuple[Hashable, Callable[[], dict[str, Any]]]
"""What a record is made from, and how."""

_SERVED = ("experiments", "flags")
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
    changed is read, written out and compiled, and the others are not. What it was made from is compared whole: a row
    that is changed by hand keeps its revision.
    """

    def __init__(self, environment: str) -> None:
        self._environment = environment
        self._made: dict[Key, tuple[Hashable, dict[str, Any]]] = {}
        self._sound: dict[Key, dict[str, Any]] = {}
        self._audiences: dict[str, Any] = {}

    def build(self, definitions: Definitions, *, before: Callable[[], Mapping[str, Any] | None]) -> Built:
        """Return the content of a snapshot of these definitions.

        A definition that cannot be read or does not compile is held back, and what ``before`` (the snapshot in force,
        asked for only then) has of it stays; where it has nothing, or nothing that still works, it is left out. What
        another release made, and this one cannot compile, still works there and stays. The others are not held up.

        Raise what ``before`` raises, and ``InvalidInputError`` where what stays would be of a newer form than is known.
        """
        in_force: InForce = cache(lambda: before() or {})
        audiences = {key: condition_record(each.condition) for key, each in definitions.audiences.items()}
        records: dict[Key, dict[str, Any]] = {}
        problems: dict[Key, Problem] = {}
        bad: dict[Key, VariateError] = {}
        made: dict[Key, tuple[Hashable, dict[str, Any]]] = {}
        for key, error in definitions.unreadable.items():
            if key[0] in _SERVED:
                bad[key] = error
            else:
                problems[key] = _named_by_others(key, error, audiences, in_force)
        wanted, archived = self._wanted(definitions)

        def add(key: Key, origin: Hashable, make: Callable[[], dict[str, Any]]) -> None:
            standing = self._made.get(key)
            try:
                made[key] = standing if standing is not None and standing[0] == origin else (origin, _record(key, make))
                records[key] = made[key][1]
            except VariateError as error:
                bad[key] = error

        def add_archived(named: set[Key]) -> None:
            # What is archived is gone, unless a flag names it: then it is there as what never gives anything.
            for key in (archived.keys() & named) - records.keys():
                add(key, *archived[key])

        for key, (origin, make) in wanted.items():
            add(key, origin, make)
        add_archived(_named_by_flags(records))
        self._made = made
        off = {("flags", key) for key, flag in definitions.flags.items() if flag.status is FlagStatus.INACTIVE}
        self._hold_back(records, audiences, bad, problems, in_force, add_archived, off=off)
        self._sound, self._audiences = records, audiences
        return Built(content=self._content(records, audiences), problems=tuple(problems.values()))

    def _wanted(self, definitions: Definitions) -> tuple[dict[Key, Making], dict[Key, Making]]:
        """Return, for every definition, what its record is made from, and how; the archived ones apart."""
        wanted: dict[Key, Making] = {}
        archived: dict[Key, Making] = {}
        layers, holdouts = definitions.layers, definitions.holdouts
        for key, experiment in definitions.experiments.items():
            overrides = definitions.overrides.get((OverrideTarget.EXPERIMENT, key), ())
            make = partial(experiment_content, experiment, layers=layers, holdouts=holdouts, overrides=overrides)
            making = ((experiment, overrides, _named(experiment, definitions)), make)
            (archived if experiment.status is ExperimentStatus.ARCHIVED else wanted)[("experiments", key)] = making
        for key, flag in definitions.flags.items():
            overrides = definitions.overrides.get((OverrideTarget.FLAG, key), ())
            of_flag = partial(flag_content, flag, environment=self._environment, overrides=overrides)
            (archived if flag.status is FlagStatus.ARCHIVED else wanted)[("flags", key)] = ((flag, overrides), of_flag)
        return wanted, archived

    def _hold_back(
        self,
        records: dict[Key, dict[str, Any]],
        audiences: dict[str, Any],
        bad: dict[Key, VariateError],
        problems: dict[Key, Problem],
        in_force: InForce,
        add_archived: Callable[[set[Key]], None],
        *,
        off: Set[Key],
    ) -> None:
        """Put what was served before in the place of the bad ones, and of those that do not compile without them.

        Each of them is put among the problems, and what is archived and named by what was served is added. Of the flags
        in ``off`` what was served is switched off: somebody saw to that, whatever else of them cannot be read.
        """
        foreign: set[Key] = set()
        while True:
            again = bad.keys() & problems.keys()
            foreign |= _foreign(again, in_force)
            stays: dict[Key, dict[str, Any]] = {}
            for key, error in bad.items():
                if key in foreign:
                    continue
                kind, name = key
                old = None if key in again else in_force().get(kind, {}).get(name)
                records.pop(key, None)
                if old is not None:
                    stays[key] = {**old, "enabled": False} if key in off else old
                problems[key] = _problem(key, error, stands=old is not None)
            records.update(stays)
            add_archived(_named_by_flags(stays))
            found = self._unsound(records, audiences)
            bad = {key: error for key, error in found.items() if key not in foreign}
            if not bad:
                return

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


def _record(key: Key, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Return the record that is made, seen to be JSON: what was written by hand need not be."""
    kind = key[0].removesuffix("s")
    try:
        record = make()
    except VariateError:
        raise
    except NOT_OF_FORM as error:
        raise InvalidInputError(kind, f"must be as variate writes it: {wrong_with(error)}") from error
    Document.of(record, field=kind, max_bytes=sys.maxsize)
    return record


def _named_by_others(key: Key, error: VariateError, audiences: dict[str, Any], in_force: InForce) -> Problem:
    """Keep the audience that is in force, and what a layer or holdout is in the experiments that are in force."""
    kind, name = key
    if kind != "audiences":
        return _problem(key, error, stands=bool(in_force()))
    old = in_force().get(kind, {}).get(name)
    if old is not None:
        audiences[name] = old
    return _problem(key, error, stands=old is not None)


def _problem(key: Key, error: VariateError, *, stands: bool) -> Problem:
    kind, name = key
    return Problem(
        kind=kind.removesuffix("s"), id=name, error=error, served="as it was before" if stands else "nothing"
    )


def _foreign(keys: Iterable[Key], in_force: InForce) -> set[Key]:
    """Return those of the keys that do not compile in the snapshot in force: it was made by another release."""
    suspects = list(keys)
    return {key for key, _ in CompiledSnapshot(in_force(), _NOWHERE).problems(suspects)} if suspects else set()


def _named(experiment: Experiment, definitions: Definitions) -> Hashable:
    """Return what the experiment's record is made from of other definitions; of a layer, not what others claim."""
    design = experiment.design
    layer = None if design.layer is None else definitions.layers.get(design.layer.layer_id)
    return (
        None if layer is None else (layer.salt, layer.ranges.get(experiment.id)),
        tuple(definitions.holdouts.get(name) for name in design.holdouts),
    )


def _named_by_flags(records: Mapping[Key, dict[str, Any]]) -> set[Key]:
    """Return the experiments that flags serve and the flags they require; of other releases, what is said alike."""
    named: set[Key] = set()
    for (kind, _), record in records.items():
        if kind == "flags":
            named.update(("flags", each.get("flag")) for each in record.get("prerequisites", ()))
            serves = [rule.get("serve") for rule in record.get("rules", ())]
            named.update(
                ("experiments", serve["experiment"])
                for serve in serves
                if isinstance(serve, dict) and "experiment" in serve
            )
    return named
