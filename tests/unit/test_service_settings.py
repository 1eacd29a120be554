"""The service's settings: each variable is read, each wrong value is refused by the variable's name."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields

import pytest

from variate.errors import ConfigurationError
from variate.model.access import Role
from variate.service_settings import ServiceSettings
from variate.settings import Settings

OIDC = {
    "VARIATE_OIDC_ISSUER": "https://id.example.com",
    "VARIATE_OIDC_CLIENT_ID": "variate",
    "VARIATE_OIDC_CLIENT_SECRET": "s3cret",
}


def read(**variables: str) -> ServiceSettings:
    return Settings.from_environment(variables).service


# Variable, its text, the setting, its value.
READ: list[tuple[str, str, str, object]] = [
    ("VARIATE_HOST", "0.0.0.0", "host", "0.0.0.0"),
    ("VARIATE_PORT", "80", "port", 80),
    ("VARIATE_PORT", "0", "port", 0),
    ("VARIATE_PROCESSES", "4", "processes", 4),
    ("VARIATE_PROCESSES", "0", "processes", 0),
    ("VARIATE_PUBLIC_URL", "https://flags.example.com/", "public_url", "https://flags.example.com"),
    (
        "VARIATE_TRUSTED_PROXIES",
        "10.0.0.0/8, ::1 ,192.0.2.7,",
        "trusted_proxies",
        ("10.0.0.0/8", "::1", "192.0.2.7"),
    ),
    ("VARIATE_CORS_ORIGINS", "*", "cors_origins", ("*",)),
    (
        "VARIATE_CORS_ORIGINS",
        "https://app.example.com, http://localhost:3000",
        "cors_origins",
        ("https://app.example.com", "http://localhost:3000"),
    ),
    ("VARIATE_MAX_BODY_BYTES", "4096", "max_body_bytes", 4_096),
    ("VARIATE_BODY_TIMEOUT_SECONDS", "2.5", "body_timeout_seconds", 2.5),
    ("VARIATE_KEY_REQUESTS_PER_SECOND", "500", "key_requests_per_second", 500.0),
    ("VARIATE_KEY_REQUESTS_PER_SECOND", "0", "key_requests_per_second", 0.0),
    ("VARIATE_ADDRESS_REQUESTS_PER_SECOND", "0.5", "address_requests_per_second", 0.5),
    ("VARIATE_SIGN_INS_PER_MINUTE", "3", "sign_ins_per_minute", 3),
    ("VARIATE_SESSION_HOURS", "0.5", "session_hours", 0.5),
    ("VARIATE_INTAKE_WAITING", "1000", "intake_waiting", 1_000),
    ("VARIATE_SHUTDOWN_SECONDS", "5", "shutdown_seconds", 5.0),
    ("VARIATE_OIDC_ISSUER", "https://id.example.com/", "oidc_issuer", "https://id.example.com/"),
    ("VARIATE_OIDC_ISSUER", "http://localhost:9400", "oidc_issuer", "http://localhost:9400"),
    ("VARIATE_OIDC_ISSUER", "http://[::1]:9400", "oidc_issuer", "http://[::1]:9400"),
    ("VARIATE_OIDC_CLIENT_ID", "web", "oidc_client_id", "web"),
    ("VARIATE_OIDC_CLIENT_SECRET", "other", "oidc_client_secret", "other"),
    ("VARIATE_OIDC_DEFAULT_ROLE", "viewer", "oidc_default_role", Role.VIEWER),
    ("VARIATE_LOG_FORMAT", "text", "log_format", "text"),
    ("VARIATE_LOG_LEVEL", "debug", "log_level", "DEBUG"),
    ("VARIATE_TRACE_SHARE", "0.01", "trace_share", 0.01),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318", "trace_endpoint", "http://collector:4318"),
    ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://collector/v1", "trace_endpoint", "http://collector/v1"),
]


def with_others(variable: str, text: str) -> dict[str, str]:
    """Return the variable with those it needs beside it."""
    return (OIDC if variable in OIDC else {}) | {variable: text}


def test_with_nothing_set_all_is_as_it_is_by_itself() -> None:
    assert read() == ServiceSettings()
    assert (read().host, read().port, read().cors_origins, read().oidc_issuer) == ("127.0.0.1", 8080, (), None)


@pytest.mark.parametrize(("variable", "text", "setting", "value"), READ)
def test_a_variable_is_read(variable: str, text: str, setting: str, value: object) -> None:
    assert getattr(read(**with_others(variable, f" {text}\n")), setting) == value


def test_every_setting_has_a_variable() -> None:
    assert {setting for _, _, setting, _ in READ} == {each.name for each in fields(ServiceSettings)}


@pytest.mark.parametrize("variable", sorted({variable for variable, *_ in READ} - OIDC.keys()))
def test_an_empty_variable_is_as_one_that_is_not_set(variable: str) -> None:
    assert read(**{variable: "  "}) == read()


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("VARIATE_PORT", "65536"),
        ("VARIATE_PORT", "-1"),
        ("VARIATE_PORT", "http"),
        ("VARIATE_PROCESSES", "-1"),
        ("VARIATE_PROCESSES", "257"),
        ("VARIATE_PUBLIC_URL", "flags.example.com"),
        ("VARIATE_TRUSTED_PROXIES", "10.0.0.0/8,proxy"),
        ("VARIATE_TRUSTED_PROXIES", "10.0.0.0/33"),
        ("VARIATE_CORS_ORIGINS", "app.example.com"),
        ("VARIATE_CORS_ORIGINS", "https://app.example.com/"),
        ("VARIATE_CORS_ORIGINS", "https://app.example.com/path"),
        ("VARIATE_CORS_ORIGINS", "null"),
        ("VARIATE_CORS_ORIGINS", "https://*.example.com/x"),
        ("VARIATE_MAX_BODY_BYTES", "1023"),
        ("VARIATE_MAX_BODY_BYTES", "1073741825"),
        ("VARIATE_MAX_BODY_BYTES", "2M"),
        ("VARIATE_BODY_TIMEOUT_SECONDS", "0"),
        ("VARIATE_BODY_TIMEOUT_SECONDS", "nan"),
        ("VARIATE_BODY_TIMEOUT_SECONDS", "inf"),
        ("VARIATE_KEY_REQUESTS_PER_SECOND", "-1"),
        ("VARIATE_KEY_REQUESTS_PER_SECOND", "inf"),
        ("VARIATE_ADDRESS_REQUESTS_PER_SECOND", "nan"),
        ("VARIATE_SIGN_INS_PER_MINUTE", "0"),
        ("VARIATE_SIGN_INS_PER_MINUTE", "1.5"),
        ("VARIATE_SESSION_HOURS", "0"),
        ("VARIATE_SESSION_HOURS", "-1"),
        ("VARIATE_INTAKE_WAITING", "0"),
        ("VARIATE_SHUTDOWN_SECONDS", "0"),
        ("VARIATE_OIDC_ISSUER", "id.example.com"),
        ("VARIATE_OIDC_ISSUER", "http://id.example.com"),
        ("VARIATE_OIDC_ISSUER", "http://localhost.example.com"),
        ("VARIATE_OIDC_ISSUER", "https://"),
        ("VARIATE_OIDC_ISSUER", "https://[::1"),
        ("VARIATE_OIDC_DEFAULT_ROLE", "owner"),
        ("VARIATE_LOG_FORMAT", "xml"),
        ("VARIATE_LOG_LEVEL", "LOUD"),
        ("VARIATE_TRACE_SHARE", "1.1"),
        ("VARIATE_TRACE_SHARE", "nan"),
    ],
)
def test_a_wrong_value_is_refused_by_the_variables_name(variable: str, text: str) -> None:
    with pytest.raises(ConfigurationError, match=f"^{variable}: "):
        read(**with_others(variable, text))


@pytest.mark.parametrize("missing", sorted(OIDC))
def test_the_openid_provider_is_set_whole_or_not_at_all(missing: str) -> None:
    assert read(**OIDC).oidc_issuer == "https://id.example.com"
    with pytest.raises(ConfigurationError, match="goes together"):
        read(**{name: value for name, value in OIDC.items() if name != missing})


def test_the_endpoint_for_traces_goes_before_the_one_for_everything() -> None:
    both = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://all", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://traces"}
    assert read(**both).trace_endpoint == "http://traces"


@pytest.mark.parametrize(
    ("variables", "traces"),
    [
        ({}, False),
        ({"VARIATE_TRACE_SHARE": "0"}, False),
        ({"VARIATE_TRACE_SHARE": "0.1"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://all"}, True),
    ],
)
def test_requests_are_traced_where_a_share_or_an_endpoint_is_set(variables: dict[str, str], *, traces: bool) -> None:
    assert read(**variables).traces is traces


def test_the_clients_secret_is_not_shown() -> None:
    settings = Settings.from_environment(OIDC)
    assert settings.service.oidc_client_secret == "s3cret"
    assert "s3cret" not in repr(settings)


def test_settings_do_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        ServiceSettings().port = 1  # type: ignore[misc] # on purpose
