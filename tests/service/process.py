"""``python -m tests.service.process``: the service of the environment's settings, in a process that may be killed.

It prints its port, and ends when stdin does.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from tests.service.running import keyring_of
from variate.platform import Platform
from variate.server.service import Service

_ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class ServiceProcess:
    """A service that answers at ``url`` until it is killed."""

    url: str
    process: subprocess.Popen[str]

    def kill(self) -> None:
        """End it with SIGKILL and return when it is gone."""
        self.process.kill()
        self.process.wait(timeout=10)


@contextmanager
def started(environ: Mapping[str, str]) -> Iterator[ServiceProcess]:
    """Serve from a process of its own; what is left of it at the block's end is ended."""
    command = [sys.executable, "-m", "tests.service.process"]
    inherited = {**os.environ, **environ}
    with subprocess.Popen(
        command, cwd=_ROOT, env=inherited, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            port = process.stdout.readline().strip()
            assert port, "it ended before it listened"
            yield ServiceProcess(f"http://127.0.0.1:{port}", process)
        finally:
            process.stdin.close()
            process.wait(timeout=30)


def main() -> None:
    """Serve until stdin ends."""
    with Platform.open() as platform, socket.socket() as listener:
        platform.migrate()
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        application = Service(platform, keyring=keyring_of()).application
        server = uvicorn.Server(uvicorn.Config(application, log_config=None, access_log=False))

        def end() -> None:
            sys.stdin.read()
            server.should_exit = True

        threading.Thread(target=end, daemon=True).start()
        print(listener.getsockname()[1], flush=True)
        server.run(sockets=[listener])


if __name__ == "__main__":
    main()
