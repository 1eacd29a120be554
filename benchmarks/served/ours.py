"""Our service over one SQLite file: one flag to ask for, and as many as a bulk answer has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.served.key import keyring
from benchmarks.served.workload import BULK_FLAGS, KEY, VARIATIONS
from variate.platform import Platform
from variate.server.service import Service
from variate.settings import Settings


@contextmanager
def ours(folder: Path) -> Iterator[Any]:
    """The service's application, for as long as the block lasts."""
    keys = keyring()
    with Platform.open(Settings(home=folder)) as platform:
        _define(platform)
        try:
            yield Service(platform, keyring=keys).application
        finally:
            keys.close()


def _define(platform: Platform) -> None:
    if platform.get_feature_flag(KEY) is not None:
        return
    for name in (KEY, *(f"flag-{number:03}" for number in range(1, BULK_FLAGS))):
        platform.create_feature_flag(
            name,
            flag_id=name,
            status="active",
            type="string",
            variations=list(VARIATIONS),
            off="classic",
            default={"rollout": {"classic": 50, "express": 50}},
            environments={"dev": {"enabled": True}},
        )
    platform.evaluate_flag("user-1", KEY)
