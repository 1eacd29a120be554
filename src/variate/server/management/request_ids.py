"""The id of a request, by which the log tells what became of it."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any
from uuid import uuid4

_KEY = "variate.request_id"


def request_id(scope: MutableMapping[str, Any]) -> str:
    """Return the id that the front gave the request; one of its own where it came without."""
    found: str = scope.setdefault(_KEY, uuid4().hex)
    return found
