"""What a change leaves behind: audit entries and outbox messages, made in one place so that all have one form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from variate.errors import StoreError
from variate.model import AuditEntry, Document, Json, OutboxMessage, Override, format_instant
from variate.model.audit import OVERRIDE_ADDED
from variate.model.record import override_record

EXPERIMENT_CHANGED = "experiment_changed"
DEFINITION_CHANGED = "definition_changed"
OVERRIDE_PUT = "override_put"
OVERRIDE_REMOVED = "override_removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeLog:
    """Makes the records of a change. ``actor`` is who is named when a call does not say."""

    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    actor: str

    def entry(
        self, entity_type: str, entity_id: str, action: str, data: Json, *, actor: str | None, at: datetime
    ) -> AuditEntry:
        """Return the audit entry of this change."""
        return AuditEntry(
            id=self.new_id(),
            entity_type=entity_type,
            entity_id=entity_id,
            action=action,
            actor=self.actor if actor is None else actor,
            document=Document.of(data, field="audit.data"),
            created_at=at,
        )

    def override_added(
        self, override: Override, *, before: Override | StoreError | None, actor: str | None
    ) -> AuditEntry:
        """Return the entry that this override was put, over the one ``before``; an error where that cannot be known."""
        data = {
            "user_id": override.unit,
            **_forced(override),
            **(
                {"before_unknown": str(before)}
                if isinstance(before, StoreError)
                else {"before": None if before is None else _forced(before)}
            ),
        }
        return self._of_override(override, OVERRIDE_ADDED, data, actor=actor, at=override.created_at)

    def override_removed(self, before: Override, *, actor: str | None, at: datetime) -> AuditEntry:
        """Return the entry that this override was removed."""
        data = {"user_id": before.unit, **_forced(before)}
        return self._of_override(before, "override_removed", data, actor=actor, at=at)

    def _of_override(
        self, override: Override, action: str, data: Json, *, actor: str | None, at: datetime
    ) -> AuditEntry:
        return self.entry(override.target.value, override.target_id, action, data, actor=actor, at=at)

    def message(self, kind: str, entity_id: str, data: Json, *, at: datetime) -> OutboxMessage:
        """Return the outbox message of this change."""
        return OutboxMessage(
            id=self.new_id(),
            kind=kind,
            entity_id=entity_id,
            document=Document.of(data, field="outbox.data"),
            created_at=at,
        )

    def experiment_changed(self, experiment_id: str, *, at: datetime) -> OutboxMessage:
        """Return the message that the serving copy is behind. It carries no content: the source is read again."""
        return self.message(EXPERIMENT_CHANGED, experiment_id, {}, at=at)

    def definition_changed(self, definition_id: str, *, at: datetime) -> OutboxMessage:
        """Return the message that an audience, a layer or a holdout was changed."""
        return self.message(DEFINITION_CHANGED, definition_id, {}, at=at)

    def override_put(self, override: Override) -> OutboxMessage:
        """Return the message that this override is to be put."""
        return self.message(OVERRIDE_PUT, override.target_id, override_record(override), at=override.created_at)


def _forced(override: Override) -> dict[str, Json]:
    expires_at = override.expires_at
    return {
        "value": override.value,
        "reason": override.reason,
        "expires_at": None if expires_at is None else format_instant(expires_at),
    }
