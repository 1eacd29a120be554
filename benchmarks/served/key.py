"""The one key by which the measured services are asked."""

from __future__ import annotations

from datetime import UTC, datetime

from benchmarks.served.workload import SECRET
from variate.access.keyring import Keyring, secret_hash
from variate.model.access import EVERYWHERE, ApiKey, Scope

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


def keyring() -> Keyring:
    """Return a keyring of it, without a store."""
    return Keyring(load=lambda: [_KEY], note_use=lambda _: None, clock=lambda: datetime.now(UTC), poll_seconds=60)
