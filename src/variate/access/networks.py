"""Who is one and the same at different addresses."""

from __future__ import annotations

import ipaddress
from functools import lru_cache


@lru_cache(maxsize=4_096)
def counted_as(address: str) -> str:
    """Return what an address is counted by: itself, or its network of 64 bits, which one machine may have whole."""
    if ":" not in address:
        return address or "local"
    try:
        known = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    mapped = getattr(known, "ipv4_mapped", None)
    return str(mapped or ipaddress.ip_network((known, 64), strict=False))
