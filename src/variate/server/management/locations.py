"""Where things are: paths of the management API, with ids as a path may hold them."""

from __future__ import annotations

from urllib.parse import quote

PREFIX = "/api/v1"


def location(*parts: str) -> str:
    """Return the path of what these parts name: a slash within one is no border between two."""
    return "/".join([PREFIX, *(quote(part, safe="") for part in parts)])
