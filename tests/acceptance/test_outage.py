"""An engine that is away, hangs or restarts, as callers of the functions meet it."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import textwrap
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from urllib.parse import urlsplit

import psycopg
import pytest

import variate
from tests.acceptance.callers import all_at_once
from tests.acceptance.deployments import Deployment, postgres_environ, put_parameter
from tests.acceptance.gate import Gate
from tests.engines.redis import PrivateRedis
from tests.engines.waiting import wait_until
from variate.errors import StoreUnavailableError
from variate.platform import Platform, profiles
from variate.stores.wrappers.breaker import CircuitBreaker

VARIATIONS = [{"name": "control"}, {"name": "green"}]
REDIS_TIMEOUT = 0.3

Adopt = Callable[[Deployment], Deployment]


class Stopwatch:
    """How long the block took, in seconds."""

    def __enter__(self) -> Stopwatch:
        self._began = time.monotonic()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.monotonic() - self._began


def cut_off(request: pytest.FixtureRequest, profile: str, *, engine: str) -> tuple[Deployment, Gate]:
    """Return a deployment of this profile with a gate of its own before one engine."""
    made: Deployment = request.getfixturevalue(f"{profile}_deployment")
    url = {"postgres": made.postgres_url, "redis": made.redis_url, "dynamodb": made.dynamodb_endpoint}[engine]
    gate = Gate(urlsplit(url or "").port or 0)
    request.addfinalizer(gate.close)
    environ = {**made.environ, "VARIATE_REDIS_TIMEOUT_SECONDS": str(REDIS_TIMEOUT)}
    if engine == "dynamodb":
        environ["VARIATE_DYNAMODB_ENDPOINT"] = f"http://127.0.0.1:{gate.port}"
    elif profile == "postgres":
        name = {"postgres": "VARIATE_DATABASE_URL", "redis": "VARIATE_REDIS_URL"}[engine]
        environ[name] = through(environ[name], gate)
    elif engine == "redis":
        put_parameter(environ["ENVIRONMENT"], "redis/port", str(gate.port), endpoint=environ["VARIATE_AWS_ENDPOINT"])
    else:
        environ["VARIATE_DATABASE_URL"] = through(made.postgres_url or "", gate)
    return replace(made, environ=environ), gate


def through(url: str, gate: Gate) -> str:
    """Return the URL with the gate's port in place of the engine's."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.replace(f":{parts.port}", f":{gate.port}")).geturl()


@pytest.fixture(params=["postgres", "aws"])
def redis_behind_gate(request: pytest.FixtureRequest, adopt: Adopt) -> tuple[Deployment, Gate]:
    """A deployment whose Redis can be cut off."""
    made, gate = cut_off(request, request.param, engine="redis")
    return adopt(made), gate


@pytest.fixture(params=["postgres", "aws"])
def postgres_behind_gate(request: pytest.FixtureRequest, adopt: Adopt) -> tuple[Deployment, Gate]:
    """A deployment whose PostgreSQL can be cut off."""
    made, gate = cut_off(request, request.param, engine="postgres")
    return adopt(made), gate


@pytest.fixture
def dynamodb_behind_gate(request: pytest.FixtureRequest, adopt: Adopt) -> tuple[Deployment, Gate]:
    """An aws deployment whose DynamoDB can be cut off."""
    made, gate = cut_off(request, "aws", engine="dynamodb")
    return adopt(made), gate


@pytest.mark.parametrize("outage", ["shut", "stick"])
def test_06_with_redis_away_reads_come_from_the_source_and_limits_still_limit(
    redis_behind_gate: tuple[Deployment, Gate], outage: str
) -> None:
    """The guide raises redis-py's error, although the source is up; and waits 5 seconds for it each time."""
    _, gate = redis_behind_gate
    experiment = variate.create_experiment("Cached", "", VARIATIONS)
    assert variate.get_experiment_with_cache(experiment["id"]) == experiment
    key = f"rate-{uuid.uuid4()}"
    assert variate.check_rate_limit(key, 3, 60)[0]
    getattr(gate, outage)()
    with Stopwatch() as first:
        assert variate.get_experiment_with_cache(experiment["id"]) == experiment
    # A miss asks the cache several times (value, lease, value, fill) before the breaker knows.
    assert first.seconds < 6 * REDIS_TIMEOUT
    with Stopwatch() as settling:
        assert variate.cache_get(f"key-{uuid.uuid4()}", lambda: "fetched") == "fetched"
        assert [variate.check_rate_limit(key, 3, 60)[0] for _ in range(5)] == [True, True, True, False, False]
        assert variate.cache_experiment_assignment("user-1", "e-1", "green") is False
        assert variate.get_cached_experiment_assignment("user-1", "e-1") is None
    assert settling.seconds < 6 * REDIS_TIMEOUT
    with Stopwatch() as settled:
        for _ in range(50):
            assert variate.get_experiment_with_cache(experiment["id"]) == experiment
            assert variate.check_rate_limit(key, 3, 60)[0] is False
            assert variate.get_cached_feature_flag("user-1", "f-1") is None
        status = variate.update_experiment_status(experiment["id"], "active")
    assert status is not None
    # Each call paid less than a timeout: the breaker turned them away.
    assert settled.seconds < 2.0
    assert (variate.get_experiment_with_cache(experiment["id"]) or {})["status"] == "active"
    # Fifty callers of a limit of ten, with no Redis to ask: this process counts.
    answers = all_at_once(50, lambda _: variate.check_rate_limit(f"{key}-again", 10, 60)[0])
    assert sum(answers) == 10


