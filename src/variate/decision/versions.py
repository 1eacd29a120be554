"""Comparisons with one version, remembered: the same few versions of an app are asked for again and again."""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from variate.model.semver import MAX_VERSION_CHARACTERS, version_key

MOST = 512
"""How many answers are remembered for one version; then it begins anew."""

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class ComparedVersions(dict[Any, bool]):
    """Whether a value is a version that compares with ``version`` as ``symbol`` says: ``compared[value]``.

    What is no text is none, and neither is a missing attribute, which comes as None.
    """

    __slots__ = ("_compare", "_key")

    def __init__(self, symbol: str, version: str) -> None:
        super().__init__()
        self._compare = _COMPARE[symbol]
        self._key = version_key(version)

    def __missing__(self, text: Any) -> bool:
        if text is None:
            self[None] = False
        if not isinstance(text, str) or len(text) > MAX_VERSION_CHARACTERS:
            return False
        key = version_key(text)
        answer = key is not None and self._compare(key, self._key)
        if len(self) >= MOST:
            self.clear()
        self[text] = answer
        return answer


@lru_cache(maxsize=4_096)
def compared_versions(symbol: str, version: str) -> ComparedVersions:
    """Return the one value for these, which all conditions share."""
    return ComparedVersions(symbol, version)
