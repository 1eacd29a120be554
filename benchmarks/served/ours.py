"""Our service over one SQLite file: one flag to ask for, and as many as a bulk answer has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.served.workload import BULK_FLAGS, KEY, SECRET, VARIATIONS
from variate.access.keyring import Keyring, secret_hash
from variate.model.access import EVERYWHERE, ApiKey, Scope
from variate.platform import Platform
from variate.server.service import Service
from variate.settings import Settings

_KEY = ApiKey(
    id="measured",
    name="measured",
    scopes=frozenset({Scope.EVALUATE, Scope.INGEST}),
    environments=frozenset({EVERYWHERE}),
    secret_hash=secret_hash(SECRET),
    hint=SECRET[:8],
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
    created_by="benchmarks",
)


@contextmanager
def ours(folder: Path) -> Iterator[Any]:
    """The service's application, for as long as the block lasts."""
    keyring = Keyring(load=lambda: [_KEY], note_use=lambda _: None, clock=lambda: datetime.now(UTC), poll_seconds=60)
    with Platform.open(Settings(home=folder)) as platform:
        _define(platform)
        try:
            yield Service(platform, keyring=keyring).application
        finally:
            keyring.close()


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
