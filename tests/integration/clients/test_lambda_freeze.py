"""The Lambda pattern in a process that is really frozen, with engines that really hang up on it meanwhile."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from tests.engines.redis import PrivateRedis

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def database(postgres_url: str) -> str:
    with psycopg.connect(postgres_url) as connection:
        connection.execute("CREATE TABLE seen (n int)")
    return postgres_url


@pytest.fixture
def start(database: str, redis_server: PrivateRedis) -> Iterator[Start]:
    running: list[subprocess.Popen[str]] = []

    def begin(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "tests.integration.clients.lambda_process", *arguments],
            cwd=Path(__file__).parents[3],
            env={**os.environ, "VARIATE_DATABASE_URL": database, "VARIATE_REDIS_URL": redis_server.url},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield begin
    for process in running:
        process.kill()
        process.communicate()


def invoke(process: subprocess.Popen[str], number: int, *, commit: bool = True) -> dict[str, Any]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps({"n": number, "commit": commit}) + "\n")
    process.stdin.flush()
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    return answer


def seen(database: str) -> list[int]:
    with psycopg.connect(database) as observer:
        return [row[0] for row in observer.execute("SELECT n FROM seen ORDER BY n")]


def test_connections_are_kept_from_one_invocation_to_the_next(start: Start, database: str) -> None:
    process = start()
    answers = [invoke(process, number) for number in range(5)]
    assert len({answer["redis"] for answer in answers}) == 1
    assert len({answer["pid"] for answer in answers}) == 1
    assert [answer["count"] for answer in answers] == [1, 2, 3, 4, 5]
    assert seen(database) == [0, 1, 2, 3, 4]


def test_a_thawed_process_goes_on_though_everybody_hung_up_on_it(
    start: Start, database: str, redis_server: PrivateRedis
) -> None:
    process = start()
    before = invoke(process, 1)
    os.kill(process.pid, signal.SIGSTOP)
    with psycopg.connect(database, autocommit=True) as observer:
        ended = observer.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        ).fetchall()
    with redis.Redis.from_url(redis_server.url) as observer_of_redis:
        killed = observer_of_redis.client_kill_filter(_type="normal", skipme=True)
    os.kill(process.pid, signal.SIGCONT)
    assert len(ended) >= 1
    assert killed == 1
    after = invoke(process, 2)
    assert after["pid"] != before["pid"]
    assert after["redis"] != before["redis"]
    assert after["count"] == 2
    assert seen(database) == [1, 2]


def test_no_transaction_is_left_open_while_the_process_is_frozen(start: Start, database: str) -> None:
    process = start()
    invoke(process, 1, commit=False)
    with psycopg.connect(database) as observer:
        states = observer.execute(
            "SELECT state FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'variate'"
        ).fetchall()
    assert set(states) == {("idle",)}
    assert seen(database) == []


def test_sigterm_closes_the_connections_first(start: Start) -> None:
    process = start("report")
    invoke(process, 1)
    process.terminate()
    assert process.stdout is not None
    assert json.loads(process.stdout.readline()) == [0]
    assert process.wait(10) == 0


def test_sigterm_still_ends_a_process_that_has_no_handler_of_its_own(start: Start) -> None:
    process = start()
    invoke(process, 1)
    process.terminate()
    assert process.wait(10) == -signal.SIGTERM
