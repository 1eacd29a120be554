"""The settings of ``variate serve``: a frozen part of ``Settings``, which reads the environment."""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from variate.errors import ConfigurationError
from variate.model.access import Role
from variate.variables import Variables


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """What the service listens to, takes and tells. Each field is read from the variable named beside it."""

    host: str = "127.0.0.1"
    """VARIATE_HOST: the address to listen at; ``0.0.0.0`` for every one."""
    port: int = 8080
    """VARIATE_PORT; 0 takes a free one."""
    processes: int = 1
    """VARIATE_PROCESSES: how many processes answer; 0 is one for each core. More than one needs Redis."""
    public_url: str | None = None
    """VARIATE_PUBLIC_URL: where clients reach the service, where that is not where it listens: as behind a proxy."""
    trusted_proxies: tuple[str, ...] = ()
    """VARIATE_TRUSTED_PROXIES: comma-separated addresses or networks whose X-Forwarded-For is believed."""
    cors_origins: tuple[str, ...] = ()
    """VARIATE_CORS_ORIGINS: comma-separated origins whose pages may call the data plane, or ``*``; none by default."""
    max_body_bytes: int = 2_097_152
    """VARIATE_MAX_BODY_BYTES: the most a request's body may have, unpacked."""
    body_timeout_seconds: float = 10.0
    """VARIATE_BODY_TIMEOUT_SECONDS: how long a request's body may take to come."""
    key_requests_per_second: float = 0.0
    """VARIATE_KEY_REQUESTS_PER_SECOND: how many requests of one key a process answers; 0 is any number."""
    address_requests_per_second: float = 0.0
    """VARIATE_ADDRESS_REQUESTS_PER_SECOND: how many requests from one address a process answers; 0 is any number."""
    sign_ins_per_minute: int = 10
    """VARIATE_SIGN_INS_PER_MINUTE: how often a minute somebody may try to sign in from one address; counted over all
    processes. So are attempts for one e-mail address, and refused keys of one address, at ten times as many."""
    session_hours: float = 12.0
    """VARIATE_SESSION_HOURS: how long a session lasts without use."""
    intake_waiting: int = 50_000
    """VARIATE_INTAKE_WAITING: how many events may wait to be written; then senders are asked to come back."""
    shutdown_seconds: float = 30.0
    """VARIATE_SHUTDOWN_SECONDS: how long a process that is told to stop may take to answer what it has begun."""
    oidc_issuer: str | None = None
    """VARIATE_OIDC_ISSUER: the OpenID provider's issuer URL; sign-in by it is off where there is none."""
    oidc_client_id: str | None = None
    """VARIATE_OIDC_CLIENT_ID."""
    oidc_client_secret: str | None = field(default=None, repr=False)
    """VARIATE_OIDC_CLIENT_SECRET."""
    oidc_default_role: Role | None = None
    """VARIATE_OIDC_DEFAULT_ROLE: the role of people who were not added before; where not set, they are refused."""
    log_format: str = "json"
    """VARIATE_LOG_FORMAT: ``json`` or ``text``."""
    log_level: str = "INFO"
    """VARIATE_LOG_LEVEL: DEBUG, INFO, WARNING or ERROR."""
    trace_share: float = 0.0
    """VARIATE_TRACE_SHARE: the share of requests to trace, 0 to 1, beside those whose caller traces; OTEL_EXPORTER_*
    say where to."""
    trace_endpoint: str | None = None
    """OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or OTEL_EXPORTER_OTLP_ENDPOINT, which OpenTelemetry's SDK reads itself: where
    one is set, requests whose caller traces are traced although VARIATE_TRACE_SHARE is 0."""

    def __post_init__(self) -> None:
        self._check_numbers()
        self._check_addresses()
        oidc = (self.oidc_issuer, self.oidc_client_id, self.oidc_client_secret)
        if any(oidc) and not all(oidc):
            raise ConfigurationError(
                "VARIATE_OIDC_ISSUER: goes together with VARIATE_OIDC_CLIENT_ID and VARIATE_OIDC_CLIENT_SECRET"
            )
        if self.log_format not in ("json", "text"):
            raise ConfigurationError("VARIATE_LOG_FORMAT: must be json or text")
        if self.log_level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
            raise ConfigurationError("VARIATE_LOG_LEVEL: must be DEBUG, INFO, WARNING or ERROR")

    def _check_numbers(self) -> None:
        if not 0 <= self.port <= 65_535:
            raise ConfigurationError("VARIATE_PORT: must be from 0 to 65535")
        if not 0 <= self.processes <= 256:
            raise ConfigurationError("VARIATE_PROCESSES: must be from 0 to 256")
        if not 1_024 <= self.max_body_bytes <= 2**30:
            raise ConfigurationError("VARIATE_MAX_BODY_BYTES: must be from 1024 to 1073741824")
        if not 0 <= self.trace_share <= 1:
            raise ConfigurationError("VARIATE_TRACE_SHARE: must be from 0 to 1")
        if self.intake_waiting < 1:
            raise ConfigurationError("VARIATE_INTAKE_WAITING: must be at least 1")
        if self.sign_ins_per_minute < 1:
            raise ConfigurationError("VARIATE_SIGN_INS_PER_MINUTE: must be at least 1")
        for name, number in (
            ("VARIATE_BODY_TIMEOUT_SECONDS", self.body_timeout_seconds),
            ("VARIATE_SESSION_HOURS", self.session_hours),
            ("VARIATE_SHUTDOWN_SECONDS", self.shutdown_seconds),
        ):
            if not 0 < number < math.inf:  # false for NaN
                raise ConfigurationError(f"{name}: must be above 0 and finite")
        for name, number in (
            ("VARIATE_KEY_REQUESTS_PER_SECOND", self.key_requests_per_second),
            ("VARIATE_ADDRESS_REQUESTS_PER_SECOND", self.address_requests_per_second),
        ):
            if not 0 <= number < math.inf:
                raise ConfigurationError(f"{name}: must be 0 or above, and finite")

    def _check_addresses(self) -> None:
        for network in self.trusted_proxies:
            try:
                ipaddress.ip_network(network, strict=False)
            except ValueError as error:
                message = f"VARIATE_TRUSTED_PROXIES: {network!r} is neither an address nor a network"
                raise ConfigurationError(message) from error
        for origin in self.cors_origins:
            if origin != "*" and not _is_origin(origin):
                raise ConfigurationError(
                    f"VARIATE_CORS_ORIGINS: {origin!r} is no origin, as https://app.example.com is"
                )
        if self.public_url is not None and not self.public_url.startswith(("http://", "https://")):
            raise ConfigurationError("VARIATE_PUBLIC_URL: must start with http:// or https://")
        if self.oidc_issuer is not None and not _is_safe(self.oidc_issuer):
            raise ConfigurationError(
                "VARIATE_OIDC_ISSUER: must start with https://, or with http:// for a provider on this machine"
            )

    @property
    def traces(self) -> bool:
        """Whether any request is traced."""
        return self.trace_share > 0 or self.trace_endpoint is not None

    @classmethod
    def read(cls, variables: Variables) -> ServiceSettings:
        """Read every setting; raise ``ConfigurationError`` naming the variable that is wrong."""
        unset = cls()
        role = variables.text("VARIATE_OIDC_DEFAULT_ROLE")
        if role is not None and role not in list(Role):
            raise ConfigurationError(f"VARIATE_OIDC_DEFAULT_ROLE: must be one of {', '.join(Role)}, not {role!r}")
        public_url = variables.text("VARIATE_PUBLIC_URL")
        return cls(
            host=variables.text("VARIATE_HOST") or unset.host,
            port=variables.whole("VARIATE_PORT", unset.port),
            processes=variables.whole("VARIATE_PROCESSES", unset.processes),
            public_url=None if public_url is None else public_url.rstrip("/"),
            trusted_proxies=variables.listed("VARIATE_TRUSTED_PROXIES"),
            cors_origins=variables.listed("VARIATE_CORS_ORIGINS"),
            max_body_bytes=variables.whole("VARIATE_MAX_BODY_BYTES", unset.max_body_bytes),
            body_timeout_seconds=variables.number("VARIATE_BODY_TIMEOUT_SECONDS", unset.body_timeout_seconds),
            key_requests_per_second=variables.number("VARIATE_KEY_REQUESTS_PER_SECOND", unset.key_requests_per_second),
            address_requests_per_second=variables.number(
                "VARIATE_ADDRESS_REQUESTS_PER_SECOND", unset.address_requests_per_second
            ),
            sign_ins_per_minute=variables.whole("VARIATE_SIGN_INS_PER_MINUTE", unset.sign_ins_per_minute),
            session_hours=variables.number("VARIATE_SESSION_HOURS", unset.session_hours),
            intake_waiting=variables.whole("VARIATE_INTAKE_WAITING", unset.intake_waiting),
            shutdown_seconds=variables.number("VARIATE_SHUTDOWN_SECONDS", unset.shutdown_seconds),
            oidc_issuer=variables.text("VARIATE_OIDC_ISSUER"),
            oidc_client_id=variables.text("VARIATE_OIDC_CLIENT_ID"),
            oidc_client_secret=variables.text("VARIATE_OIDC_CLIENT_SECRET"),
            oidc_default_role=None if role is None else Role(role),
            log_format=variables.text("VARIATE_LOG_FORMAT") or unset.log_format,
            log_level=(variables.text("VARIATE_LOG_LEVEL") or unset.log_level).upper(),
            trace_share=variables.number("VARIATE_TRACE_SHARE", unset.trace_share),
            trace_endpoint=variables.text("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
            or variables.text("OTEL_EXPORTER_OTLP_ENDPOINT"),
        )


def _is_safe(url: str) -> bool:
    """Whether nobody on the way can change what is said at this URL."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(parts.hostname)
    return parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")


def _is_origin(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in ("http", "https") and bool(parts.netloc) and text == f"{parts.scheme}://{parts.netloc}"
