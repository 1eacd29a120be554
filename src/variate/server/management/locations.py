"""Where things are: paths of the management API, with ids as a path may hold them."""

from __future__ import annotations

from urllib.parse import quote

PREFIX = "/api/v1"


def location(*parts: str) -> str:
    """Return the path of what these parts name: a slash within one is no border between two."""
    return "/".join([PREFIX, *(quote(part, safe="") for part in parts)])


def is_addressable(given: str) -> bool:
    """Whether a path can name what has this id: the front takes no encoded slashes and no dotted parts."""
    return given not in (".", "..") and "/" not in given and "\\" not in given and given.isprintable()
