"""Overrides: forced variations, set, read and removed, each change in the audit log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from variate.definition.audit import OVERRIDE_REMOVED, ChangeLog
from variate.definition.flag_references import targeting_of
from variate.definition.standing import standing_before
from variate.definition.variations import check_variation
from variate.errors import InvalidInputError, NotFoundError
from variate.model import MAX_PAGE, AuditEntry, Json, Override, OverrideTarget, Page, format_instant
from variate.model.audit import OVERRIDE_ADDED
from variate.model.lifetime import expiry
from variate.model.override import OVERRIDE_DAYS
from variate.model.rules import check_choice, check_id, shown
from variate.stores.ports import AuditLog, ExperimentStore, FlagStore, OverrideStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """The overrides of experiments and flags.

    A change is durable with its audit entry in ``audit`` first and is then carried to ``store``; should that fail, it
    is delivered later.
    """

    store: OverrideStore
    experiments: ExperimentStore
    flags: FlagStore
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
        expires_at: datetime | None = None,
        actor: str | None = None,
    ) -> Override:
        """Force ``variation`` for the unit, over whatever was forced before; with ``ttl_days`` of None, for ever.

        With ``expires_at`` it ends at that moment, and ``ttl_days`` says nothing.
        """
        experiment = self.experiments.get(check_id("experiment_id", experiment_id))
        if experiment is None:
            raise NotFoundError("experiment", experiment_id)
        check_variation(experiment, variation)
        return self._put(unit, OverrideTarget.EXPERIMENT, experiment_id, variation, reason, ttl_days, expires_at, actor)

    def create_flag_override(
        self,
        unit: str,
        flag_id: str,
        variation: str,
        *,
        reason: str = "",
        ttl_days: float | None = OVERRIDE_DAYS,
        expires_at: datetime | None = None,
        actor: str | None = None,
    ) -> Override:
        """Force a flag's ``variation`` for the unit, as ``create_override`` does an experiment's.

        A flag that is switched off gives its off value all the same.
        """
        flag = self.flags.get(check_id("flag_id", flag_id))
        if flag is None:
            raise NotFoundError("flag", flag_id)
        targeting = targeting_of(flag)
        if targeting is None:
            raise InvalidInputError("flag_id", "is of a flag with free-form rules, which has no variations to force")
        if variation not in targeting.names:
            raise InvalidInputError("variation", f"must be one of {', '.join(targeting.names)}, not {shown(variation)}")
        return self._put(unit, OverrideTarget.FLAG, flag_id, variation, reason, ttl_days, expires_at, actor)

    def get_override(self, unit: str, experiment_id: str) -> Override | None:
        """Return the override in force on the experiment, or None."""
        return self._get(unit, OverrideTarget.EXPERIMENT, check_id("experiment_id", experiment_id))

    def get_flag_override(self, unit: str, flag_id: str) -> Override | None:
        """Return the override in force on the flag, or None."""
        return self._get(unit, OverrideTarget.FLAG, check_id("flag_id", flag_id))

    def list_overrides(self, experiment_id: str, *, limit: int = 100, last_key: str | None = None) -> Page[Override]:
        """Return a page of the overrides in force on this experiment, in order of unit."""
        target_id = check_id("experiment_id", experiment_id)
        return self._list(OverrideTarget.EXPERIMENT, target_id, limit=limit, last_key=last_key)

    def list_flag_overrides(self, flag_id: str, *, limit: int = 100, last_key: str | None = None) -> Page[Override]:
        """Return a page of the overrides in force on this flag, in order of unit."""
        return self._list(OverrideTarget.FLAG, check_id("flag_id", flag_id), limit=limit, last_key=last_key)

    def get_user_overrides(self, unit: str, *, limit: int = 100, last_key: str | None = None) -> Page[Override]:
        """Return a page of the overrides in force for this unit, in order of kind and of experiment or flag."""
        return self.store.of_unit(check_id("user_id", unit), at=self.log.clock(), limit=limit, last_key=last_key)

    def list_all_overrides(
        self, target: OverrideTarget | str, *, limit: int = 100, last_key: str | None = None
    ) -> Page[Override]:
        """Return a page of the overrides in force on all experiments, or all flags, in order of id and unit."""
        chosen = check_choice("type", target, OverrideTarget)
        return self.store.of_type(chosen, at=self.log.clock(), limit=limit, last_key=last_key)

    def get_override_entry(self, override: Override) -> AuditEntry | None:
        """Return the entry of the audit log that says who made the override; None where the log has none."""
        made = override.created_at
        entries = self.audit.list(
            entity_type=override.target.value,
            entity_id=override.target_id,
            action=OVERRIDE_ADDED,
            since=made,
            until=made + timedelta.resolution,
            limit=MAX_PAGE,
        )
        return next((each for each in entries if _unit_of(each) == override.unit), None)

    def remove_override(self, unit: str, experiment_id: str, *, actor: str | None = None) -> bool:
        """Remove the override in force on the experiment and return whether there was one."""
        return self._remove(unit, OverrideTarget.EXPERIMENT, check_id("experiment_id", experiment_id), actor)

    def remove_flag_override(self, unit: str, flag_id: str, *, actor: str | None = None) -> bool:
        """Remove the override in force on the flag and return whether there was one."""
        return self._remove(unit, OverrideTarget.FLAG, check_id("flag_id", flag_id), actor)

    def _put(
        self,
        unit: str,
        target: OverrideTarget,
        target_id: str,
        variation: str,
        reason: str,
        ttl_days: float | None,
        expires_at: datetime | None,
        actor: str | None,
    ) -> Override:
        at = self.log.clock()
        override = Override(
            unit=unit,
            target=target,
            target_id=target_id,
            value=variation,
            reason=reason,
            created_at=at,
            expires_at=expiry(ttl_days, since=at) if expires_at is None else expires_at,
        )
        standing = standing_before(self.store, override, at=at)
        entry = self.log.override_added(override, before=standing, actor=actor)
        self.audit.append([entry], outbox=[self.log.override_put(override)])
        self.announce()
        return override

    def _get(self, unit: str, target: OverrideTarget, target_id: str) -> Override | None:
        unit = check_id("user_id", unit)
        return self.store.get(unit=unit, target=target, target_id=target_id, at=self.log.clock())

    def _list(self, target: OverrideTarget, target_id: str, *, limit: int, last_key: str | None) -> Page[Override]:
        at = self.log.clock()
        return self.store.of_target(target=target, target_id=target_id, at=at, limit=limit, last_key=last_key)

    def _remove(self, unit: str, target: OverrideTarget, target_id: str, actor: str | None) -> bool:
        standing = self._get(unit, target, target_id)
        if standing is None:
            return False
        at = self.log.clock()
        entry = self.log.override_removed(standing, actor=actor, at=at)
        removal = {"user_id": unit, "type": target.value, "target_id": target_id, "at": format_instant(at)}
        message = self.log.message(OVERRIDE_REMOVED, target_id, removal, at=at)
        self.audit.append([entry], outbox=[message])
        self.announce()
        return True


def _unit_of(entry: AuditEntry) -> Json:
    data = entry.data
    return data.get("user_id") if isinstance(data, dict) else None
