"""The catalogue: every definition there is, read from the stores for a snapshot."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from variate.model import (
    MAX_PAGE,
    Experiment,
    ExperimentStatus,
    FeatureFlag,
    FlagStatus,
    Override,
    OverrideTarget,
    Page,
)
from variate.model.audience import Audience
from variate.model.holdout import Holdout
from variate.model.layer import Layer
from variate.stores.ports import DefinitionStore, ExperimentStore, FlagStore, OverrideStore

T = TypeVar("T")

SETTLING = timedelta(seconds=60)
"""For how long a change that no list shows is read by its id: an index may show it some time after it was made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Definitions:
    """All definitions of a moment, by id; what is archived is left out. Overrides by target and target id."""

    experiments: Mapping[str, Experiment]
    flags: Mapping[str, FeatureFlag]
    audiences: Mapping[str, Audience]
    layers: Mapping[str, Layer]
    holdouts: Mapping[str, Holdout]
    overrides: Mapping[tuple[OverrideTarget, str], tuple[Override, ...]]


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
        return Definitions(
            experiments={
                each.id: each for each in _every(self.experiments.list) if each.status is not ExperimentStatus.ARCHIVED
            },
            flags=self._read_flags(),
            audiences={each.id: each for each in _every(self.audiences.list)},
            layers={each.id: each for each in _every(self.layers.list)},
            holdouts={each.id: each for each in _every(self.holdouts.list)},
            overrides=self._read_overrides(),
        )

    def _read_flags(self) -> Mapping[str, FeatureFlag]:
        found = {flag.id: flag for flag in _every(self.flags.list)}
        for flag_id, at in self._lately(self._flags_changed).items():
            listed = found.get(flag_id)
            if listed is None or listed.updated_at < at:
                flag = self.flags.get(flag_id)
                if flag is not None:
                    found[flag_id] = flag
        return {key: flag for key, flag in sorted(found.items()) if flag.status is not FlagStatus.ARCHIVED}

    def _read_overrides(self) -> Mapping[tuple[OverrideTarget, str], tuple[Override, ...]]:
        at = self.clock()
        found: dict[tuple[str, OverrideTarget, str], Override] = {}
        for target in OverrideTarget:
            for each in _every(self.overrides.of_type, target, at=at):
                found[(each.unit, each.target, each.target_id)] = each
        for key, changed in self._lately(self._overrides_changed).items():
            unit, target, target_id = key
            listed = found.pop(key, None)
            override = listed
            if listed is None or listed.created_at < changed:
                override = self.overrides.get(unit=unit, target=target, target_id=target_id, at=at)
            if override is not None:
                found[key] = override
        grouped: dict[tuple[OverrideTarget, str], tuple[Override, ...]] = {}
        for (_, target, target_id), override in sorted(found.items()):
            grouped[(target, target_id)] = (*grouped.get((target, target_id), ()), override)
        return grouped

    def _lately(self, changed: dict[T, datetime]) -> dict[T, datetime]:
        """Return what changed in the last minute, and forget what changed before."""
        with self._lock:
            settled = self.clock() - SETTLING
            for key in [key for key, at in changed.items() if at <= settled]:
                del changed[key]
            return dict(changed)


def _every(read: Callable[..., Page[T]], *arguments: Any, **named: Any) -> Iterator[T]:
    last_key = None
    while True:
        page = read(*arguments, **named, limit=MAX_PAGE, last_key=last_key)
        yield from page
        last_key = page.last_key
        if last_key is None:
            return
