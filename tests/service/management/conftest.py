"""A client of the management API with an administrator's key."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.service.running import Running, bearer


@pytest.fixture(scope="module")
def api(service: Running) -> Iterator[httpx.Client]:
    """A client that shows a key for everything."""
    with httpx.Client(base_url=service.url, headers=bearer("admin")) as client:
        yield client
