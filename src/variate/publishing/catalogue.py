"""The catalogue: every definition there is, read from the stores for a snapshot."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias, TypeVar

from variate.errors import DecryptionError, InvalidInputError, VariateError
from variate.model import (
    Experiment,
    FeatureFlag,
    Override,
    OverrideTarget,
    Page,
)
from variate.model.audience import Audience
from variate.model.holdout import Holdout
from variate.model.layer import Layer
from variate.model.page import every, every_page
from variate.stores.ports import DefinitionStore, ExperimentStore, FlagStore, OverrideStore

T = TypeVar("T")

Key: TypeAlias = tuple[str, str]
"""``experiments``, ``flags``, ``audiences``, ``layers`` or ``holdouts``, and the id."""

SETTLING = timedelta(seconds=60)
"""For how long a change that no list shows is read by its id: an index may show it some time after it was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Definitions:
    """All definitions of a moment, by id. Overrides by target and target id.

    ``unreadable`` has the error of each that is there and cannot be read.
    """

    experiments: Mapping[str, Experiment]
    flags: Mapping[str, FeatureFlag]
    audiences: Mapping[str, Audience]
    layers: Mapping[str, Layer]
    holdouts: Mapping[str, Holdout]
    overrides: Mapping[tuple[OverrideTarget, str], tuple[Override, ...]]
    unreadable: Mapping[Key, VariateError] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Catalogue:
    """Reads the definitions. What was lately changed through this process is read by id, not from an index alone."""

    experiments: ExperimentStore
    flags: FlagStore
    audiences: DefinitionStore[Audience]
    layers: DefinitionStore[Layer]
    holdouts: DefinitionStore[Holdout]
    overrides: OverrideStore
    clock: Callable[[], datetime]
    _flags_changed: dict[str, datetime] = field(default_factory=dict)
    _overrides_changed: dict[tuple[str, OverrideTarget, str], datetime] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def flag_changed(self, flag_id: str, *, at: datetime) -> None:
        """Remember that this flag was changed at this moment."""
        with self._lock:
            self._flags_changed[flag_id] = max(at, self._flags_changed.get(flag_id, at))

    def override_changed(self, *, unit: str, target: OverrideTarget, target_id: str, at: datetime) -> None:
        """Remember that this override was put or removed at this moment."""
        key = (unit, target, target_id)
        with self._lock:
            self._overrides_changed[key] = max(at, self._overrides_changed.get(key, at))

    def read(self) -> Definitions:
        """Return every definition, as new as the changes this process has been told of."""
        unreadable: dict[Key, VariateError] = {}

        def found(kind: str, store_list: Callable[..., Page[T]]) -> Iterator[T]:
            for page in every_page(store_list):
                unreadable.update({(kind, key): error for key, error in page.unreadable.items()})
                yield from page

        experiments = {each.id: each for each in found("experiments", self.experiments.list)}
        flags = {each.id: each for each in found("flags", self.flags.list)}
        self._bring_up(flags, unreadable)
        return Definitions(
            experiments=experiments,
            flags=dict(sorted(flags.items())),
            audiences={each.id: each for each in found("audiences", self.audiences.list)},
            layers={each.id: each for each in found("layers", self.layers.list)},
            holdouts={each.id: each for each in found("holdouts", self.holdouts.list)},
            overrides=self._read_overrides(),
            unreadable=unreadable,
        )

    def _bring_up(self, found: dict[str, FeatureFlag], unreadable: dict[Key, VariateError]) -> None:
        """Bring the flags that were lately changed up to what they are."""
        for flag_id, at in self._lately(self._flags_changed).items():
            listed = found.get(flag_id)
            if listed is not None and listed.updated_at >= at:
                continue
            try:
                flag = self.flags.get(flag_id)
            except (InvalidInputError, DecryptionError) as error:
                found.pop(flag_id, None)
                unreadable[("flags", flag_id)] = error
                continue
            if flag is not None:
                unreadable.pop(("flags", flag_id), None)
                found[flag_id] = flag

    def _read_overrides(self) -> Mapping[tuple[OverrideTarget, str], tuple[Override, ...]]:
        at = self.clock()
        found: dict[tuple[str, OverrideTarget, str], Override] = {}
        for target in OverrideTarget:
            for each in every(self.overrides.of_type, target, at=at):
                found[(each.unit, each.target, each.target_id)] = each
        for key, changed in self._lately(self._overrides_changed).items():
            unit, target, target_id = key
            listed = found.pop(key, None)
            override = listed
            if listed is None or listed.created_at < changed:
                override = self.overrides.get(unit=unit, target=target, target_id=target_id, at=at)
            if override is not None:
                found[key] = override
        grouped: defaultdict[tuple[OverrideTarget, str], list[Override]] = defaultdict(list)
        for (_, target, target_id), override in sorted(found.items()):
            grouped[(target, target_id)].append(override)
        return {target: tuple(overrides) for target, overrides in grouped.items()}

    def _lately(self, changed: dict[T, datetime]) -> dict[T, datetime]:
        """Return what changed in the last minute, and forget what changed before."""
        with self._lock:
            settled = self.clock() - SETTLING
            for key in [key for key, at in changed.items() if at <= settled]:
                del changed[key]
            return dict(changed)
