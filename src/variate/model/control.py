"""Telling by its name which variation is the control, where nobody has said so."""

from __future__ import annotations

import re

_WORDS = frozenset({"control", "baseline", "original", "default", "placebo"})
_NEGATIONS = frozenset({"no", "none", "off"})


def sounds_like_control(name: str) -> bool:
    """Return whether the name has such a word in it as control or baseline, or begins with no, none or off."""
    words = re.findall(r"[a-z]+", name.lower())
    return bool(words) and (words[0] in _NEGATIONS or not _WORDS.isdisjoint(words))
