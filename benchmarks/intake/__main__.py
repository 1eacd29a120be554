"""``python -m benchmarks.intake FOLDER [DATABASE_URL]``: serve intake; print the port, and end when stdin does.

With a URL the events go to PostgreSQL, else to a SQLite file in the folder.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import uvicorn

from benchmarks.intake.load import CORES, SECRET
from variate.access.keyring import Keyring, secret_hash
from variate.model.access import EVERYWHERE, ApiKey, Scope
from variate.platform import Platform
from variate.server.service import Service
from variate.settings import Profile, Settings

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


def main(arguments: Sequence[str]) -> None:
    """Serve until stdin ends."""
    if CORES:
        os.sched_setaffinity(0, {CORES[0]})
    folder, *urls = arguments
    profile = Profile.POSTGRES if urls else Profile.LOCAL
    settings = Settings(home=Path(folder), profile=profile, database_url=urls[0] if urls else None)
    keyring = Keyring(load=lambda: [_KEY], note_use=lambda _: None, clock=lambda: datetime.now(UTC), poll_seconds=60)
    with Platform.open(settings) as platform, socket.socket() as listener:
        platform.migrate()
        listener.bind(("127.0.0.1", 0))
        listener.listen(1_024)
        application = Service(platform, keyring=keyring).application
        server = uvicorn.Server(uvicorn.Config(application, log_config=None, access_log=False))

        def end() -> None:
            sys.stdin.read()
            server.should_exit = True

        threading.Thread(target=end, daemon=True).start()
        print(listener.getsockname()[1], flush=True)
        server.run(sockets=[listener])
        keyring.close()


if __name__ == "__main__":
    main(sys.argv[1:])
