"""An entry of the audit log as pages show it."""

from __future__ import annotations

import json
from dataclasses import dataclass

from variate.model import AuditEntry
from variate.model.access import Principal, Scope
from variate.model.record import audit_record
from variate.server.dashboard.changes_shown import Changed, changed
from variate.server.dashboard.templating import path_of

_BELOW = {
    "experiment": "experiments",
    "flag": "flags",
    "audience": "audiences",
    "layer": "layers",
    "holdout": "holdouts",
    "metric": "metric-catalog",
    "key": "keys",
    "person": "people",
}
"""Under which path each kind is shown. What is in force has no page of its own."""
_ADMINISTERED = ("key", "person")
"""The kinds whose pages are for who administers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An entry, with what it changed. ``has_page`` says that the thing itself has a page, for who looks."""

    entry: AuditEntry
    changed: Changed
    has_page: bool

    @classmethod
    def of(cls, entry: AuditEntry, principal: Principal) -> Shown:
        """Return the entry as it is shown to them."""
        kind = entry.entity_type
        has_page = kind in _BELOW and (kind not in _ADMINISTERED or principal.may(Scope.ADMIN))
        return cls(entry=entry, changed=changed(entry), has_page=has_page)

    @property
    def path(self) -> str:
        """Where all of the entry is shown."""
        return path_of("audit", self.entry.id)

    @property
    def entity_path(self) -> str | None:
        """Where the thing itself is shown; None where that is nowhere."""
        return path_of(_BELOW[self.entry.entity_type], self.entry.entity_id) if self.has_page else None

    @property
    def others_path(self) -> str:
        """Where all changes of the thing are listed."""
        return path_of("audit", entity_type=self.entry.entity_type, entity_id=self.entry.entity_id)

    @property
    def record(self) -> str:
        """The whole entry as JSON."""
        return json.dumps(audit_record(self.entry), ensure_ascii=False, indent=2)
