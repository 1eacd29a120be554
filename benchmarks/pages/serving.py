"""``variate serve`` as it is run, in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from benchmarks.served.race import Served, cores

_ANSWERS_AT = re.compile(r"http://127\.0\.0\.1:(\d+)")


@contextmanager
def serving(settings: Mapping[str, str], folder: Path) -> Iterator[Served]:
    """Serve with these settings of variate's, on the first core where there are several, until the block ends.

    Its log is left in ``folder``.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VARIATE_")}
    with (
        (folder / "serve.log").open("w") as log,
        subprocess.Popen(
            [sys.executable, "-m", "variate.cli", "serve", "--port", "0"],
            env={**kept, **settings},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        try:
            if cores()[0]:
                os.sched_setaffinity(process.pid, {int(cores()[0])})  # what it starts from now on is there, too
            said = process.stdout.readline()
            found = _ANSWERS_AT.search(said)
            if found is None:
                raise RuntimeError(f"it did not start: {(folder / 'serve.log').read_text()}")
            yield Served(port=int(found[1]), pid=process.pid)
        finally:
            process.terminate()
            process.wait(timeout=60)
