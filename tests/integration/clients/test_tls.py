"""The clients speak TLS to what SSM and Secrets Manager name, and check who answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import redis
from psycopg.conninfo import conninfo_to_dict

from tests.engines.redis import PrivateRedis
from tests.integration.clients.discovered import Discovered
from tests.integration.clients.tls import Certificate, TlsFront, certificate_for
from variate.clients import PostgresClient, RedisClient
from variate.errors import StoreUnavailableError
from variate.settings import Settings

SettingsOf = Callable[..., Settings]


@pytest.fixture
def of_localhost(tmp_path: Path) -> Certificate:
    return certificate_for("localhost", folder=tmp_path)


class TestRedis:
    @pytest.fixture
    def trusted(self, of_localhost: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let this machine trust the certificate as it trusts Amazon's."""
        monkeypatch.setenv("SSL_CERT_FILE", str(of_localhost.certificate))

    @contextmanager
    def client(self, aws: Discovered, settings: Settings, host: str, port: int) -> Iterator[RedisClient]:
        aws.put("redis/endpoint", host)
        aws.put("redis/port", str(port))
        client = RedisClient(settings=settings)
        yield client
        client.close_connections()

    @pytest.mark.usefixtures("trusted")
    def test_a_server_that_shows_a_trusted_certificate_is_spoken_to(
        self, aws: Discovered, aws_settings: SettingsOf, redis_server: PrivateRedis, of_localhost: Certificate
    ) -> None:
        with (
            TlsFront(of_localhost, target=redis_server.port) as front,
            self.client(aws, aws_settings(), "localhost", front.port) as client,
        ):
            client.get_redis_connection().set("k", "v")
            assert client.get_redis_connection(use_reader=True).get("k") == "v"
            assert front.greeted == 1

    @pytest.mark.usefixtures("trusted")
    def test_another_hosts_certificate_is_refused(
        self, aws: Discovered, aws_settings: SettingsOf, redis_server: PrivateRedis, of_localhost: Certificate
    ) -> None:
        with (
            TlsFront(of_localhost, target=redis_server.port) as front,
            self.client(aws, aws_settings(), "127.0.0.1", front.port) as client,
            pytest.raises(redis.ConnectionError, match="IP address mismatch"),
        ):
            client.get_redis_connection().get("k")

    def test_a_certificate_nobody_vouches_for_is_refused(
        self, aws: Discovered, aws_settings: SettingsOf, redis_server: PrivateRedis, of_localhost: Certificate
    ) -> None:
        with (
            TlsFront(of_localhost, target=redis_server.port) as front,
            self.client(aws, aws_settings(), "localhost", front.port) as client,
            pytest.raises(redis.ConnectionError, match="certificate verify failed"),
        ):
            client.get_redis_connection().get("k")

    def test_a_server_without_tls_is_not_spoken_to(
        self, aws: Discovered, aws_settings: SettingsOf, redis_server: PrivateRedis
    ) -> None:
        with (
            self.client(aws, aws_settings(), "127.0.0.1", redis_server.port) as client,
            pytest.raises((redis.ConnectionError, redis.TimeoutError)),
        ):
            client.get_redis_connection().get("k")

    def test_a_url_says_whom_to_trust(self, redis_server: PrivateRedis, of_localhost: Certificate) -> None:
        with TlsFront(of_localhost, target=redis_server.port) as front:
            url = f"rediss://localhost:{front.port}/0?ssl_ca_certs={of_localhost.certificate}"
            client = RedisClient(settings=Settings(redis_url=url))
            assert client.get_redis_connection().ping()
            client.close_connections()


class TestPostgres:
    @contextmanager
    def front(
        self, aws: Discovered, certificate: Certificate, postgres_url: str, *, host: str = "localhost"
    ) -> Iterator[TlsFront]:
        target = conninfo_to_dict(postgres_url)
        with TlsFront(certificate, target=int(str(target["port"])), postgres=True) as front:
            aws.create_secret(host=host, port=front.port, dbname=target["dbname"], username="postgres", password="x")
            yield front

    def test_tls_is_the_default(
        self, aws: Discovered, aws_settings: SettingsOf, postgres_url: str, of_localhost: Certificate
    ) -> None:
        with (
            self.front(aws, of_localhost, postgres_url) as front,
            closing(PostgresClient(settings=aws_settings())) as client,
        ):
            assert client.get_connection().pgconn.ssl_in_use
            assert front.greeted == 1

    def test_the_certificate_is_checked_where_the_settings_say_so(
        self, aws: Discovered, aws_settings: SettingsOf, postgres_url: str, of_localhost: Certificate
    ) -> None:
        settings = aws_settings(database_sslmode="verify-full", database_sslrootcert=str(of_localhost.certificate))
        with self.front(aws, of_localhost, postgres_url), closing(PostgresClient(settings=settings)) as client:
            assert client.get_connection().pgconn.ssl_in_use

    @pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
    def test_a_certificate_that_does_not_fit_is_refused(
        self,
        host: str,
        aws: Discovered,
        aws_settings: SettingsOf,
        postgres_url: str,
        of_localhost: Certificate,
        tmp_path: Path,
    ) -> None:
        # Of another signer for localhost; of the right signer, but for another host, for the number.
        (tmp_path / "other").mkdir()
        trusted = of_localhost if host == "127.0.0.1" else certificate_for("localhost", folder=tmp_path / "other")
        settings = aws_settings(database_sslmode="verify-full", database_sslrootcert=str(trusted.certificate))
        with (
            self.front(aws, of_localhost, postgres_url, host=host),
            closing(PostgresClient(settings=settings)) as client,
            pytest.raises(StoreUnavailableError, match="certificate"),
        ):
            client.get_connection()
