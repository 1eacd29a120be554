"""What the relay's messages do when they arrive. Each is safe to repeat, late or out of order.

Each kind but ``AUDIT`` tells of a change that a snapshot holds; ``AUDIT`` does where the entry is of a flag, and comes
from flag stores alone. So all of them are settled by the publication after them.
"""

from __future__ import annotations

from dataclasses import dataclass

from variate.definition.audit import (
    DEFINITION_CHANGED,
    EXPERIMENT_CHANGED,
    OVERRIDE_PUT,
    OVERRIDE_REMOVED,
)
from variate.model import OutboxMessage, OverrideTarget, parse_instant
from variate.model.audit import FLAG_CHANGED
from variate.model.record import audit_from_record, override_from_record
from variate.platform.backends import Backends
from variate.platform.hot import experiment_key
from variate.publishing.catalogue import Catalogue
from variate.publishing.relay import Handler

AUDIT = "audit"


@dataclass(frozen=True, slots=True)
class Delivery:
    """The receivers of the messages, over the backends they write to."""

    backends: Backends
    catalogue: Catalogue

    @property
    def handlers(self) -> dict[str, Handler]:
        """What is called for each kind of message."""
        return {
            EXPERIMENT_CHANGED: self.serve_experiment,
            FLAG_CHANGED: self.note_flag,
            DEFINITION_CHANGED: self.note_definition,
            OVERRIDE_PUT: self.put_override,
            OVERRIDE_REMOVED: self.remove_override,
            AUDIT: self.log,
        }

    def serve_experiment(self, message: OutboxMessage) -> None:
        """Bring the serving copy up to the source and let the cache forget the old one."""
        experiment = self.backends.experiments.get(message.entity_id)
        if experiment is not None:
            self.backends.serving.put(experiment)
        self.backends.hot.aside.invalidate(experiment_key(message.entity_id))

    def note_flag(self, message: OutboxMessage) -> None:
        """Have the next snapshot built with the flag as it is."""
        self.catalogue.flag_changed(message.entity_id, at=message.created_at)

    def note_definition(self, message: OutboxMessage) -> None:
        """Do nothing more: the next snapshot is built from the source, which has the change."""

    def put_override(self, message: OutboxMessage) -> None:
        """Put the override, unless a later one or a removal stands."""
        override = override_from_record(message.document.value)
        self.backends.overrides.put(override)
        self.catalogue.override_changed(
            unit=override.unit, target=override.target, target_id=override.target_id, at=override.created_at
        )

    def remove_override(self, message: OutboxMessage) -> None:
        """Remove the override made before the message's time."""
        removal = message.document.value
        unit, target, target_id = removal["user_id"], OverrideTarget(removal["type"]), removal["target_id"]
        at = parse_instant("at", removal["at"])
        self.backends.overrides.remove(unit=unit, target=target, target_id=target_id, at=at)
        self.catalogue.override_changed(unit=unit, target=target, target_id=target_id, at=at)

    def log(self, message: OutboxMessage) -> None:
        """Put an audit entry that another store held into the audit log."""
        entry = audit_from_record(message.document.value)
        self.backends.audit.append([entry])
        if entry.entity_type == "flag":
            self.catalogue.flag_changed(entry.entity_id, at=entry.created_at)
