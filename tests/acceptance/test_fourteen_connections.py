"""The last three of the fourteen: retries, what is looked up in AWS, and Lambda's connections.

As in ``test_fourteen.py``, every docstring says what the guide's code does instead.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import botocore.client
import botocore.exceptions
import psycopg
import pytest
import redis.exceptions

import variate
from tests.acceptance.deployments import Deployment, get_secret, put_secret
from tests.engines.postgres import PostgresServer
from tests.engines.waiting import wait_until
from variate import (
    cache_get,
    create_assignment,
    create_experiment,
    get_experiment,
    get_experiment_with_cache,
    transfer_experiment_ownership,
    with_retry,
)
from variate.errors import NotFoundError, StoreUnavailableError

VARIATIONS = [{"name": "control"}, {"name": "green"}]

with_redis = pytest.mark.parametrize("deployment", ["postgres", "aws"], indirect=True)
in_aws = pytest.mark.parametrize("deployment", ["aws"], indirect=True)


def some_id(kind: str) -> str:
    return f"{kind}-{uuid.uuid4()}"


def new_experiment(**given: Any) -> str:
    identity: str = create_experiment("Fourteen", "", VARIATIONS, **given)["id"]
    return identity


def _throttled(code: str, status: int = 400) -> Exception:
    return botocore.exceptions.ClientError(
        {"Error": {"Code": code, "Message": ""}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item] # what is not looked at is left out
        "PutItem",
    )


@pytest.mark.parametrize(
    "error",
    [
        psycopg.OperationalError("the server closed the connection"),
        redis.exceptions.ConnectionError("refused"),
        redis.exceptions.TimeoutError("too slow"),
        _throttled("ProvisionedThroughputExceededException"),
        _throttled("ThrottlingException"),
        _throttled("InternalServerError", 500),
        StoreUnavailableError("away"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_12_three_retries_are_three_after_the_first_call(error: Exception) -> None:
    """The guide gives up at the third failure, so the fourth call never comes; and at once for throttling."""
    calls: list[int] = []

    def fail_three_times() -> str:
        calls.append(1)
        if len(calls) <= 3:
            raise error
        return "done"

    assert with_retry(fail_three_times, base_delay=0.001) == "done"
    assert len(calls) == 4

    def fail() -> None:
        calls.append(1)
        raise error

    calls.clear()
    with pytest.raises(type(error)) as caught:
        with_retry(fail, max_retries=2, base_delay=0.001)
    assert caught.value is error
    assert len(calls) == 3


@pytest.mark.parametrize("error", [ValueError("wrong"), _throttled("ValidationException"), NotFoundError("flag", "f")])
def test_12_what_lasts_is_not_tried_again(error: Exception) -> None:
    calls: list[int] = []

    def fail() -> None:
        calls.append(1)
        raise error

    with pytest.raises(type(error)):
        with_retry(fail)
    assert len(calls) == 1


@pytest.fixture
def aws_calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each operation of AWS was asked for in this process."""
    calls: Counter[str] = Counter()
    every_client: Any = botocore.client.BaseClient
    make: Callable[..., Any] = every_client._make_api_call

    def counted(self: Any, operation: str, arguments: Any) -> Any:
        calls[operation] += 1
        return make(self, operation, arguments)

    monkeypatch.setattr(every_client, "_make_api_call", counted)
    return calls


@in_aws
def test_13_a_table_name_that_ssm_does_not_have_is_asked_for_once(
    deployment: Deployment, aws_calls: Counter[str]
) -> None:
    """The guide does not keep the name it falls back to: each call pays a request that fails."""
    for n in range(10):
        create_assignment(f"user-{n}", "e-1", "control")
        variate.dynamodb_client.get_table("assignments")
    # once for each of the platform's two tables, the assignments' and the experiments', once for the guide's client
    assert aws_calls["GetParameter"] <= 3


@in_aws
def test_13_one_call_to_redis_asks_ssm_nothing_twice(deployment: Deployment, aws_calls: Counter[str]) -> None:
    """The guide asks for the reader's endpoint at each connection where there is none."""
    for _ in range(10):
        cache_get(some_id("key"), lambda: 1)
    assert aws_calls["GetParameter"] <= 3


