"""Where a request comes from, behind proxies: only those that are trusted are believed."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from functools import lru_cache

_MOST_HOPS = 32


class Addresses:
    """Finds the client's address. ``X-Forwarded-For`` counts as far as ``trusted`` addresses and networks wrote it."""

    def __init__(self, trusted: Sequence[str]) -> None:
        self._networks = [ipaddress.ip_network(each, strict=False) for each in trusted]
        self._is_trusted = lru_cache(maxsize=4_096)(self._look_up)

    def client(self, peer: str, headers: Mapping[bytes, bytes]) -> str:
        """Return the last address in the chain that no trusted proxy has: what stands before it anybody may write."""
        if not self._is_trusted(peer):
            return peer
        given = headers.get(b"x-forwarded-for", b"").decode("latin-1")
        found = peer
        for hop in reversed(given.rsplit(",", _MOST_HOPS)):
            address = _without_port(hop.strip())
            if address is None:
                return found
            found = address
            if not self._is_trusted(found):
                return found
        return found

    def _look_up(self, address: str) -> bool:
        try:
            known = ipaddress.ip_address(address)
        except ValueError:
            return False
        plain = getattr(known, "ipv4_mapped", None) or known
        return any(plain in network for network in self._networks)


def is_loopback(address: str) -> bool:
    """Whether this is this machine's own address."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return False
    return (getattr(known, "ipv4_mapped", None) or known).is_loopback


def _without_port(hop: str) -> str | None:
    """Return the address in ``1.2.3.4``, ``1.2.3.4:80``, ``::1`` or ``[::1]:80``, in its one spelling; else None."""
    text = hop
    if hop.startswith("["):
        text = hop[1:].partition("]")[0]
    elif hop.count(":") == 1:
        text = hop.partition(":")[0]
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None
