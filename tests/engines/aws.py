"""AWS for tests: ministack for everything; dynoxide, where it is, as a second and quicker DynamoDB."""

from __future__ import annotations

import http.client
import os
import shutil
from pathlib import Path
from uuid import uuid4

import pytest

from tests.engines.missing import miss
from tests.engines.private import PrivateEngine
from tests.engines.process import Command, EngineProcess, start
from tests.engines.session import Record, Session
from tests.engines.waiting import answers, free_port

_PROJECT = Path(__file__).parents[2]


def ministack_endpoint(session: Session) -> str:
    """Return the URL of the session's ministack, started now if need be; skip the test where there is none."""
    binary = _found(
        os.environ.get("VARIATE_TEST_MINISTACK"),
        _PROJECT / ".venv-ministack" / "bin" / "ministack",
        shutil.which("ministack"),
    )
    if binary is None:
        miss("ministack", remedy="`make test` installs it, in an environment of its own")

    def begin(folder: Path) -> tuple[EngineProcess, Record]:
        port = free_port()
        environ = {
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "LOG_LEVEL": "WARNING",
            "TMPDIR": str(folder),
            "SERVICES": "dynamodb,ssm,secretsmanager,kms,sts",
        }
        command = Command(arguments=[binary], environ=environ)
        process = start("ministack", command, folder=folder, owner=session.owner, ready=lambda: _healthy(port))
        return process, {"endpoint": f"http://127.0.0.1:{port}"}

    endpoint: str = session.engine("ministack", begin)["endpoint"]
    return endpoint


def dynoxide_endpoint(session: Session) -> str:
    """Return the URL of the session's dynoxide. It comes from npm, so tests do without it, in CI too."""
    binary = _dynoxide()

    def begin(folder: Path) -> tuple[EngineProcess, Record]:
        port = free_port()
        command = Command(arguments=[binary, "serve", "--host", "127.0.0.1", "--port", str(port)])
        process = start("dynoxide", command, folder=folder, owner=session.owner, ready=lambda: answers(port))
        return process, {"endpoint": f"http://127.0.0.1:{port}"}

    endpoint: str = session.engine("dynoxide", begin)["endpoint"]
    return endpoint


def private_dynoxide(session: Session) -> tuple[PrivateEngine, str]:
    """Return a dynoxide of the test's own, which keeps its tables in a file, and its URL."""
    binary = _dynoxide()
    folder = session.folder / f"private-dynoxide-{uuid4().hex}"
    folder.mkdir()
    port = free_port()
    arguments = [binary, "serve", "--host", "127.0.0.1", "--port", str(port), "--db-path", str(folder / "tables.db")]
    engine = PrivateEngine("dynoxide", Command(arguments=arguments), folder=folder, ready=lambda: answers(port))
    return engine, f"http://127.0.0.1:{port}"


def _dynoxide() -> str:
    packaged = sorted((_PROJECT / "node_modules" / "@dynoxide").glob("*/dynoxide"))
    binary = _found(os.environ.get("VARIATE_TEST_DYNOXIDE"), *packaged, shutil.which("dynoxide"))
    if binary is None:
        pytest.skip("dynoxide is not on this machine: npm install @dynoxide/linux-x64")
    return binary


def _found(*candidates: str | Path | None) -> str | None:
    return next((str(path) for path in candidates if path and Path(path).exists()), None)


def _healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/_ministack/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()
