"""Holdouts: create, read, change, remove."""

from __future__ import annotations

from dataclasses import dataclass, replace

from variate.definition.group import NOT_ENDED, STARTED, Group, check_unused
from variate.model import Experiment, ExperimentStatus, Page
from variate.model.holdout import Holdout
from variate.stores.ports import ExperimentStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdouts:
    """The holdouts. One that a started experiment names keeps its percentage: another one would move units."""

    group: Group[Holdout]
    experiments: ExperimentStore

    def create_holdout(
        self,
        holdout_id: str,
        *,
        percentage: float,
        name: str | None = None,
        description: str = "",
        salt: str | None = None,
        actor: str | None = None,
    ) -> Holdout:
        """Store and return a new holdout; raise ``ConflictError`` if the id is taken."""
        at = self.group.log.clock()
        holdout = Holdout(
            id=holdout_id,
            name=holdout_id if name is None else name,
            description=description,
            percentage=percentage,
            salt=holdout_id if salt is None else salt,
            created_at=at,
            updated_at=at,
        )
        return self.group.create(holdout, actor=actor)

    def get_holdout(self, holdout_id: str) -> Holdout | None:
        """Return the holdout, or None."""
        return self.group.get(holdout_id)

    def list_holdouts(self, *, limit: int = 100, last_key: str | None = None) -> Page[Holdout]:
        """Return a page of the holdouts, in order of id."""
        return self.group.list(limit=limit, last_key=last_key)

    def update_holdout(
        self,
        holdout_id: str,
        *,
        percentage: float | None = None,
        name: str | None = None,
        description: str | None = None,
        expected_revision: int | None = None,
        actor: str | None = None,
    ) -> Holdout:
        """Change what is given (not None)."""

        def change(before: Holdout) -> Holdout:
            after = replace(
                before,
                name=before.name if name is None else name,
                description=before.description if description is None else description,
                percentage=before.percentage if percentage is None else percentage,
            )
            if after.percentage != before.percentage:
                self._check_unused("percentage", before.id, STARTED)
            return after

        return self.group.change(holdout_id, change, expected_revision=expected_revision, actor=actor)

    def remove_holdout(
        self, holdout_id: str, *, expected_revision: int | None = None, actor: str | None = None
    ) -> Holdout:
        """Remove a holdout that no experiment that has not ended names, and return it."""

        def check(before: Holdout) -> None:
            self._check_unused("holdout_id", before.id, NOT_ENDED)

        return self.group.remove(holdout_id, check, expected_revision=expected_revision, actor=actor)

    def _check_unused(self, field: str, holdout_id: str, statuses: tuple[ExperimentStatus, ...]) -> None:
        def uses(experiment: Experiment) -> bool:
            return holdout_id in experiment.design.holdouts

        check_unused(self.experiments, field, mentions=[holdout_id], uses=uses, statuses=statuses)
