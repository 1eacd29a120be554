"""Stores with one fault each in how they read what breaks a rule as it is stored."""

from __future__ import annotations

from typing import Any

from tests.unit.testing.reference import ReferenceExperimentStore
from variate.errors import InvalidInputError
from variate.model import Experiment, Page


class StopsAtWhatItCannotRead(ReferenceExperimentStore):
    def list(self, **given: Any) -> Page[Experiment]:
        page = super().list(**given)
        for error in page.unreadable.values():
            raise error
        return page


class LosesWhatItCannotRead(ReferenceExperimentStore):
    def list(self, **given: Any) -> Page[Experiment]:
        page = super().list(**given)
        return Page(page.items, page.last_key)


class GivesWhatItCannotRead(ReferenceExperimentStore):
    def get(self, experiment_id: str) -> Experiment | None:
        return self.memory.experiments.get(experiment_id)


class NamesNothing(ReferenceExperimentStore):
    def list(self, **given: Any) -> Page[Experiment]:
        page = super().list(**given)
        named = {key: InvalidInputError("traffic", "must be at most 100") for key in page.unreadable}
        return Page(page.items, page.last_key, named)
