"""Trying a change of a flag out: what a unit would get from it, before anything is stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Unpack

from variate.decision import Explanation, Ladder
from variate.decision.asked import checked_attributes
from variate.definition.flags import Flags
from variate.errors import NotFoundError, StoreError
from variate.model import FeatureFlag, FlagStatus, Json
from variate.model.rules import check_id
from variate.model.snapshot import SNAPSHOT_FORMAT, check_environment
from variate.model.targeting_record import TargetingFields
from variate.publishing.content import flag_content
from variate.publishing.serving import Serving
from variate.stores.ports import AssignmentStore, SnapshotStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Trying:
    """Walks the ladder of a flag as it would be after a change, among all else that is in force in an environment.

    The flag is taken to be active, so that one can be tried out before it is switched on. Nothing is stored.
    ``serving`` has what this process changed come into force first, and ``flush`` writes what was assigned before.
    """

    serving: Serving
    flags: Flags
    snapshots: SnapshotStore
    assignments: AssignmentStore
    flush: Callable[[], None]
    clock: Callable[[], datetime]

    def try_flag_change(
        self,
        unit: str,
        flag_id: str,
        environment: str,
        attributes: Mapping[str, Any] | None = None,
        *,
        rules: Json = None,
        **targeting: Unpack[TargetingFields],
    ) -> Explanation:
        """Return what the unit would get in the environment after ``update_feature_flag`` with this, and why.

        Raise what that would raise for a change that is not allowed.
        """
        after = self.flags.updated(self._flag(flag_id), rules=rules, targeting=targeting)
        return self._explained(after, unit, environment, attributes)

    def try_flag_environment(
        self, unit: str, flag_id: str, environment: str, attributes: Mapping[str, Any] | None = None, **state: Any
    ) -> Explanation:
        """Return what the unit would get in the environment after ``update_flag_environment`` with this, and why.

        Raise what that would raise for a change that is not allowed.
        """
        check_environment("environment", environment)
        after = self.flags.environment_updated(self._flag(flag_id), environment, state)
        return self._explained(after, unit, environment, attributes)

    def _flag(self, flag_id: str) -> FeatureFlag:
        flag = self.flags.get_feature_flag(flag_id)
        if flag is None:
            raise NotFoundError("flag", flag_id)
        return flag

    def _explained(
        self, flag: FeatureFlag, unit: str, environment: str, attributes: Mapping[str, Any] | None
    ) -> Explanation:
        name, given, now = check_id("user_id", unit), checked_attributes(attributes), self.clock()

        def kept(experiment_id: str, version: int, of_unit: str) -> str | None:
            with suppress(StoreError):  # a store that is away is away for the look as well, which the ladder tells
                self.flush()
            found = self.assignments.get(unit=of_unit, experiment_id=experiment_id, version=version, at=now)
            return None if found is None else found.variation

        content = self._in_force(environment)
        flags = content["flags"]
        record = flag_content(replace(flag, status=FlagStatus.ACTIVE), environment=environment, overrides=())
        if record["variations"] is not None:
            record["overrides"] = flags.get(flag.id, {}).get("overrides", {})
        tried = {**content, "flags": {**flags, flag.id: record}}
        return Ladder(tried, unit=name, attributes=given, now=now.timestamp(), kept=kept).flag(flag.id)

    def _in_force(self, environment: str) -> Mapping[str, Any]:
        """Return the content of the snapshot in force; of one where nothing was published, nothing."""
        _ = self.serving.engine.snapshot
        latest = self.snapshots.latest(environment)
        snapshot = None if latest is None else self.snapshots.get(latest.digest)
        if snapshot is not None:
            content: Mapping[str, Any] = snapshot.content
            return content
        return {"format": SNAPSHOT_FORMAT, "audiences": {}, "experiments": {}, "flags": {}}
