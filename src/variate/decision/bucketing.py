"""Bucketing: a unit's place in [0, 10,000) under a salt, the same in every process, language and year.

``bucket = (murmur3_x86_32(key) * 10,000) >> 32`` with seed 0, where ``key`` is the UTF-8 text
``<bytes of salt>:<salt>:<unit>``. The length in front keeps ("a", "b:c") and ("a:b", "c") apart. Only integers take
part, and multiply-shift spreads the hash's whole range, so no bucket is favoured by more than one in 429,496.

``spec/bucketing.json`` holds frozen examples. A change that moves one of them moves users between variations.
"""

from __future__ import annotations

from collections.abc import Iterable

import mmh3

from variate.model.decision import BUCKETS

_HASHES = 1 << 32


def draw(salt: str, unit: str) -> int:
    """Return the hash of ``unit`` under ``salt``: 32 bits, unsigned."""
    return mmh3.mmh3_32_uintdigest(prefix(salt) + unit.encode())


def bucket(salt: str, unit: str) -> int:
    """Return the bucket of ``unit`` under ``salt``, from 0 to 9,999."""
    return bucket_of(draw(salt, unit))


def bucket_of(drawn: int) -> int:
    """Return the bucket of a hash."""
    return drawn * BUCKETS >> 32


def hash_bound(bucket: int) -> int:
    """Return the first hash that is not below ``bucket``: to compare hashes spares telling each one's bucket."""
    return -(-bucket * _HASHES // BUCKETS)


def buckets(salt: str, units: Iterable[str]) -> list[int]:
    """Return ``bucket(salt, unit)`` for each unit, in order."""
    before, digest = prefix(salt), mmh3.mmh3_32_uintdigest
    return [digest(before + unit.encode()) * BUCKETS >> 32 for unit in units]


def prefix(salt: str) -> bytes:
    """Return what stands before the unit in the key."""
    text = salt.encode()
    return b"%d:%b:" % (len(text), text)


def draw_salt(draw: str, *, salt: str, version: int) -> str:
    """Return the salt of one draw (``variation`` or ``traffic``) of one version of an experiment.

    Each kind of draw has a salt of its own, so that being early in one says nothing about one's place in another.
    Version and draw hold no colon, so no two triples share a salt. The experiment's ``salt`` is its id unless given.
    """
    return f"{salt}:{version}:{draw}"


def group_salt(draw: str, *, salt: str) -> str:
    """Return the salt of a draw that has no version: of a ``layer``, a ``holdout`` or a flag's ``rollout``."""
    return f"{salt}:{draw}"
