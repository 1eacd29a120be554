"""What importing does: little, quickly, and nothing to the machine."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from compileall import compile_dir
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[2]
DRIVERS = {
    "alembic",
    "boto3",
    "botocore",
    "cryptography",
    "duckdb",
    "fastapi",
    "jinja2",
    "numpy",
    "opentelemetry",
    "prometheus_client",
    "psycopg",
    "psycopg_pool",
    "pyarrow",
    "redis",
    "scipy",
    "sqlalchemy",
    "starlette",
    "uvicorn",
}
"""What takes long to import: a driver, the service, or numbers for the analysis, which most processes never do."""
FRAMEWORKS = ["fastapi", "opentelemetry.sdk.trace", "prometheus_client", "scipy.optimize", "scipy.stats", "uvicorn"]
"""What the service or the statistics take their time to import, beside the drivers."""
ABOVE_BACKENDS = [
    "variate",
    "variate.errors",
    "variate.model",
    "variate.model.record",
    "variate.stores.ports",
    "variate.stores.memory",
    "variate.definition.experiments",
    "variate.assignment.ledger",
    "variate.recording.intake",
    "variate.publishing.relay",
    "variate.analysis.report_record",
    "variate.decision.engine",
    "variate.settings",
    "variate.platform",
    "variate.functions.experiments",
    "variate.functions.reports",
    "variate.clients.postgres",
    "variate.clients.dynamodb",
    "variate.clients.redis",
    "variate.testing.builders",
]
MODULES = sorted(
    ".".join(path.relative_to(PROJECT / "src").with_suffix("").parts).removesuffix(".__init__")
    for path in (PROJECT / "src" / "variate").rglob("*.py")
    if "migrations" not in path.parts and path.name != "__main__.py"
)

# Run in a process of its own, which has a child import each module first of all: what it imports, opens, starts and
# writes, and how long that takes.
_PROBE = """
import json, os, sys, threading, time, traceback
sys.dont_write_bytecode = True

def probe(name):
    did = []
    def watch(event, arguments):
        if event in ("socket.connect", "subprocess.Popen", "sqlite3.connect", "socket.getaddrinfo"):
            did.append(event)
        if event == "open" and arguments[1] and set(arguments[1]) & set("wax+"):
            did.append(f"open {arguments[0]} to write")
    before = set(sys.modules)
    sys.addaudithook(watch)
    started = time.perf_counter()
    try:
        __import__(name)
        failure = None
    except BaseException:
        failure = traceback.format_exc()
    seconds = time.perf_counter() - started
    loaded = sorted({name.partition(".")[0] for name in set(sys.modules) - before})
    return {"seconds": seconds, "failure": failure, "loaded": loaded, "did": did,
            "threads": threading.active_count()}

for name in filter(None, sys.argv[1].split(",")):
    __import__(name)
for name in sys.argv[2:]:
    child = os.fork()
    if not child:
        os.write(1, json.dumps([name, probe(name)]).encode() + b"\\n")
        os._exit(0)
    os.waitpid(child, 0)
"""


def probe(*modules: str, loaded: Iterable[str] = ()) -> list[tuple[str, dict[str, Any]]]:
    """Return, for each module, what importing it does in a fresh process, or one that has ``loaded`` some others."""
    command = [sys.executable, "-c", _PROBE, ",".join(loaded), *modules]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=280)
    return [(name, report) for name, report in map(json.loads, answer.stdout.splitlines())]


@pytest.fixture(scope="module")
def reports() -> dict[str, dict[str, Any]]:
    """What each module of variate does when it is imported first.

    The drivers are loaded before and our modules compiled, so that this is not done for each of hundreds.
    """
    compile_dir(PROJECT / "src", quiet=1)
    return dict(probe(*MODULES, loaded=[*sorted(DRIVERS), *FRAMEWORKS, "pytest", "rich.table"]))


@pytest.mark.slow
def test_any_module_can_be_imported_first(reports: dict[str, dict[str, Any]]) -> None:
    assert set(reports) == set(MODULES)
    assert {name: report["failure"] for name, report in reports.items() if report["failure"]} == {}


@pytest.mark.slow
def test_importing_opens_and_starts_nothing(reports: dict[str, dict[str, Any]]) -> None:
    assert {name: report["did"] for name, report in reports.items() if report["did"]} == {}
    assert {name for name, report in reports.items() if report["threads"] > 1} == set()


def test_importing_variate_takes_less_than_015_seconds() -> None:
    # The least of several: a busy machine makes an import slower, and nothing makes it faster.
    assert min(report["seconds"] for _, report in probe(*["variate"] * 7)) < 0.15


def test_what_is_above_the_backends_loads_no_driver() -> None:
    loaded = {name: DRIVERS & set(report["loaded"]) for name, report in probe(*ABOVE_BACKENDS)}
    assert loaded == {name: set() for name in ABOVE_BACKENDS}


def test_only_the_suites_need_pytest() -> None:
    modules = ["variate.testing.builders", "variate.testing.clocks", "variate.testing.waiting", "variate.cli"]
    assert not any("pytest" in report["loaded"] for _, report in probe(*modules))
