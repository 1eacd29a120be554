"""The stages that say who may ask, put together over one choice of stores; nothing is read yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from variate.access.keyring import Keyring
from variate.access.keys import Keys
from variate.definition.audit import ChangeLog
from variate.platform.backends import Backends
from variate.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Accessing:
    """What a platform knows those by who ask. The keys are read at the first use of the keyring."""

    keyring: Keyring
    keys: Keys

    @classmethod
    def over(
        cls, backends: Backends, settings: Settings, *, log: ChangeLog, wall_clock: Callable[[], datetime]
    ) -> Accessing:
        """Return the stages over these backends."""
        keyring = Keyring(
            load=lambda: backends.keys.counting(at=wall_clock()),
            note_use=backends.keys.note_use,
            clock=wall_clock,
            poll_seconds=settings.snapshot_poll_seconds,
        )
        return cls(
            keyring=keyring,
            keys=Keys(store=backends.keys, log=log, known=settings.all_environments, changed=keyring.reread),
        )

    def close(self) -> None:
        """Stop following the keys, and note which were used."""
        self.keyring.close()
