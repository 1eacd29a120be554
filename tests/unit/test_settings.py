"""Settings: each variable is read, each wrong value is refused by the variable's name."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from pathlib import Path
from typing import Any

import pytest

from variate.errors import ConfigurationError
from variate.settings import ENCRYPTABLE_FIELDS, SSL_MODES, Profile, Settings

URL = "postgresql://app:s3cret@db/app"


def read(**variables: str) -> Settings:
    return Settings.from_environment(variables)


def test_with_nothing_set_it_is_the_local_profile() -> None:
    found = read()
    assert (found.profile, found.home, found.environment) == (Profile.LOCAL, Path(".variate"), "dev")
    assert found.sqlite_path == Path.cwd() / ".variate" / "variate.db"
    assert found.key_file == Path.cwd() / ".variate" / "field-key"
    assert {each.name: getattr(found, each.name) for each in fields(found) if each.name != "actor"} == {
        each.name: getattr(Settings(), each.name) for each in fields(found) if each.name != "actor"
    }


# Variable, its text, the setting, its value.
READ: list[tuple[str, str, str, object]] = [
    ("VARIATE_HOME", "/srv/variate", "home", Path("/srv/variate")),
    ("ENVIRONMENT", "prod", "environment", "prod"),
    ("VARIATE_DATABASE_URL", URL, "database_url", URL),
    ("VARIATE_DATABASE_URL", "postgres:///app", "database_url", "postgres:///app"),
    ("VARIATE_DATABASE_SSLMODE", "verify-full", "database_sslmode", "verify-full"),
    ("VARIATE_DATABASE_SSLROOTCERT", "/ca.pem", "database_sslrootcert", "/ca.pem"),
    ("VARIATE_DATABASE_POOL_SIZE", "3", "database_pool_size", 3),
    ("VARIATE_REDIS_URL", "redis://cache:6379/1", "redis_url", "redis://cache:6379/1"),
    ("VARIATE_REDIS_URL", "rediss://cache:6379", "redis_url", "rediss://cache:6379"),
    ("VARIATE_REDIS_URL", "unix:///run/redis.sock", "redis_url", "unix:///run/redis.sock"),
    ("VARIATE_REDIS_TLS", "no", "redis_tls", False),
    ("VARIATE_REDIS_TLS", "TRUE", "redis_tls", True),
    ("VARIATE_REDIS_TIMEOUT_SECONDS", "0.25", "redis_timeout_seconds", 0.25),
    ("VARIATE_DYNAMODB_ENDPOINT", "http://127.0.0.1:8000", "dynamodb_endpoint", "http://127.0.0.1:8000"),
    ("VARIATE_AWS_ENDPOINT", "https://aws.local", "aws_endpoint", "https://aws.local"),
    ("AWS_REGION", "eu-west-1", "aws_region", "eu-west-1"),
    ("AWS_DEFAULT_REGION", "eu-west-2", "aws_region", "eu-west-2"),
    ("VARIATE_PARAMETER_MAX_AGE_SECONDS", "60", "parameter_max_age_seconds", 60.0),
    (
        "VARIATE_ENCRYPTED_FIELDS",
        "event.data, flag.rules ,",
        "encrypted_fields",
        frozenset({"event.data", "flag.rules"}),
    ),
    ("VARIATE_KMS_KEY_ID", "alias/variate", "kms_key_id", "alias/variate"),
    ("VARIATE_ENVIRONMENTS", "test, live ,", "environments", ("test", "live")),
    ("VARIATE_SNAPSHOT_POLL_SECONDS", "0.5", "snapshot_poll_seconds", 0.5),
    ("VARIATE_CHANGE_DELAY_SECONDS", "30", "change_delay_seconds", 30.0),
    ("VARIATE_CHANGE_DELAY_SECONDS", "0", "change_delay_seconds", 0.0),
    ("VARIATE_ACTOR", "deploy-bot", "actor", "deploy-bot"),
]


@pytest.mark.parametrize(("variable", "text", "setting", "value"), READ)
def test_a_variable_is_read(variable: str, text: str, setting: str, value: object) -> None:
    assert getattr(read(**{variable: f" {text}\n"}), setting) == value


def test_every_setting_has_a_variable() -> None:
    assert {setting for _, _, setting, _ in READ} | {"profile", "service"} == {each.name for each in fields(Settings)}


@pytest.mark.parametrize("variable", sorted({variable for variable, *_ in READ} | {"VARIATE_PROFILE"}))
def test_an_empty_variable_is_as_one_that_is_not_set(variable: str) -> None:
    assert read(**{variable: "  "}) == read()


def test_each_profile_is_chosen_by_name() -> None:
    assert read(VARIATE_PROFILE="local").profile is Profile.LOCAL
    assert read(VARIATE_PROFILE="postgres", VARIATE_DATABASE_URL=URL).profile is Profile.POSTGRES
    assert read(VARIATE_PROFILE="aws").profile is Profile.AWS


def test_aws_region_wins_over_the_default_region() -> None:
    assert read(AWS_REGION="eu-west-1", AWS_DEFAULT_REGION="us-east-1").aws_region == "eu-west-1"


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("VARIATE_PROFILE", "laptop"),
        ("VARIATE_DATABASE_URL", "mysql://db/app"),
        ("VARIATE_DATABASE_SSLMODE", "yes"),
        ("VARIATE_DATABASE_POOL_SIZE", "0"),
        ("VARIATE_DATABASE_POOL_SIZE", "2.5"),
        ("VARIATE_DATABASE_POOL_SIZE", "nan"),
        ("VARIATE_DATABASE_POOL_SIZE", "many"),
        ("VARIATE_REDIS_URL", "http://cache"),
        ("VARIATE_REDIS_TLS", "maybe"),
        ("VARIATE_REDIS_TIMEOUT_SECONDS", "0"),
        ("VARIATE_REDIS_TIMEOUT_SECONDS", "-1"),
        ("VARIATE_REDIS_TIMEOUT_SECONDS", "nan"),
        ("VARIATE_REDIS_TIMEOUT_SECONDS", "inf"),
        ("VARIATE_REDIS_TIMEOUT_SECONDS", "soon"),
        ("VARIATE_PARAMETER_MAX_AGE_SECONDS", "0"),
        ("VARIATE_PARAMETER_MAX_AGE_SECONDS", "old"),
        ("VARIATE_DYNAMODB_ENDPOINT", "127.0.0.1:8000"),
        ("VARIATE_AWS_ENDPOINT", "localhost"),
        ("VARIATE_ENCRYPTED_FIELDS", "event.data,event.user_id"),
        ("ENVIRONMENT", "the moon"),
        ("ENVIRONMENT", "x" * 65),
        ("VARIATE_ENVIRONMENTS", "dev,prod/eu"),
        ("VARIATE_SNAPSHOT_POLL_SECONDS", "0"),
        ("VARIATE_SNAPSHOT_POLL_SECONDS", "nan"),
        ("VARIATE_SNAPSHOT_POLL_SECONDS", "often"),
        ("VARIATE_CHANGE_DELAY_SECONDS", "-1"),
        ("VARIATE_CHANGE_DELAY_SECONDS", "nan"),
        ("VARIATE_CHANGE_DELAY_SECONDS", "86401"),
        ("VARIATE_CHANGE_DELAY_SECONDS", "later"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_variable(variable: str, text: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        read(**{variable: text})
    assert str(refusal.value).startswith(f"{variable}: ")


def test_the_postgres_profile_needs_a_url() -> None:
    with pytest.raises(ConfigurationError, match=r"^VARIATE_DATABASE_URL: the postgres profile needs it"):
        read(VARIATE_PROFILE="postgres")


def test_sealed_fields_in_aws_need_a_key() -> None:
    with pytest.raises(ConfigurationError, match=r"^VARIATE_KMS_KEY_ID: the aws profile needs it"):
        read(VARIATE_PROFILE="aws", VARIATE_ENCRYPTED_FIELDS="event.data")
    assert read(
        VARIATE_PROFILE="aws", VARIATE_ENCRYPTED_FIELDS="event.data", VARIATE_KMS_KEY_ID="k"
    ).encrypted_fields == {"event.data"}


def test_every_field_that_can_be_sealed_can_be_named() -> None:
    assert read(VARIATE_ENCRYPTED_FIELDS=",".join(ENCRYPTABLE_FIELDS)).encrypted_fields == ENCRYPTABLE_FIELDS


def test_every_mode_of_libpq_is_taken() -> None:
    assert [read(VARIATE_DATABASE_SSLMODE=mode).database_sslmode for mode in SSL_MODES] == list(SSL_MODES)


def test_settings_made_in_code_obey_the_same_rules() -> None:
    with pytest.raises(ConfigurationError, match="VARIATE_DATABASE_POOL_SIZE"):
        Settings(database_pool_size=0)


def test_the_environment_a_process_is_in_is_one_of_all() -> None:
    assert read(ENVIRONMENT="staging").all_environments == ("dev", "staging", "prod")
    assert read(ENVIRONMENT="live", VARIATE_ENVIRONMENTS="test").all_environments == ("test", "live")


def test_in_aws_an_environment_has_tables_of_its_own_so_it_stands_alone() -> None:
    assert read(VARIATE_PROFILE="aws", ENVIRONMENT="prod").all_environments == ("prod",)
    assert read(VARIATE_PROFILE="aws", ENVIRONMENT="live").all_environments == ("live",)


def test_a_password_is_not_in_the_repr() -> None:
    found = Settings(database_url=URL, redis_url="redis://:s3cret@cache")
    assert "s3cret" not in repr(found)
    assert found.database_url == URL


def test_settings_cannot_be_changed() -> None:
    found: Any = Settings()
    with pytest.raises(FrozenInstanceError):
        found.home = Path("elsewhere")


def test_the_environment_is_read_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VARIATE_HOME", "/from/the/environment")
    assert Settings.from_environment().home == Path("/from/the/environment")


def test_without_an_actor_it_is_who_is_logged_in_or_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "ada")
    assert read().actor == "ada"

    def nobody() -> str:
        raise KeyError("uid 12345 has no name")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert read().actor == "unknown"


def test_a_profile_may_be_given_by_its_name_and_a_folder_as_text() -> None:
    found = Settings(profile="postgres", home="~/trial", database_url=URL)  # type: ignore[arg-type]  # as users write it
    assert found.profile is Profile.POSTGRES
    assert found.home == Path.home() / "trial"


def test_a_profile_that_there_is_not_is_refused_by_name() -> None:
    with pytest.raises(ConfigurationError, match="VARIATE_PROFILE: must be one of local, postgres, aws, not 'prod'"):
        Settings(profile="prod")  # type: ignore[arg-type]  # what is refused
