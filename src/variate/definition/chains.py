"""What names others, which name others in their turn: followed either way, each once, circles too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping


def reached(first: Iterable[str], named: Callable[[str], Iterable[str]]) -> set[str]:
    """Return the first ones and all that they name, directly or through others."""
    found: set[str] = set()
    ahead = list(first)
    while ahead:
        name = ahead.pop()
        if name not in found:
            found.add(name)
            ahead += named(name)
    return found


def naming(names: Mapping[str, Iterable[str]], name: str) -> set[str]:
    """Return this name, and those of ``names`` that name it, directly or through others."""
    by_whom: dict[str, list[str]] = {}
    for each, others in names.items():
        for other in others:
            by_whom.setdefault(other, []).append(each)
    return reached([name], lambda each: by_whom.get(each, ()))


def steps(first: Iterable[str], named: Callable[[str], Iterable[str]]) -> int:
    """Return how many are met where every way is followed to its end, one that two ways lead to twice."""
    met: dict[str, int] = {}

    def beyond(name: str) -> int:
        if name not in met:
            met[name] = 0  # a circle ends here
            met[name] = 1 + sum(map(beyond, named(name)))
        return met[name]

    return sum(map(beyond, first))
