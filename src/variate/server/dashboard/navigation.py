"""Where people go: the parts of the dashboard, in the order of the menu."""

from __future__ import annotations

from dataclasses import dataclass

from variate.model.access import Principal, Scope


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the dashboard. ``scope`` is what it takes to see it; pages at ``also`` belong to it, too."""

    name: str
    path: str
    scope: Scope = Scope.READ
    also: tuple[str, ...] = ()


PARTS = (
    Part("Home", "/"),
    Part("Experiments", "/experiments"),
    Part("Flags", "/flags"),
    Part("Metrics", "/metric-catalog"),
    Part("Audiences", "/audiences", also=("/layers", "/holdouts")),
    Part("Explain", "/explain"),
    Part("Overrides", "/overrides"),
    Part("Events", "/events"),
    Part("Audit", "/audit"),
    Part("Keys", "/keys", Scope.ADMIN),
    Part("People", "/people", Scope.ADMIN),
)


def parts_for(principal: Principal) -> list[Part]:
    """Return what this one may see."""
    return [part for part in PARTS if principal.may(part.scope)]


def is_in(part: Part, path: str) -> bool:
    """Whether the path is of this part."""
    return any(path == each or (each != "/" and path.startswith(f"{each}/")) for each in (part.path, *part.also))
