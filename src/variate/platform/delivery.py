"""What the relay's messages do when they arrive. Each is safe to repeat, late or out of order."""

from __future__ import annotations

from dataclasses import dataclass

from variate.model import OutboxMessage, OverrideTarget, parse_instant
from variate.model.record import audit_from_record, override_from_record
from variate.platform.backends import Backends
from variate.platform.hot import experiment_key


@dataclass(frozen=True, slots=True)
class Delivery:
    """The receivers of the messages, over the backends they write to."""

    backends: Backends

    def serve_experiment(self, message: OutboxMessage) -> None:
        """Bring the serving copy up to the source and let the cache forget the old one."""
        experiment = self.backends.experiments.get(message.entity_id)
        if experiment is not None:
            self.backends.serving.put(experiment)
        self.backends.hot.aside.invalidate(experiment_key(message.entity_id))

    def flag_changed(self, message: OutboxMessage) -> None:
        """Do nothing more: whoever reads the flag reads it from its store."""

    def put_override(self, message: OutboxMessage) -> None:
        """Put the override, unless a later one or a removal stands."""
        self.backends.overrides.put(override_from_record(message.document.value))

    def remove_override(self, message: OutboxMessage) -> None:
        """Remove the override made before the message's time."""
        removal = message.document.value
        self.backends.overrides.remove(
            unit=removal["user_id"],
            target=OverrideTarget(removal["type"]),
            target_id=removal["target_id"],
            at=parse_instant("at", removal["at"]),
        )

    def log(self, message: OutboxMessage) -> None:
        """Put an audit entry that another store held into the audit log."""
        self.backends.audit.append([audit_from_record(message.document.value)])
