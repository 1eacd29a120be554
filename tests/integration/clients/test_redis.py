"""The Redis client, on a real server, found by URL and through a real SSM."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from tests.engines.redis import PrivateRedis
from tests.engines.session import Session
from tests.engines.waiting import free_port
from tests.integration.clients.discovered import Discovered
from tests.integration.clients.forwarder import Forwarder
from variate.clients import RedisClient
from variate.clients.redis_connections import REST_SECONDS, Reader
from variate.clients.redis_endpoint import Endpoint
from variate.errors import ConfigurationError, StoreUnavailableError
from variate.settings import Settings

SettingsOf = Callable[..., Settings]


@pytest.fixture
def client(redis_url: str) -> Iterator[RedisClient]:
    made = RedisClient(settings=Settings(redis_url=redis_url))
    yield made
    made.close_connections()


@pytest.fixture
def reader_server(engines: Session) -> Iterator[PrivateRedis]:
    """A second server, to see which one answers; it stands for a replica."""
    server = PrivateRedis(engines)
    yield server
    server.stop()


def connected_clients(url: str) -> int:
    with redis.Redis.from_url(url) as observer:
        return len(observer.client_list(_type="normal")) - 1


class TestByUrl:
    def test_values_are_text_and_the_reader_is_the_primary(self, client: RedisClient) -> None:
        client.get_redis_connection().set("k", "Zoë", ex=60)
        assert client.get_redis_connection(use_reader=True).get("k") == "Zoë"

    def test_the_same_client_serves_all_threads(self, client: RedisClient) -> None:
        def count(_: int) -> redis.Redis:
            connection = client.get_redis_connection()
            connection.incr("n")
            return connection

        with ThreadPoolExecutor(20) as threads:
            assert len(set(threads.map(count, range(200)))) == 1
        assert client.get_redis_connection().get("n") == "200"

    def test_getting_the_client_sends_nothing(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            silent.settimeout(0.2)
            port = silent.getsockname()[1]
            RedisClient(settings=Settings(redis_url=f"redis://127.0.0.1:{port}")).get_redis_connection()
            with pytest.raises(TimeoutError):
                silent.accept()

    def test_closed_connections_open_again(self, client: RedisClient) -> None:
        client.get_redis_connection().set("k", "v")
        client.close_connections()
        client.close_connections()
        assert client.get_redis_connection().get("k") == "v"

    def test_close_leaves_no_connection(self, redis_server: PrivateRedis) -> None:
        client = RedisClient(settings=Settings(redis_url=redis_server.url))
        client.get_redis_connection().ping()
        assert connected_clients(redis_server.url) == 1
        client.close_connections()
        assert connected_clients(redis_server.url) == 0

    def test_connections_killed_by_the_server_cost_no_error(self, redis_server: PrivateRedis) -> None:
        client = RedisClient(settings=Settings(redis_url=redis_server.url))
        client.get_redis_connection().set("k", "v")
        with redis.Redis.from_url(redis_server.url) as observer:
            observer.client_kill_filter(_type="normal", skipme=True)
        assert client.get_redis_connection().get("k") == "v"
        client.close_connections()

    def test_a_connection_that_breaks_under_a_command_costs_no_error(self, redis_server: PrivateRedis) -> None:
        with Forwarder(redis_server.port) as forwarder:
            client = RedisClient(settings=Settings(redis_url=f"redis://127.0.0.1:{forwarder.port}"))
            client.get_redis_connection().set("k", "v")
            forwarder.cut_at_the_next_word()
            assert client.get_redis_connection().get("k") == "v"
            client.close_connections()

    def test_a_restarted_server_costs_no_error(self, redis_server: PrivateRedis) -> None:
        client = RedisClient(settings=Settings(redis_url=redis_server.url))
        client.get_redis_connection().set("k", "v")
        redis_server.stop()
        redis_server.start()
        assert client.get_redis_connection().get("k") is None
        client.close_connections()

    def test_a_server_that_hangs_costs_one_timeout(self, redis_server: PrivateRedis) -> None:
        client = RedisClient(settings=Settings(redis_url=redis_server.url, redis_timeout_seconds=0.5))
        client.get_redis_connection().set("k", "v")
        redis_server.pause()
        began = time.monotonic()
        with pytest.raises(redis.TimeoutError):
            client.get_redis_connection().get("k")
        assert 0.45 < time.monotonic() - began < 0.95
        redis_server.resume()
        assert client.get_redis_connection().get("k") == "v"
        client.close_connections()

    def test_a_server_that_is_not_there_is_said_at_once(self) -> None:
        client = RedisClient(settings=Settings(redis_url=f"redis://127.0.0.1:{free_port()}"))
        began = time.monotonic()
        with pytest.raises(redis.ConnectionError):
            client.get_redis_connection().get("k")
        assert time.monotonic() - began < 2

    def test_a_socket_file_is_a_server_too(self) -> None:
        client = RedisClient(settings=Settings(redis_url="unix:///nowhere/redis.sock"))
        with pytest.raises(redis.ConnectionError):
            client.get_redis_connection().get("k")

    def test_a_url_that_is_none_names_the_setting_and_not_the_password(self) -> None:
        client = RedisClient(settings=Settings(redis_url="redis://:hunter2@host:port/0"))
        with pytest.raises(ConfigurationError, match="VARIATE_REDIS_URL") as raised:
            client.get_redis_connection()
        assert raised.value.__cause__ is None
        assert raised.value.__context__ is None


class TestThroughSsm:
    def test_the_guides_parameters_lead_to_the_server(
        self, aws: Discovered, aws_settings: SettingsOf, redis_server: PrivateRedis
    ) -> None:
        aws.put("redis/endpoint", "127.0.0.1")
        aws.put("redis/port", str(redis_server.port))
        client = RedisClient(settings=aws_settings(redis_tls=False))
        assert client.get_redis_connection().set("k", "v")
        assert client.get_redis_connection(use_reader=True).get("k") == "v"
        client.close_connections()

    @pytest.mark.parametrize("missing", ["redis/endpoint", "redis/port"])
    def test_what_is_missing_is_named(self, missing: str, aws: Discovered, aws_settings: SettingsOf) -> None:
        for path in {"redis/endpoint", "redis/port"} - {missing}:
            aws.put(path, "6379")
        with pytest.raises(ConfigurationError) as raised:
            RedisClient(settings=aws_settings()).get_redis_connection()
        assert f"/experimentation/{aws.environment}/{missing}" in str(raised.value)
        assert "VARIATE_REDIS_URL" in str(raised.value)

    def test_a_port_that_is_no_number_is_named(self, aws: Discovered, aws_settings: SettingsOf) -> None:
        aws.put("redis/endpoint", "127.0.0.1")
        aws.put("redis/port", "six")
        with pytest.raises(ConfigurationError, match="redis/port must be a port number, not 'six'"):
            RedisClient(settings=aws_settings()).get_redis_connection()

    def test_an_ssm_that_cannot_be_reached_is_worth_another_try(self, aws_settings: SettingsOf) -> None:
        client = RedisClient(settings=aws_settings(aws_endpoint=f"http://127.0.0.1:{free_port()}"))
        with pytest.raises(StoreUnavailableError):
            client.get_redis_connection()

    def test_a_server_that_moved_is_followed(
        self, aws: Discovered, aws_settings: SettingsOf, redis_server: PrivateRedis, reader_server: PrivateRedis
    ) -> None:
        aws.put("redis/endpoint", "127.0.0.1")
        aws.put("redis/port", str(redis_server.port))
        client = RedisClient(settings=aws_settings(redis_tls=False, parameter_max_age_seconds=1e-6))
        before = client.get_redis_connection()
        before.set("who", "before")
        aws.put("redis/port", str(reader_server.port))
        assert client.get_redis_connection().get("who") is None
        assert connected_clients(redis_server.url) == 0
        assert before.get("who") == "before"  # who still holds the former one is not cut off
        before.close()
        client.close_connections()

    def test_fifty_threads_make_one_client(
        self, aws: Discovered, aws_settings: SettingsOf, redis_server: PrivateRedis
    ) -> None:
        aws.put("redis/endpoint", "127.0.0.1")
        aws.put("redis/port", str(redis_server.port))
        client = RedisClient(settings=aws_settings(redis_tls=False))
        with ThreadPoolExecutor(50) as threads:
            assert len(set(threads.map(lambda _: client.get_redis_connection(), range(50)))) == 1
        client.close_connections()


class TestReader:
    @pytest.fixture
    def primary(self, redis_server: PrivateRedis) -> Iterator[redis.Redis]:
        with redis.Redis.from_url(redis_server.url, decode_responses=True) as made:
            made.set("who", "primary")
            yield made

    @pytest.fixture
    def clock(self) -> list[float]:
        return [1_000.0]

    @pytest.fixture
    def reader(self, reader_server: PrivateRedis, primary: redis.Redis, clock: list[float]) -> Iterator[Reader]:
        with redis.Redis.from_url(reader_server.url) as direct:
            direct.set("who", "reader")
        endpoint = Endpoint(host="127.0.0.1", port=reader_server.port, tls=False)
        with Reader(endpoint, primary=primary, timeout_seconds=0.3, clock=lambda: clock[0]) as made:
            yield made

    def test_it_answers_what_it_is_asked(self, reader: Reader) -> None:
        assert reader.get("who") == "reader"

    def test_while_it_is_away_the_primary_answers_and_it_is_tried_again_later(
        self, reader: Reader, reader_server: PrivateRedis, clock: list[float], caplog: pytest.LogCaptureFixture
    ) -> None:
        assert reader.get("who") == "reader"
        reader_server.kill()
        for _ in range(3):
            assert reader.get("who") == "primary"
        assert len(caplog.records) == 1
        reader_server.start()
        assert reader.get("who") == "primary"
        clock[0] += REST_SECONDS
        assert reader.get("who") is None  # the reader again, which lost its data

    def test_one_that_hangs_costs_one_timeout(self, reader: Reader, reader_server: PrivateRedis) -> None:
        reader.get("who")
        reader_server.pause()
        began = time.monotonic()
        for _ in range(20):
            assert reader.get("who") == "primary"
        assert time.monotonic() - began < 2
        reader_server.resume()

    def test_a_pipeline_begun_while_it_is_away_runs_on_the_primary(
        self, reader: Reader, reader_server: PrivateRedis
    ) -> None:
        with reader.pipeline(transaction=False) as pipeline:
            assert pipeline.get("who").execute() == ["reader"]
        reader_server.kill()
        reader.get("who")
        with reader.pipeline(transaction=False) as pipeline:
            assert pipeline.get("who").execute() == ["primary"]

    def test_what_the_reader_refuses_is_its_answer(self, reader: Reader) -> None:
        with pytest.raises(redis.ResponseError):
            reader.lpush("who", "x")

    def test_ssm_names_it(self, aws: Discovered, aws_settings: SettingsOf, redis_server: PrivateRedis) -> None:
        aws.put("redis/endpoint", "127.0.0.1")
        aws.put("redis/reader-endpoint", "localhost")
        aws.put("redis/port", str(redis_server.port))
        client = RedisClient(settings=aws_settings(redis_tls=False))
        assert isinstance(client.get_redis_connection(use_reader=True), Reader)
        assert not isinstance(client.get_redis_connection(), Reader)
        client.get_redis_connection().set("k", "v")
        assert client.get_redis_connection(use_reader=True).get("k") == "v"
        client.close_connections()

    def test_one_that_ssm_names_and_nobody_can_reach_falls_back(
        self, aws: Discovered, aws_settings: SettingsOf, redis_server: PrivateRedis
    ) -> None:
        aws.put("redis/endpoint", "127.0.0.1")
        aws.put("redis/reader-endpoint", "nowhere.invalid")
        aws.put("redis/port", str(redis_server.port))
        client = RedisClient(settings=aws_settings(redis_tls=False))
        client.get_redis_connection().set("k", "v")
        assert client.get_redis_connection(use_reader=True).get("k") == "v"
        client.close_connections()
