"""A service in a process of its own, on the stores its environment names: ``python -m tests.service.alone``.

It writes its URL, once it has a snapshot, and serves until its standard input ends. Each line of that is the name of a
variation, which it makes the default of the flag ``moving``; it answers ``done``, or ``away`` where it cannot.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.service.running import running
from variate.errors import StoreError
from variate.platform import Platform
from variate.settings import Settings

MOVING = "moving"

_PROJECT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Alone:
    """A service that answers at ``url``, and changes what it serves when it is told to."""

    url: str
    told: IO[str]
    says: IO[str]

    def move(self, variation: str) -> bool:
        """Have the service itself change its flag; return whether it could."""
        self.told.write(f"{variation}\n")
        self.told.flush()
        return self.says.readline() == "done\n"


@contextmanager
def alone(environ: Mapping[str, str], *, log: Path) -> Iterator[Alone]:
    """Run such a process until the block ends."""
    path = os.pathsep.join([str(_PROJECT / "src"), str(_PROJECT)])
    with log.open("ab") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, **environ, "PYTHONPATH": path},
            text=True,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        url = process.stdout.readline().strip()
        assert url, log.read_text()
        yield Alone(url=url, told=process.stdin, says=process.stdout)
    finally:
        process.stdin.close()
        try:
            process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def main() -> None:
    """Serve until the input ends."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    with Platform.open(Settings.from_environment()) as platform:
        platform.serving_status()
        with running(platform, keyring=platform.keyring) as served:
            _say(served.url)
            for line in sys.stdin:
                try:
                    platform.update_feature_flag(MOVING, default=line.strip())
                except StoreError:
                    _say("away")
                else:
                    _say("done")


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
