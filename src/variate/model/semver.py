"""Versions as conditions compare them: the order of Semantic Versioning 2.0, read generously.

Beside the standard's form: one to four numbers (what is not there is 0), any of ``v ^ ~ < > =`` in front, leading
zeros, numbers of any size, and ``x`` or ``*`` after the first number, which equals whatever stands in its place (and
at the end, as in ``1.x``, whatever follows).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeAlias

from variate.model.remembered import Remembered

MAX_VERSION_CHARACTERS = 256

VersionKey: TypeAlias = Any
"""What compares with other keys by ``==``, ``<`` and their like, as the versions do."""

_NUMBERS = 4
_DOTTED = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*"
_PLACE = r"([0-9]+|[xX*])"
_SHAPE = re.compile(
    rf"[vV^~<>=]*([0-9]+)(?:\.{_PLACE}(?:\.{_PLACE}(?:\.{_PLACE})?(?:-({_DOTTED}))?(?:\+{_DOTTED})?)?)?"
)


class _Wildcard:
    """A version with an ``x`` in it. Its order is no total one: 1.x equals both 1.1 and 1.2."""

    __slots__ = ("_parts",)
    __hash__ = None  # type: ignore[assignment]  # what is equal would need one hash

    def __init__(self, parts: tuple[Any, ...]) -> None:
        self._parts = parts

    def _order(self, other: VersionKey) -> int:
        parts: tuple[Any, ...] = other._parts if isinstance(other, _Wildcard) else other
        for mine, theirs in islice(zip(self._parts, parts, strict=False), _NUMBERS):
            if mine is not None and theirs is not None and mine != theirs:
                return 1 if mine > theirs else -1
        mine, theirs = self._parts[_NUMBERS:], parts[_NUMBERS:]
        return (mine > theirs) - (mine < theirs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (tuple, _Wildcard)) and self._order(other) == 0

    def __lt__(self, other: VersionKey) -> bool:
        return self._order(other) < 0

    def __le__(self, other: VersionKey) -> bool:
        return self._order(other) <= 0

    def __gt__(self, other: VersionKey) -> bool:
        return self._order(other) > 0

    def __ge__(self, other: VersionKey) -> bool:
        return self._order(other) >= 0


def version_key(text: str) -> VersionKey | None:
    """Return what orders ``text`` among versions, or None if it is no version or above 256 characters."""
    return VERSIONS[text]


def _read(text: str) -> VersionKey | None:
    found = _SHAPE.fullmatch(text)
    if found is None:
        return None
    *numbers, identifiers = found.groups()
    # A release is above its pre-releases, so they have 0 where it has 1. An identifier of digits is below any other.
    tail: tuple[Any, ...] = (1,)
    if identifiers is not None:
        tail = (0, *((0, int(each)) if each.isdigit() else (1, each) for each in identifiers.split(".")))
    parts = (*_places(numbers), *tail)
    return _Wildcard(parts) if None in parts else parts


def _places(numbers: Iterable[str | None]) -> Iterator[int | None]:
    """Yield a number for each place, None for a wildcard. What is not there is 0, but after a wildcard a wildcard."""
    missing: int | None = 0
    for number in numbers:
        if number is None:
            yield missing
        elif number.isdigit():
            missing = 0
            yield int(number)
        else:
            missing = None
            yield None


VERSIONS = Remembered(_read, longest=MAX_VERSION_CHARACTERS)
"""The keys of versions, each read once: ``VERSIONS[text]`` is ``version_key(text)``."""
