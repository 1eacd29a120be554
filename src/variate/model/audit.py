"""An audit entry: who changed what, when, and how it was before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from variate.model.document import Document, Json
from variate.model.instant import check_instant
from variate.model.rules import check_id, check_name

FLAG_CHANGED = "flag_changed"
"""The kind of the message that a flag store leaves of its own accord, where it does not leave the entry itself."""

OVERRIDE_ADDED = "override_added"
"""The action of the entry that says who forced a variation; its data are ``user_id``, ``value`` and ``reason``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """``actor`` did ``action`` to the entity at ``created_at``; ``data`` says what changed. Never altered."""

    id: str
    entity_type: str
    entity_id: str
    action: str
    actor: str
    document: Document
    created_at: datetime

    def __post_init__(self) -> None:
        check_id("audit.id", self.id)
        check_id("audit.entity_id", self.entity_id)
        check_name("audit.actor", self.actor)
        object.__setattr__(self, "created_at", check_instant("audit.created_at", self.created_at))

    @property
    def data(self) -> Json:
        """What changed, decoded anew."""
        return self.document.value


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxMessage:
    """A change that is durable in one store and has still to reach another.

    Delivered at least once, oldest first within its outbox; ``id`` is the same at each delivery.
    """

    id: str
    kind: str
    entity_id: str
    document: Document
    created_at: datetime
