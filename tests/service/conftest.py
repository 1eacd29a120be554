"""A service over one SQLite file, for tests of what it answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.running import Running, running
from variate.platform import Platform
from variate.settings import Settings


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One running service for the tests of a file: they make definitions of their own."""
    home: Path = tmp_path_factory.mktemp("service")
    with Platform.open(Settings(home=home, environments=("dev", "prod"))) as platform, running(platform) as served:
        yield served
