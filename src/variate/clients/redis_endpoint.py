"""Where the Redis servers are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a server listens, and whether it speaks TLS."""

    host: str
    port: int
    tls: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PrimaryAndReader:
    """A primary and, where there is one, what spreads reads over its replicas."""

    primary: Endpoint
    reader: Endpoint | None


Servers: TypeAlias = str | PrimaryAndReader
"""A URL, or what SSM says."""
