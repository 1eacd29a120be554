"""What of an experiment a form cannot change, and shows as text."""

from __future__ import annotations

from dataclasses import dataclass

from variate.definition.redesign import fixed_fields, is_fixed
from variate.model import Experiment, ExperimentStatus
from variate.model.design import ExperimentMetric


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """The ``fields`` by name, and the ``metrics`` that stay. ``variations_stand``: at most their weights change."""

    fields: frozenset[str] = frozenset()
    metrics: tuple[ExperimentMetric, ...] = ()
    variations_stand: bool = False


NOTHING = Fixed()
"""As in what is new."""
OF_A_NEW_VERSION = Fixed(fields=frozenset({"name", "description", "owner"}))
"""A new version is another design of the same experiment."""


def fixed_of(experiment: Experiment) -> Fixed:
    """Return what is fixed of the experiment as it stands."""
    return Fixed(
        fields=fixed_fields(experiment),
        metrics=tuple(each for each in experiment.design.metrics if is_fixed(each, experiment)),
        variations_stand=experiment.status is not ExperimentStatus.DRAFT,
    )
