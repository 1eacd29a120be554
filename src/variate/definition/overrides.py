"""Overrides: forced variations, set, read and removed, each change in the audit log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from variate.definition.audit import OVERRIDE_REMOVED, ChangeLog
from variate.definition.experiments import OVERRIDE_DAYS, check_variation
from variate.errors import NotFoundError
from variate.model import Override, OverrideTarget, Page, format_instant
from variate.model.lifetime import expiry
from variate.model.rules import check_id
from variate.stores.ports import AuditLog, ExperimentStore, OverrideStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """The overrides of experiments.

    A change is durable with its audit entry in ``audit`` first and is then carried to ``store``; should that fail, it
    is delivered later.
    """

    store: OverrideStore
    experiments: ExperimentStore
    audit: AuditLog
    log: ChangeLog
    announce: Callable[[], object]

    def create_override(
        self,
        unit: str,
        experiment_id: str,
        variation: str,
        *,
        reason: str = "",
        ttl_days: float | None = OVERRIDE_DAYS,
        actor: str | None = None,
    ) -> Override:
        """Force ``variation`` for the unit, over whatever was forced before; with ``ttl_days`` of None, for ever."""
        experiment = self.experiments.get(check_id("experiment_id", experiment_id))
        if experiment is None:
            raise NotFoundError("experiment", experiment_id)
        check_variation(experiment, variation)
        at = self.log.clock()
        override = Override(
            unit=unit,
            target_id=experiment_id,
            value=variation,
            reason=reason,
            created_at=at,
            expires_at=expiry(ttl_days, since=at),
        )
        data = {"user_id": unit, "value": variation, "reason": reason}
        entry = self.log.entry("experiment", experiment_id, "override_added", data, actor=actor, at=at)
        self.audit.append([entry], outbox=[self.log.override_put(override)])
        self.announce()
        return override

    def get_override(self, unit: str, experiment_id: str) -> Override | None:
        """Return the override in force, or None."""
        return self.store.get(
            unit=check_id("user_id", unit),
            target=OverrideTarget.EXPERIMENT,
            target_id=check_id("experiment_id", experiment_id),
            at=self.log.clock(),
        )

    def list_overrides(self, experiment_id: str, *, limit: int = 100, last_key: str | None = None) -> Page[Override]:
        """Return a page of the overrides in force on this experiment, in order of unit."""
        return self.store.of_target(
            target=OverrideTarget.EXPERIMENT,
            target_id=check_id("experiment_id", experiment_id),
            at=self.log.clock(),
            limit=limit,
            last_key=last_key,
        )

    def get_user_overrides(self, unit: str, *, limit: int = 100, last_key: str | None = None) -> Page[Override]:
        """Return a page of the overrides in force for this unit, in order of experiment."""
        return self.store.of_unit(check_id("user_id", unit), at=self.log.clock(), limit=limit, last_key=last_key)

    def remove_override(self, unit: str, experiment_id: str, *, actor: str | None = None) -> bool:
        """Remove the override in force and return whether there was one."""
        standing = self.get_override(unit, experiment_id)
        if standing is None:
            return False
        at = self.log.clock()
        data = {"user_id": unit, "value": standing.value}
        entry = self.log.entry("experiment", experiment_id, "override_removed", data, actor=actor, at=at)
        removal = {"user_id": unit, "type": standing.target, "target_id": experiment_id, "at": format_instant(at)}
        message = self.log.message(OVERRIDE_REMOVED, experiment_id, removal, at=at)
        self.audit.append([entry], outbox=[message])
        self.announce()
        return True
