"""The ranges of layers that a change of an experiment claims and gives back, and the audit entries that say so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from variate.definition.audit import ChangeLog
from variate.model import AuditEntry, Json
from variate.model.layer import Layer, LayerRange
from variate.stores.ports import DefinitionStore


class Claims(NamedTuple):
    """The layers as they are to be stored, and an entry for each."""

    layers: list[Layer]
    audit: list[AuditEntry]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claiming:
    """Claims ranges for experiments."""

    layers: DefinitionStore[Layer]
    log: ChangeLog

    def claims(
        self,
        experiment_id: str,
        before: LayerRange | None,
        after: LayerRange | None,
        *,
        actor: str | None,
        at: datetime,
    ) -> Claims:
        """Return the layers to be stored: the one that gives the range back, and the one that grants another."""
        made = Claims([], [])
        if before == after:
            return made
        for name in sorted({each.layer_id for each in (before, after) if each is not None}):
            layer = self.layers.get(name)
            if layer is None or (after is None and experiment_id not in layer.ranges):
                continue
            changed = layer.claimed(
                experiment_id, after if after is not None and after.layer_id == name else None, at=at
            )
            data = {
                "experiment_id": experiment_id,
                "before": _range(layer, experiment_id),
                "after": _range(changed, experiment_id),
            }
            made.layers.append(changed)
            made.audit.append(self.log.entry("layer", name, "range_changed", data, actor=actor, at=at))
        return made


def _range(layer: Layer, experiment_id: str) -> Json:
    found = layer.ranges.get(experiment_id)
    return None if found is None else [found.start, found.end]