def test_redis_is_used_again_once_it_is_back(
    redis_behind_gate: tuple[Deployment, Gate], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(profiles, "CircuitBreaker", partial(CircuitBreaker, reset_seconds=0.3))
    deployment, gate = redis_behind_gate
    assert variate.cache_experiment_assignment("user-1", "e-1", "green") is True
    gate.shut()
    for _ in range(5):
        variate.get_cached_experiment_assignment("user-1", "e-1")
    gate.open()
    user = f"user-{uuid.uuid4()}"
    wait_until(
        lambda: variate.cache_experiment_assignment(user, "e-1", "green"), seconds=10, what="Redis being used again"
    )
    with deployment.redis() as client:
        assert client.get(f"assignment:{user}:e-1") == "green"


def test_a_redis_that_is_killed_and_started_anew_costs_no_error(
    redis_server: PrivateRedis, postgres_alone_deployment: Deployment, adopt: Adopt
) -> None:
    url = postgres_alone_deployment.postgres_url or ""
    adopt(replace(postgres_alone_deployment, environ=postgres_environ(url, redis_url=redis_server.url)))
    experiment = variate.create_experiment("Killed", "", VARIATIONS)
    assert variate.get_experiment_with_cache(experiment["id"]) == experiment
    redis_server.kill()
    redis_server.start()
    # The connections are those of the server before; the scripts are gone, too.
    assert variate.get_experiment_with_cache(experiment["id"]) == experiment
    assert variate.check_rate_limit("key", 1, 60) == (True, 1, 60)
    assert variate.check_rate_limit("key", 1, 60)[0] is False


@pytest.mark.parametrize("outage", ["shut", pytest.param("stick", marks=pytest.mark.slow)])
def test_a_change_is_durable_with_dynamodb_away_and_is_delivered_when_it_is_back(
    dynamodb_behind_gate: tuple[Deployment, Gate], outage: str
) -> None:
    deployment, gate = dynamodb_behind_gate
    experiment_id = variate.create_experiment("Away", "", VARIATIONS)["id"]
    getattr(gate, outage)()
    with Stopwatch() as stopwatch:
        changed = variate.update_experiment_with_override(experiment_id, "active", "user-1", "green")
    assert changed["status"] == "active"
    # Two outboxes, three attempts of five seconds each, where DynamoDB hangs; that it is away is known then.
    assert stopwatch.seconds < 40
    with Stopwatch() as stopwatch:
        variate.transfer_experiment_ownership(experiment_id, "grace")
        variate.create_experiment("Meanwhile", "", VARIATIONS)
    assert stopwatch.seconds < 2
    assert (variate.get_experiment(experiment_id) or {})["status"] == "active"
    assert [entry["action"] for entry in variate.get_audit_log(entity_id=experiment_id)["items"]] == [
        "ownership_change",
        "override_added",
        "status_change",
        "created",
    ]
    gate.open()
    with deployment.backends() as backends:

        def delivered() -> bool:
            copy = backends.serving.get(experiment_id)
            override = variate.get_override("user-1", experiment_id)
            if copy is None or override is None:
                return False
            return (copy.status, copy.owner, override["value"]) == ("active", "grace", "green")

        # Nobody calls for it: the process that was put off tries again by itself.
        wait_until(delivered, seconds=45, what="the delivery")


def test_what_needs_dynamodb_says_that_it_is_away(dynamodb_behind_gate: tuple[Deployment, Gate]) -> None:
    _, gate = dynamodb_behind_gate
    variate.create_assignment("user-1", "e-1", "green")
    gate.shut()
    calls: list[Callable[[], object]] = [
        lambda: variate.create_assignment("user-2", "e-1", "green"),
        lambda: variate.get_user_assignment("user-1", "e-1"),
        lambda: variate.record_event("user-1", "view", {}),
        variate.get_active_feature_flags,
    ]
    with Stopwatch() as stopwatch:
        for call in calls:
            with pytest.raises(StoreUnavailableError):
                call()
    assert stopwatch.seconds < 40
    gate.open()
    assert variate.get_user_assignment("user-2", "e-1") is None
    assert (variate.get_user_assignment("user-1", "e-1") or {})["variation"] == "green"


def test_with_postgres_away_callers_are_told_soon_and_served_again_after(
    postgres_behind_gate: tuple[Deployment, Gate],
) -> None:
    _, gate = postgres_behind_gate
    experiment = variate.create_experiment("Down", "", VARIATIONS)
    platform = variate.default_platform()
    gate.shut()
    with Stopwatch() as stopwatch:
        with pytest.raises(StoreUnavailableError):
            variate.get_experiment(experiment["id"])
        with pytest.raises(StoreUnavailableError):
            variate.update_experiment_status(experiment["id"], "active")
    assert stopwatch.seconds < 15
    gate.open()
    assert variate.get_experiment(experiment["id"]) == experiment
    assert (variate.update_experiment_status(experiment["id"], "active") or {})["status"] == "active"
    assert variate.default_platform() is platform


@pytest.mark.slow
def test_a_postgres_that_takes_connections_and_says_nothing_is_given_up(
    postgres_behind_gate: tuple[Deployment, Gate],
) -> None:
    _, gate = postgres_behind_gate
    gate.stick()
    with Stopwatch() as stopwatch, pytest.raises(StoreUnavailableError):
        variate.list_active_experiments()
    assert stopwatch.seconds < 30


def test_a_failover_of_postgres_costs_no_error(postgres_behind_gate: tuple[Deployment, Gate]) -> None:
    deployment, _ = postgres_behind_gate
    experiment = variate.create_experiment("Failover", "", VARIATIONS)
    all_at_once(5, lambda _: variate.get_experiment(experiment["id"]))
    with psycopg.connect(deployment.postgres_url or "", autocommit=True) as server:
        server.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    found = all_at_once(5, lambda _: variate.get_experiment(experiment["id"]))
    assert found == [experiment] * 5
    assert (variate.update_experiment_status(experiment["id"], "active") or {})["status"] == "active"


@pytest.fixture
def locker() -> Iterator[Callable[[Deployment, float], subprocess.Popen[str]]]:
    """Start a process that holds the write lock of a SQLite file for so many seconds."""
    script = """
        import sqlite3, sys, time
        connection = sqlite3.connect(sys.argv[1], isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        print("locked", flush=True)
        time.sleep(float(sys.argv[2]))  # how long the lock is held is the case
        connection.execute("ROLLBACK")
    """
    processes: list[subprocess.Popen[str]] = []

    def lock(deployment: Deployment, seconds: float) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(script), str(deployment.settings.sqlite_path), str(seconds)],
            stdout=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        return process

    yield lock
    for process in processes:
        with suppress(ProcessLookupError):
            process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


