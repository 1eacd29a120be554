"""An audit entry: who changed what, when, and how it was before."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict, cast

from variate.errors import InvalidInputError
from variate.model.document import Document, Json
from variate.model.instant import check_instant
from variate.model.rules import check_id, check_name

FLAG_CHANGED = "flag_changed"
"""The kind of the message that a flag store leaves of its own accord, where it does not leave the entry itself."""

ENTITY_TYPES = ("experiment", "flag", "audience", "layer", "holdout", "metric", "snapshot", "key", "person")
"""What entries are of."""

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


class AuditFilters(TypedDict, total=False):
    """Which entries are asked for; what is None or not given leaves all of them."""

    entity_type: str | None
    entity_id: str | None
    actor: str | None
    action: str | None
    since: datetime | None
    """At or after this moment."""
    until: datetime | None
    """Before this moment."""


def checked_filters(filters: Mapping[str, Any]) -> AuditFilters:
    """Return the filters that are given, if each of them is one and can be true of an entry."""
    for name in filters:
        if name not in _CHECKS:
            raise InvalidInputError(name, f"is not known; there are {', '.join(_CHECKS)}")
    given = {name: _CHECKS[name](name, value) for name, value in filters.items() if value is not None}
    return cast("AuditFilters", given)


_CHECKS: Mapping[str, Callable[[str, Any], object]] = {
    "entity_type": check_name,
    "entity_id": check_id,
    "actor": check_name,
    "action": check_name,
    "since": check_instant,
    "until": check_instant,
}


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
