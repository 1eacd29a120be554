"""``python -m benchmarks.intake FOLDER [DATABASE_URL]``: serve intake; print the port, and end when stdin does.

With a URL the events go to PostgreSQL, else to a SQLite file in the folder.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks.intake.load import CORES
from benchmarks.served.key import keyring
from benchmarks.served.serving import pin, serve
from variate.platform import Platform
from variate.server.operations.protocol import GuardedProtocol
from variate.server.service import Service
from variate.settings import Profile, Settings


def main(arguments: Sequence[str]) -> None:
    """Serve until stdin ends."""
    pin(CORES[0] if CORES else None)
    folder, *urls = arguments
    profile = Profile.POSTGRES if urls else Profile.LOCAL
    settings = Settings(home=Path(folder), profile=profile, database_url=urls[0] if urls else None)
    keys = keyring()
    with Platform.open(settings) as platform:
        platform.migrate()
        serve(Service(platform, keyring=keys).application, http=partial(GuardedProtocol, head_seconds=10))
        keys.close()


if __name__ == "__main__":
    main(sys.argv[1:])
