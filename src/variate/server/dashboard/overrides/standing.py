"""Overrides in force, as lists of them show each: with who made it, and where it is explained and removed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from variate.errors import StoreError
from variate.model import Override, OverrideTarget
from variate.server.dashboard.segments import NEW
from variate.server.dashboard.templating import path_of
from variate.server.dashboard.visit import Visit

ID_FIELDS = {OverrideTarget.EXPERIMENT: "experiment_id", OverrideTarget.FLAG: "flag_id"}
"""By which field of a form, and of a link, the experiment or the flag is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An override in force, and who made it: None where the audit log does not say."""

    override: Override
    made_by: str | None

    @property
    def definition(self) -> str:
        """Where the experiment or the flag is shown."""
        return path_of(f"{self.override.target}s", self.override.target_id)

    @property
    def why(self) -> str:
        """Where the unit's decision is explained."""
        return path_of("explain", **self._fields)

    @property
    def renewal(self) -> str:
        """Where it is forced anew, as for longer."""
        return path_of("overrides", NEW, **self._fields)

    @property
    def removal(self) -> str:
        """Where it is removed."""
        return path_of("overrides", "remove", **self._fields)

    @property
    def _fields(self) -> dict[str, str]:
        return {"unit": self.override.unit, ID_FIELDS[self.override.target]: self.override.target_id}


def standing(visit: Visit, overrides: Iterable[Override]) -> list[Standing]:
    """Return each with who made it."""
    return [Standing(override=each, made_by=_made_by(visit, each)) for each in overrides]


def _made_by(visit: Visit, override: Override) -> str | None:
    try:
        entry = visit.platform.get_override_entry(override)
    except StoreError:  # the rest is to be seen all the same
        return None
    return None if entry is None else entry.actor
