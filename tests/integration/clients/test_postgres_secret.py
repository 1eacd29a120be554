"""The PostgreSQL client where SSM and Secrets Manager say which server: a real server that asks for the password."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import psycopg
import pytest
from botocore.exceptions import EndpointConnectionError
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import text

from tests.engines.postgres import PostgresServer
from tests.engines.waiting import free_port
from tests.integration.clients.discovered import Discovered
from tests.integration.clients.scram import Role, role_with_password
from variate.clients import PostgresClient
from variate.errors import ConfigurationError, StoreUnavailableError
from variate.settings import Settings

SettingsOf = Callable[..., Settings]


@pytest.fixture
def role(postgres_server: PostgresServer, postgres_url: str) -> Iterator[Role]:
    database = str(conninfo_to_dict(postgres_url)["dbname"])
    with role_with_password(postgres_server, database=database, password="first") as made:
        yield made


@pytest.fixture
def secret(aws: Discovered, role: Role) -> str:
    return aws.create_secret(**role.secret("first"))


@pytest.fixture
def client(aws_settings: SettingsOf, secret: str) -> Iterator[PostgresClient]:
    # The test's server has no TLS; what that means by default has a test of its own.
    made = PostgresClient(settings=aws_settings(database_sslmode="prefer"))
    yield made
    made.close()


def whoami(client: PostgresClient) -> str:
    with client.get_cursor() as cursor:
        cursor.execute("SELECT current_user AS name")
        row = cursor.fetchone()
    assert row is not None
    name: str = row["name"]
    return name


def secret_reads(client: PostgresClient) -> list[str]:
    """Collect a word for every request to Secrets Manager from now on."""
    reads: list[str] = []
    events = client._discover().session.secrets_manager.meta.events
    events.register("before-call.secrets-manager.GetSecretValue", lambda **_: reads.append("read"))
    return reads


def test_the_guides_parameter_and_secret_lead_to_the_server(client: PostgresClient, role: Role) -> None:
    assert whoami(client) == role.name
    with client.engine().connect() as connection:
        assert connection.execute(text("SELECT current_user")).scalar() == role.name


def test_the_secret_is_read_once(client: PostgresClient, role: Role) -> None:
    reads = secret_reads(client)
    for _ in range(5):
        whoami(client)
        client.close()
    assert reads == ["read"]


def test_a_rotated_secret_is_picked_up_at_the_first_refusal(
    client: PostgresClient, role: Role, aws: Discovered, secret: str
) -> None:
    whoami(client)
    reads = secret_reads(client)
    role.set_password("second")
    aws.rotate_secret(secret, **role.secret("second"))
    assert role.end_connections() == 1
    assert whoami(client) == role.name
    assert reads == ["read"]
    assert client.get_connection().execute("SELECT 1 AS a").fetchone() == {"a": 1}
    with client.get_cursor(), client.get_cursor(), client.engine().connect() as connection:
        assert connection.execute(text("SELECT 1")).scalar() == 1


def test_a_rotation_is_picked_up_by_a_connection_beside_the_pool_too(
    role: Role, aws: Discovered, secret: str, aws_settings: SettingsOf
) -> None:
    narrow = PostgresClient(settings=aws_settings(database_sslmode="prefer", database_pool_size=1))
    with narrow.get_cursor():
        role.set_password("second")
        aws.rotate_secret(secret, **role.secret("second"))
        assert whoami(narrow) == role.name
    narrow.close()


def test_a_rotation_to_another_role_is_picked_up_too(
    client: PostgresClient, role: Role, postgres_server: PostgresServer, aws: Discovered, secret: str
) -> None:
    whoami(client)
    with role_with_password(postgres_server, database=role.database, password="other") as other:
        role.set_password("locked out")
        aws.rotate_secret(secret, **other.secret("other"))
        role.end_connections()
        assert whoami(client) == other.name
        client.close()


def test_connections_that_stand_go_on_over_a_rotation(
    client: PostgresClient, role: Role, aws: Discovered, secret: str
) -> None:
    with client.get_cursor() as cursor:
        role.set_password("second")
        aws.rotate_secret(secret, **role.secret("second"))
        cursor.execute("SELECT 1 AS a")
        assert cursor.fetchone() == {"a": 1}


def test_a_password_that_stays_wrong_is_said_and_does_not_flood_secrets_manager(
    client: PostgresClient, role: Role
) -> None:
    reads = secret_reads(client)
    role.set_password("known to nobody")
    for _ in range(5):
        with pytest.raises(StoreUnavailableError, match="password authentication failed") as raised:
            whoami(client)
        assert "first" not in str(raised.value)
    assert len(reads) <= 3


def test_with_aws_away_what_was_known_goes_on(role: Role, aws_settings: SettingsOf, secret: str) -> None:
    client = PostgresClient(settings=aws_settings(database_sslmode="prefer", parameter_max_age_seconds=1e-6))
    whoami(client)
    asked: list[str] = []

    def fail(**_: object) -> None:
        asked.append("asked")
        raise EndpointConnectionError(endpoint_url="http://away")

    session = client._discover().session
    session.ssm.meta.events.register("before-call", fail)
    session.secrets_manager.meta.events.register("before-call", fail)
    role.end_connections()
    assert whoami(client) == role.name
    assert asked
    client.close()


def test_tls_is_asked_for_unless_the_settings_say_otherwise(
    aws_settings: SettingsOf, secret: str, postgres_url: str
) -> None:
    with psycopg.connect(postgres_url) as connection:
        if connection.execute("SHOW ssl").fetchone() != ("off",):
            pytest.skip("this PostgreSQL speaks TLS")
    client = PostgresClient(settings=aws_settings())
    with pytest.raises(StoreUnavailableError, match="SSL was required"):
        client.get_connection()
    client.close()


def test_a_url_in_the_settings_needs_no_aws(aws_settings: SettingsOf, postgres_url: str) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    client = PostgresClient(settings=aws_settings(aws_endpoint=nowhere, database_url=postgres_url))
    assert whoami(client) == "postgres"
    client.close()


def test_without_the_parameter_the_error_names_it_and_the_setting(aws_settings: SettingsOf, aws: Discovered) -> None:
    client = PostgresClient(settings=aws_settings())
    for use in (client.get_connection, client.engine().connect):
        with pytest.raises(ConfigurationError) as raised:
            use()
        assert f"/experimentation/{aws.environment}/database/aurora-secret-arn" in str(raised.value)
        assert "VARIATE_DATABASE_URL" in str(raised.value)


def test_without_the_secret_the_error_names_it(aws_settings: SettingsOf, aws: Discovered) -> None:
    aws.put("database/aurora-secret-arn", f"gone-{aws.environment}")
    with pytest.raises(ConfigurationError, match=f"no secret gone-{aws.environment}"):
        PostgresClient(settings=aws_settings()).get_connection()


def test_a_secret_that_lacks_something_names_what(aws_settings: SettingsOf, aws: Discovered) -> None:
    aws.create_secret(username="u", password="hunter2", port=5432)
    with pytest.raises(ConfigurationError, match="lacks host, dbname") as raised:
        PostgresClient(settings=aws_settings()).get_connection()
    assert "hunter2" not in str(raised.value)


def test_an_ssm_that_cannot_be_reached_is_worth_another_try(aws_settings: SettingsOf) -> None:
    client = PostgresClient(settings=aws_settings(aws_endpoint=f"http://127.0.0.1:{free_port()}"))
    with pytest.raises(StoreUnavailableError, match="SSM does not give"):
        client.get_connection()


def test_on_a_laptop_without_aws_the_error_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    with pytest.raises(
        ConfigurationError, match="set VARIATE_DATABASE_URL, or the SSM parameter /experimentation/dev/"
    ):
        PostgresClient(settings=Settings()).get_connection()