@in_aws
def test_13_a_rotated_secret_is_read_again(deployment: Deployment, postgres_server: PostgresServer) -> None:
    """The guide raises what a refused password raises, and whoever called has to open a new connection."""
    environment = deployment.settings.environment
    role = f"rotating_{environment}"
    with psycopg.connect(deployment.postgres_url or "", autocommit=True) as server:
        _ask_rotating_roles_for_a_password(server, postgres_server)
        server.execute(f"CREATE ROLE {role} SUPERUSER LOGIN PASSWORD 'old'".encode())
        _tell_the_secret(deployment, username=role, password="old")
        wrong = (deployment.postgres_url or "").replace("postgres@", f"{role}:wrong@")
        wait_until(lambda: _is_refused(wrong), what="the server to ask for passwords")
        try:
            experiment_id = new_experiment()
            server.execute(f"ALTER ROLE {role} PASSWORD 'new'".encode())
            _tell_the_secret(deployment, username=role, password="new")
            server.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = %s", (role,))
            found = get_experiment(experiment_id)
            assert found is not None
            with variate.pg_client.get_cursor() as cursor:
                cursor.execute("SELECT current_user AS name")
                assert cursor.fetchone() == {"name": role}
        finally:
            variate.default_platform().close()
            variate.pg_client.close()
            server.execute(f"DROP ROLE IF EXISTS {role}".encode())


def _ask_rotating_roles_for_a_password(server: psycopg.Connection, engine: PostgresServer) -> None:
    """The tests' server trusts everybody: except, from now on, roles of this kind."""
    rule = "host all /^rotating_ 127.0.0.1/32 scram-sha-256\n"
    with engine.session.lock("pg_hba"):
        [(name,)] = server.execute("SHOW hba_file").fetchall()
        file = Path(name)
        text = file.read_text()
        if rule not in text:
            file.write_text(rule + text)
            server.execute("SELECT pg_reload_conf()")


def _is_refused(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return True
    return False


def _tell_the_secret(deployment: Deployment, **changed: str) -> None:
    environment, endpoint = deployment.settings.environment, deployment.environ["VARIATE_AWS_ENDPOINT"]
    put_secret(environment, {**get_secret(environment, endpoint=endpoint), **changed}, endpoint=endpoint)


@with_redis
def test_14_connections_are_kept_from_one_invocation_to_the_next(deployment: Deployment, lambda_clients: None) -> None:
    """The guide closes every connection after every event, so each one pays for new ones."""
    from variate.aws.lambdas import lambda_handler

    experiment_id = new_experiment()

    @lambda_handler
    def handler(event: dict[str, str], context: object) -> tuple[int, int]:
        assert get_experiment(event["id"]) is not None
        with variate.pg_client.get_cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid() AS pid")
            row = cursor.fetchone()
        assert row is not None
        return row["pid"], int(variate.redis_client.get_redis_connection().client_id())

    first = handler({"id": experiment_id}, None)
    assert [handler({"id": experiment_id}, None) for _ in range(3)] == [first] * 3


@with_redis
def test_14_an_invocation_that_fails_leaves_nothing_open(deployment: Deployment, lambda_clients: None) -> None:
    """A frozen process is to hold no locks: what the handler began is rolled back."""
    from variate.aws.lambdas import lambda_handler

    experiment_id = new_experiment(owner="ada")

    @lambda_handler
    def handler(event: object, context: object) -> None:
        connection = variate.pg_client.get_connection()
        connection.execute("UPDATE experiments SET owner = 'nobody'")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        handler({}, None)
    with psycopg.connect(deployment.postgres_url or "") as server:
        left = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in tr%'"
        assert server.execute(left).fetchone() == (0,)
    assert transfer_experiment_ownership(experiment_id, "grace")["owner"] == "grace"
    assert variate.default_platform().audit_log(entity_id=experiment_id)[0].data["previous_owner"] == "ada"


@with_redis
def test_14_a_process_thawed_after_its_connections_ended_connects_anew(
    deployment: Deployment, lambda_clients: None
) -> None:
    """While a process is frozen the servers end its connections; the guide's are still "open" when it goes on."""
    from variate.aws.lambdas import lambda_handler

    experiment_id = new_experiment()

    @lambda_handler
    def handler(event: object, context: object) -> bool:
        with variate.pg_client.get_cursor() as cursor:
            cursor.execute("SELECT 1")
        return get_experiment(experiment_id) == get_experiment_with_cache(experiment_id)

    assert handler({}, None)
    with psycopg.connect(deployment.postgres_url or "", autocommit=True) as server:
        server.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    with deployment.redis() as client:
        for other in client.client_list():
            if other["db"] == str(client.connection_pool.connection_kwargs.get("db", 0)):
                client.client_kill_filter(_id=other["id"], skipme=True)
    assert handler({}, None)


@pytest.fixture
def lambda_clients(monkeypatch: pytest.MonkeyPatch, deployment: Deployment) -> None:
    """A Lambda's process is new: its handler's clients are those of this test, too."""
    from variate.aws import lambdas

    monkeypatch.setattr(lambdas, "pg_client", variate.pg_client)
    monkeypatch.setattr(lambdas, "redis_client", variate.redis_client)
    monkeypatch.setattr(lambdas, "dynamodb_client", variate.dynamodb_client)
