"""Bucketing: a unit's place in [0, 10,000) under a salt, the same in every process, language and year.

``bucket = (murmur3_x86_32(key) * 10,000) >> 32`` with seed 0, where ``key`` is the UTF-8 text
``<bytes of salt>:<salt>:<unit>``. The length in front keeps ("a", "b:c") and ("a:b", "c") apart. Only integers take
part, and multiply-shift spreads the hash's whole range, so no bucket is favoured by more than one in 429,496.

``spec/bucketing.json`` holds frozen examples. A change that moves one of them moves users between variations.
"""

from __future__ import annotations

from collections.abc import Iterable

import mmh3

BUCKETS = 10_000


def bucket(salt: str, unit: str) -> int:
    """Return the bucket of ``unit`` under ``salt``, from 0 to 9,999."""
    return mmh3.hash(_prefix(salt) + unit, 0, signed=False) * BUCKETS >> 32


def buckets(salt: str, units: Iterable[str]) -> list[int]:
    """Return ``bucket(salt, unit)`` for each unit, in order."""
    prefix, digest = _prefix(salt), mmh3.hash
    return [digest(prefix + unit, 0, signed=False) * BUCKETS >> 32 for unit in units]


def draw_salt(draw: str, *, experiment_id: str, version: int) -> str:
    """Return the salt of one draw of one version of an experiment.

    Each kind of draw (``variation`` and whatever else is drawn by hash) has a salt of its own, so that being early in
    one says nothing about one's place in another. Version and draw hold no colon, so no two triples share a salt.
    """
    return f"{experiment_id}:{version}:{draw}"


def _prefix(salt: str) -> str:
    return f"{len(salt.encode())}:{salt}:"
