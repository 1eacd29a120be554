"""What `variate doctor` and `migrate` ask of an engine, whichever it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Migratable(Protocol):
    """An engine whose tables variate makes."""

    def migrate(self) -> Sequence[str]:
        """Make the tables what this version wants; return what was done, nothing if nothing was to do."""

    def require_migrated(self) -> None:
        """Raise ``NotMigratedError`` unless the tables are what this version wants."""

    def check(self) -> str:
        """Return what answers, with its version where it tells it; raise ``StoreUnavailableError`` if nothing does."""
