"""What a definition names has to be there: looked up when it is defined, and again when it is launched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from variate.errors import InvalidInputError
from variate.model.audience import Audience
from variate.model.condition import Condition, audiences_of
from variate.model.design import Design, ExperimentMetric
from variate.model.holdout import Holdout
from variate.model.layer import Layer
from variate.model.metric import Metric
from variate.model.rules import shown
from variate.stores.ports import DefinitionStore


@dataclass(frozen=True, slots=True, kw_only=True)
class References:
    """The definitions that others name."""

    audiences: DefinitionStore[Audience]
    layers: DefinitionStore[Layer]
    holdouts: DefinitionStore[Holdout]
    metrics: DefinitionStore[Metric]

    def check_design(self, design: Design) -> None:
        """Raise ``InvalidInputError`` naming the field whose audience, layer or holdout is not there."""
        self.check_condition("audience", design.audience)
        for holdout_id in design.holdouts:
            if self.holdouts.get(holdout_id) is None:
                raise InvalidInputError("holdouts", f"names {shown(holdout_id)}, which is not there")
        if design.layer is not None:
            self.layer(design.layer.layer_id)

    def check_metrics(self, metrics: Sequence[ExperimentMetric], *, standing: Sequence[ExperimentMetric] = ()) -> None:
        """Raise ``InvalidInputError`` where one is not defined, or its margin is more than a share can differ by.

        What is ``standing`` already is not looked at, and a metric that is named there need not be defined: one that
        was named before metrics were defined is no reason to refuse another change.
        """
        named = {each.metric for each in standing}
        for place, each in enumerate(metrics):
            if each in standing:
                continue
            found = self.metrics.get(each.metric)
            if found is None and each.metric not in named:
                missing = f"names {shown(each.metric)}, which is not there"
                raise InvalidInputError("metrics", f"{missing}: define it with create_metric or variate metrics create")
            if found is not None and found.is_share and each.margin is not None and each.margin >= 1:
                raise InvalidInputError(
                    f"metrics[{place}].margin",
                    f"must be below 1 for a share, not {each.margin:g}: 0.01 is one percentage point",
                )

    def check_condition(self, field: str, condition: Condition | None) -> None:
        """Raise ``InvalidInputError`` for ``field`` where an audience that the condition names is not there."""
        for audience_id in sorted(audiences_of(condition)) if condition is not None else ():
            if self.audiences.get(audience_id) is None:
                raise InvalidInputError(field, f"names the audience {shown(audience_id)}, which is not there")

    def layer(self, layer_id: str) -> Layer:
        """Return the layer, or raise ``InvalidInputError``."""
        layer = self.layers.get(layer_id)
        if layer is None:
            raise InvalidInputError("layer", f"names {shown(layer_id)}, which is not there")
        return layer
