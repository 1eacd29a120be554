"""The engines the other tests stand on: each is real, fresh, and gone when its owner is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import boto3
import psycopg
import pytest
import redis

from tests.engines.postgres import PostgresServer
from tests.engines.process import alive
from tests.engines.redis import PrivateRedis
from tests.engines.session import Session
from tests.engines.waiting import wait_until


@pytest.mark.parametrize("time", ["first", "second"])
def test_each_test_has_an_empty_postgres_database_of_its_own(postgres_url: str, time: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)
        connection.execute("CREATE TABLE only_here (id int)")


def test_a_postgres_template_is_filled_once_and_copied(postgres_server: PostgresServer) -> None:
    filled: list[str] = []

    def fill(url: str) -> None:
        filled.append(url)
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE numbers AS SELECT 7 AS n")

    assert postgres_server.template("numbers", fill) == postgres_server.template("numbers", fill)
    database = postgres_server.create(template="template_numbers")
    with psycopg.connect(postgres_server.url(database)) as connection:
        assert connection.execute("SELECT n FROM numbers").fetchone() == (7,)
    postgres_server.drop(database)
    assert len(filled) <= 1


@pytest.mark.parametrize("time", ["first", "second"])
def test_each_test_has_an_empty_redis_database_of_its_own(redis_url: str, time: str) -> None:
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
        client.set("only", "here")


def test_a_private_redis_stops_hangs_and_comes_back_on_its_port(redis_server: PrivateRedis) -> None:
    def client() -> redis.Redis:
        return redis.Redis.from_url(redis_server.url, socket_timeout=0.2, retry=None)

    with client() as running:
        assert running.ping()
    redis_server.pause()
    with client() as waiting, pytest.raises(redis.TimeoutError):
        waiting.ping()
    redis_server.resume()
    with client() as running:
        assert running.ping()
    for end in (redis_server.kill, redis_server.stop):
        end()
        with client() as refused, pytest.raises(redis.ConnectionError):
            refused.ping()
        redis_server.start()
        with client() as running:
            assert running.ping()


def test_aws_answers_for_each_service(aws_endpoint: str, environment_name: str) -> None:
    ssm = boto3.client("ssm", endpoint_url=aws_endpoint)
    ssm.put_parameter(Name=f"/{environment_name}/a", Value="b", Type="String")
    assert ssm.get_parameter(Name=f"/{environment_name}/a")["Parameter"]["Value"] == "b"
    secrets = boto3.client("secretsmanager", endpoint_url=aws_endpoint)
    arn = secrets.create_secret(Name=environment_name, SecretString="s")["ARN"]
    assert secrets.get_secret_value(SecretId=arn)["SecretString"] == "s"
    kms = boto3.client("kms", endpoint_url=aws_endpoint)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    assert kms.generate_data_key(KeyId=key, KeySpec="AES_256")["Plaintext"]


@pytest.mark.parametrize("engine", ["dynamodb_endpoint", "dynoxide_endpoint"])
def test_dynamodb_holds_an_item(engine: str, environment_name: str, request: pytest.FixtureRequest) -> None:
    dynamodb = boto3.resource("dynamodb", endpoint_url=request.getfixturevalue(engine))
    table = dynamodb.create_table(
        TableName=environment_name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    table.wait_until_exists()
    table.put_item(Item={"id": "a", "n": 1})
    assert table.get_item(Key={"id": "a"}, ConsistentRead=True)["Item"]["n"] == 1


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_engine_outlives_its_session(end: signal.Signals, tmp_path: Path) -> None:
    script = textwrap.dedent(
        """
        import signal, sys
        from pathlib import Path
        from tests.engines.redis import PrivateRedis, redis_server_port
        from tests.engines.session import Session
        session = Session.begin()
        redis_server_port(session)
        private = PrivateRedis(session)
        pids = [int(file.read_text()) for file in session.folder.glob("*/pid")]
        Path(sys.argv[1]).with_suffix(".part").write_text(" ".join([str(session.folder), *map(str, pids)]))
        Path(sys.argv[1]).with_suffix(".part").rename(sys.argv[1])
        signal.pause()
        """
    )
    report = tmp_path / "report.txt"
    project = Path(__file__).parents[3]
    owner = subprocess.Popen([sys.executable, "-c", script, str(report)], cwd=project, stderr=subprocess.DEVNULL)
    try:
        wait_until(report.exists, what="the engines of another session")
        folder, *pids = report.read_text().split()
        assert len(pids) == 2
        assert all(alive(int(pid)) for pid in pids)
    finally:
        owner.send_signal(end)
        owner.wait(10)
    wait_until(lambda: not any(alive(int(pid)) for pid in pids), what="the end of the engines")
    wait_until(lambda: not Path(folder).exists(), what="the end of their folder")


def test_workers_share_the_controllers_session(engines: Session) -> None:
    owner = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    assert engines.owner == owner
