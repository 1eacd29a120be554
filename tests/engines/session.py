"""How long engines live: one of each a test session, started by the first test that asks, stopped with the session.

The controller (the pytest process itself, or xdist's) makes a folder; its workers find it through the environment.
Whoever needs an engine takes the folder's lock, and either finds the engine's record there or starts it and writes one.
The engine's owner is the controller, so it outlives the worker that started it and nothing else.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.engines.process import EngineFailedError, EngineProcess, alive

_FOLDER = "VARIATE_TEST_ENGINES_FOLDER"
_OWNER = "VARIATE_TEST_ENGINES_OWNER"

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Session:
    """The engines of one test session."""

    folder: Path
    owner: int

    @classmethod
    def begin(cls) -> Session:
        """Make a session owned by this process and tell its children of it."""
        folder = Path(tempfile.mkdtemp(prefix="variate-engines-"))
        (folder / "owner").write_text(str(os.getpid()))
        folder.chmod(0o711)  # PostgreSQL runs as another user where we are root, and has its folder in here
        os.environ[_FOLDER] = str(folder)
        os.environ[_OWNER] = str(os.getpid())
        return cls(folder, os.getpid())

    @classmethod
    def current(cls) -> Session:
        """Return the session this process or its controller began."""
        return cls(Path(os.environ[_FOLDER]), int(os.environ[_OWNER]))

    def end(self) -> None:
        """Stop every engine and remove the folder."""
        with self.lock():
            engines = [_process(json.loads(file.read_text())) for file in self.folder.glob("*.engine.json")]
            for engine in engines:
                engine.ask_to_stop()
            for engine in engines:
                engine.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        for name in (_FOLDER, _OWNER):
            os.environ.pop(name, None)

    @contextmanager
    def lock(self, name: str = "session") -> Iterator[None]:
        """Hold the lock of this name alone among all processes of the session."""
        with (self.folder / f"{name}.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def engine(self, name: str, start: Callable[[Path], tuple[EngineProcess, Record]]) -> Record:
        """Return the record of the engine of this name; the first to ask runs ``start`` on a new folder to make it.

        A start that failed is not tried again: its words are raised to all who ask.
        """
        record_file, failure_file = self.folder / f"{name}.engine.json", self.folder / f"{name}.failed"
        with self.lock(name):
            if failure_file.exists():
                raise EngineFailedError(failure_file.read_text())
            if record_file.exists():
                found: Record = json.loads(record_file.read_text())
                if not alive(_process(found).keeper):
                    raise EngineFailedError(f"{name} ended in the midst of the session")
                return found
            folder = self.folder / name
            folder.mkdir()
            try:
                process, facts = start(folder)
            except EngineFailedError as error:
                failure_file.write_text(str(error))
                raise
            record = {**facts, "pid": process.pid, "keeper": process.keeper, "folder": str(folder)}
            record_file.with_suffix(".part").write_text(json.dumps(record))
            record_file.with_suffix(".part").rename(record_file)
            return record


def _process(record: Record) -> EngineProcess:
    return EngineProcess(pid=record["pid"], keeper=record["keeper"], folder=Path(record["folder"]))


def forget_the_users_own_settings() -> None:
    """Set dummy AWS credentials and drop what would lead a test to the user's own account, database or files."""
    for name in list(os.environ):
        if name.startswith(("AWS_", "VARIATE_")) and not name.startswith("VARIATE_TEST_"):
            with suppress(KeyError):
                del os.environ[name]
    os.environ.pop("ENVIRONMENT", None)
    os.environ.update(
        AWS_ACCESS_KEY_ID="testing",
        AWS_SECRET_ACCESS_KEY="testing",
        AWS_DEFAULT_REGION="us-east-1",
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
    )
