"""What a route takes of whoever asks."""

from __future__ import annotations

from dataclasses import dataclass

from variate.model.access import Principal, Scope
from variate.model.snapshot import check_environment


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """The scope, and whether it has to be held for all environments, as for a change of what they share."""

    scope: Scope
    everywhere: bool = False

    def check(self, principal: Principal) -> None:
        """Raise ``ForbiddenError`` where the principal may not do this."""
        principal.need(self.scope)
        if self.everywhere:
            principal.need_everywhere()

    @property
    def changes(self) -> bool:
        """Whether what needs this may change something."""
        return self.scope is not Scope.READ

    @property
    def in_short(self) -> str:
        """What it takes, in a few words."""
        if not self.changes:
            return self.scope.value
        return f"{self.scope.value}, {'in all environments' if self.everywhere else 'in the environment'}"

    @property
    def said(self) -> str:
        """What it takes, in words for the documentation."""
        if not self.changes:
            return f"Needs the scope `{self.scope.value}`."
        where = "for all environments" if self.everywhere else "for the environment that changes"
        return f"Needs the scope `{self.scope.value}`, {where}."


READS = Needs(scope=Scope.READ)
"""Reading: what is shared may be read by a key for any environment; what is not, the route asks ``check_may_in``."""
CHANGES = Needs(scope=Scope.WRITE, everywhere=True)
"""Changing what all environments share."""
CHANGES_ONE = Needs(scope=Scope.WRITE)
"""Changing something of one environment: which one, the route passes to ``check_may_in``."""
ADMINISTERS = Needs(scope=Scope.ADMIN, everywhere=True)
"""Keys and people."""


def check_may_in(principal: Principal, environment: str) -> None:
    """Raise ``ForbiddenError`` where what this environment has of its own is not for the principal."""
    principal.need_environment(check_environment("environment", environment))