@pytest.mark.parametrize("deployment", ["local"], indirect=True)
def test_a_file_that_another_process_writes_to_is_waited_for(
    deployment: Deployment, locker: Callable[[Deployment, float], subprocess.Popen[str]]
) -> None:
    experiment = variate.create_experiment("Locked", "", VARIATIONS)
    with Stopwatch() as stopwatch:
        locker(deployment, 1.0)
        assert variate.get_experiment(experiment["id"]) == experiment  # readers do not wait
        read_after = time.monotonic()
        variate.record_event("user-1", "view", {})
        assert (variate.update_experiment_status(experiment["id"], "active") or {})["status"] == "active"
    assert time.monotonic() - read_after > 0.5
    assert stopwatch.seconds < 8


@pytest.mark.slow
@pytest.mark.parametrize("deployment", ["local"], indirect=True)
def test_a_file_that_stays_locked_is_said_to_be_unavailable(
    deployment: Deployment, locker: Callable[[Deployment, float], subprocess.Popen[str]]
) -> None:
    experiment = variate.create_experiment("Locked", "", VARIATIONS)
    locker(deployment, 60)
    before = deployment.contents()
    with Stopwatch() as stopwatch, pytest.raises(StoreUnavailableError):
        variate.update_experiment_status(experiment["id"], "active")
    assert stopwatch.seconds < 30
    assert deployment.contents() == before


def test_a_platform_closes_with_a_delivery_put_off(dynamodb_behind_gate: tuple[Deployment, Gate]) -> None:
    deployment, gate = dynamodb_behind_gate
    gate.shut()
    with Platform.open(deployment.settings) as platform:
        made = platform.create_experiment("Put off", variations=VARIATIONS)
    gate.open()
    with deployment.platform() as platform, deployment.backends() as backends:
        assert platform.relay.deliver() == 1
        assert backends.serving.get(made.id) == made


def test_a_file_that_is_no_database_is_said_to_be_so(local_deployment: Deployment, adopt: Adopt) -> None:
    adopt(local_deployment)
    path = local_deployment.settings.sqlite_path
    path.parent.mkdir(parents=True)
    path.write_bytes(b"this is a letter, and no database" * 100)
    with pytest.raises(variate.errors.StoreError, match="not a database") as caught:
        variate.list_active_experiments()
    assert isinstance(caught.value.__cause__, (sqlite3.DatabaseError, Exception))
    assert path.read_bytes().startswith(b"this is a letter")
