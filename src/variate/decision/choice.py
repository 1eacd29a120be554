"""The choice: the variation that hash and weights give a unit."""

from __future__ import annotations

from collections.abc import Iterable

from variate.decision.allocation import Allocation
from variate.decision.bucketing import buckets, draw_salt
from variate.model import Experiment


def choose(experiment: Experiment, units: Iterable[str]) -> list[str]:
    """Return the name of the variation for each unit, in order.

    The same for the same id, version, weights and order of variations, whoever asks and whenever.
    """
    names = [variation.name for variation in experiment.variations]
    allocation = Allocation.of([variation.weight for variation in experiment.variations])
    salt = draw_salt("variation", salt=experiment.id, version=experiment.version)
    return [names[allocation.at(place)] for place in buckets(salt, units)]
