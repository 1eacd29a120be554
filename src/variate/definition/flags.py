"""Feature flags: create, read, change, switch on and off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from variate.definition.audit import ChangeLog
from variate.definition.newest import on_newest
from variate.model import MAX_DEFINITION_BYTES, MAX_DEPTH, Document, FeatureFlag, FlagStatus, Json, Page
from variate.model.record import flag_record
from variate.model.rules import check_choice, check_id
from variate.stores.ports import FlagStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """The feature flags. Each change and its audit entry are one atomic step in ``store``.

    Changes raise as those of ``Experiments`` do.
    """

    store: FlagStore
    log: ChangeLog
    announce: Callable[[], object]

    def create_feature_flag(
        self,
        name: str,
        *,
        description: str = "",
        rules: Json,
        status: str = FlagStatus.INACTIVE,
        flag_id: str | None = None,
        actor: str | None = None,
    ) -> FeatureFlag:
        """Store and return a new flag; raise ``ConflictError`` if ``flag_id`` is given and taken."""
        at = self.log.clock()
        flag = FeatureFlag(
            id=self.log.new_id() if flag_id is None else flag_id,
            name=name,
            description=description,
            rules=_read_rules(rules),
            status=check_choice("status", status, FlagStatus),
            created_at=at,
            updated_at=at,
        )
        entry = self.log.entry("flag", flag.id, "created", {"flag": flag_record(flag)}, actor=actor, at=at)
        self.store.insert(flag, audit=entry)
        self.announce()
        return flag

    def get_feature_flag(self, flag_id: str) -> FeatureFlag | None:
        """Return the flag, or None."""
        return self.store.get(check_id("flag_id", flag_id))

    def list_feature_flags(
        self, *, status: str | None = None, limit: int = 100, last_key: str | None = None
    ) -> Page[FeatureFlag]:
        """Return a page of flags, most recently updated first."""
        chosen = None if status is None else check_choice("status", status, FlagStatus)
        return self.store.list(status=chosen, limit=limit, last_key=last_key)

    def get_active_feature_flags(self, *, limit: int = 100, last_key: str | None = None) -> Page[FeatureFlag]:
        """Return a page of the active flags, most recently updated first."""
        return self.store.list(status=FlagStatus.ACTIVE, limit=limit, last_key=last_key)

    def update_feature_flag(
        self,
        flag_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        rules: Json = None,
        expected_revision: int | None = None,
        actor: str | None = None,
    ) -> FeatureFlag:
        """Change what is given (not None)."""
        document = None if rules is None else _read_rules(rules)

        def change(before: FeatureFlag) -> FeatureFlag:
            return replace(
                before,
                name=before.name if name is None else name,
                description=before.description if description is None else description,
                rules=before.rules if document is None else document,
            )

        return self._write(flag_id, change, "updated", expected_revision=expected_revision, actor=actor)

    def update_feature_flag_status(
        self, flag_id: str, status: str, *, expected_revision: int | None = None, actor: str | None = None
    ) -> FeatureFlag:
        """Set the flag's status; to the one it has, nothing happens."""
        chosen = check_choice("status", status, FlagStatus)

        def change(before: FeatureFlag) -> FeatureFlag:
            return replace(before, status=chosen)

        return self._write(flag_id, change, "status_change", expected_revision=expected_revision, actor=actor)

    def archive_feature_flag(self, flag_id: str, *, actor: str | None = None) -> FeatureFlag:
        """Take the flag out of use; it is kept."""
        return self.update_feature_flag_status(flag_id, FlagStatus.ARCHIVED, actor=actor)

    def _write(
        self,
        flag_id: str,
        change: Callable[[FeatureFlag], FeatureFlag],
        action: str,
        *,
        expected_revision: int | None,
        actor: str | None,
    ) -> FeatureFlag:
        def write(before: FeatureFlag) -> FeatureFlag:
            after = change(before)
            if after != before:
                at = self.log.clock()
                after = replace(after, revision=before.revision + 1, updated_at=at)
                entry = self.log.entry("flag", flag_id, action, _differences(before, after), actor=actor, at=at)
                self.store.replace(after, expected_revision=before.revision, audit=entry)
            self.announce()  # also of nothing: an earlier call may have died between its commit and its delivery
            return after

        return on_newest("flag", flag_id, read=self.store.get, write=write, expected_revision=expected_revision)


def _read_rules(rules: Json) -> Document:
    return Document.of(rules, field="rules", max_bytes=MAX_DEFINITION_BYTES, max_depth=MAX_DEPTH)


def _differences(before: FeatureFlag, after: FeatureFlag) -> Json:
    if before.status is not after.status:
        return {"previous_status": before.status, "new_status": after.status}
    old, new = flag_record(before), flag_record(after)
    changed = [key for key in ("name", "description", "rules") if old[key] != new[key]]
    return {"before": {key: old[key] for key in changed}, "after": {key: new[key] for key in changed}}
