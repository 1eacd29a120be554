"""A client of the management API with an administrator's key."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.service.running import Running, bearer


@pytest.fixture(scope="module")
def api(service: Running) -> Iterator[httpx.Client]:
    """A client that shows a key for everything. It has patience: the first report waits for its libraries."""
    with httpx.Client(base_url=service.url, headers=bearer("admin"), timeout=60) as client:
        yield client
