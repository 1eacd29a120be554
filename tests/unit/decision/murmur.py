"""MurmurHash3 x86 32-bit, written from Austin Appleby's description: what mmh3 is checked against."""

from __future__ import annotations

_MASK = 0xFFFFFFFF


def _rotated(value: int, by: int) -> int:
    return (value << by | value >> (32 - by)) & _MASK


def _mixed(block: int) -> int:
    return _rotated(block * 0xCC9E2D51 & _MASK, 15) * 0x1B873593 & _MASK


def murmur3_x86_32(data: bytes, *, seed: int = 0) -> int:
    """Return the hash as an unsigned number."""
    digest = seed
    whole = len(data) // 4 * 4
    for start in range(0, whole, 4):
        digest ^= _mixed(int.from_bytes(data[start : start + 4], "little"))
        digest = (_rotated(digest, 13) * 5 + 0xE6546B64) & _MASK
    digest ^= _mixed(int.from_bytes(data[whole:], "little"))
    digest ^= len(data)
    digest = (digest ^ digest >> 16) * 0x85EBCA6B & _MASK
    digest = (digest ^ digest >> 13) * 0xC2B2AE35 & _MASK
    return digest ^ digest >> 16
