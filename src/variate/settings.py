"""Settings: the only reader of the environment. A frozen value."""

from __future__ import annotations

import getpass
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from variate.errors import ConfigurationError, InvalidInputError
from variate.model.snapshot import check_environment
from variate.service_settings import ServiceSettings
from variate.variables import Variables


class Profile(StrEnum):
    """Which stores stand behind the ports."""

    LOCAL = "local"
    POSTGRES = "postgres"
    AWS = "aws"


ENCRYPTABLE_FIELDS = frozenset(
    {"event.data", "experiment.description", "variation.value", "flag.rules", "override.reason"}
)


_LONGEST_DELAY = 86_400.0

SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a ``Platform`` is made from. ``Settings.from_environment()`` reads each from the variable beside it.

    The URLs, which may hold a password, are left out of its ``repr``.
    """

    profile: Profile = Profile.LOCAL
    """VARIATE_PROFILE: ``local`` (one SQLite file), ``postgres`` or ``aws``."""
    home: Path = field(default_factory=lambda: Path(".variate"))
    """VARIATE_HOME: the folder of the local profile's files."""
    environment: str = "dev"
    """ENVIRONMENT: the part of the SSM and table names that tells dev from prod."""
    database_url: str | None = field(default=None, repr=False)
    """VARIATE_DATABASE_URL: a ``postgresql://`` URL; in ``aws`` it replaces SSM and Secrets Manager."""
    database_sslmode: str = "require"
    """VARIATE_DATABASE_SSLMODE: libpq's sslmode for a server found through Secrets Manager."""
    database_sslrootcert: str | None = None
    """VARIATE_DATABASE_SSLROOTCERT: the certificate bundle for ``verify-full``."""
    database_pool_size: int = 10
    """VARIATE_DATABASE_POOL_SIZE: most connections one process holds."""
    redis_url: str | None = field(default=None, repr=False)
    """VARIATE_REDIS_URL: a ``redis://`` or ``rediss://`` URL; in ``aws`` it replaces SSM."""
    redis_tls: bool = True
    """VARIATE_REDIS_TLS: whether an endpoint found through SSM is spoken to in TLS."""
    redis_timeout_seconds: float = 1.0
    """VARIATE_REDIS_TIMEOUT_SECONDS: how long one Redis call may take before the source is asked instead."""
    dynamodb_endpoint: str | None = None
    """VARIATE_DYNAMODB_ENDPOINT: a local engine's URL; table names then follow the convention, without SSM."""
    aws_endpoint: str | None = None
    """VARIATE_AWS_ENDPOINT: a local engine's URL for SSM, Secrets Manager and KMS (and DynamoDB, if not set apart)."""
    aws_region: str | None = None
    """AWS_REGION or AWS_DEFAULT_REGION; None leaves it to boto3."""
    parameter_max_age_seconds: float = 300.0
    """VARIATE_PARAMETER_MAX_AGE_SECONDS: how long an SSM answer, "not found" included, is believed."""
    encrypted_fields: frozenset[str] = frozenset()
    """VARIATE_ENCRYPTED_FIELDS: a comma-separated choice of event.data, experiment.description, variation.value,
    flag.rules, override.reason."""
    kms_key_id: str | None = None
    """VARIATE_KMS_KEY_ID: the KMS key that seals data keys in ``aws``; elsewhere a key file in ``home`` does."""
    environments: tuple[str, ...] = ("dev", "staging", "prod")
    """VARIATE_ENVIRONMENTS: the comma-separated names of every environment a flag may differ in; ENVIRONMENT is one."""
    snapshot_poll_seconds: float = 2.0
    """VARIATE_SNAPSHOT_POLL_SECONDS: how often a process looks for a snapshot it was not told of."""
    change_delay_seconds: float = 5.0
    """VARIATE_CHANGE_DELAY_SECONDS: after how long a change of weights, traffic or audience of a started experiment is
    in force; longer than every process takes to hear of it."""
    actor: str = "unknown"
    """VARIATE_ACTOR, else the login name: who the audit log names when a call does not say."""

    service: ServiceSettings = field(default_factory=ServiceSettings)
    """What ``variate serve`` goes by."""

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "profile", Profile(self.profile))
        except ValueError as error:
            names = ", ".join(Profile)
            raise ConfigurationError(f"VARIATE_PROFILE: must be one of {names}, not {self.profile!r}") from error
        object.__setattr__(self, "home", Path(self.home).expanduser())
        self._check_engines()
        self._check_numbers()
        self._check_environments()

    def _check_engines(self) -> None:
        unknown = self.encrypted_fields - ENCRYPTABLE_FIELDS
        if unknown:
            names = ", ".join(sorted(ENCRYPTABLE_FIELDS))
            raise ConfigurationError(f"VARIATE_ENCRYPTED_FIELDS: {sorted(unknown)[0]!r} is not one of {names}")
        if self.profile is Profile.POSTGRES and not self.database_url:
            raise ConfigurationError(
                "VARIATE_DATABASE_URL: the postgres profile needs it, for example postgresql:///app"
            )
        if self.profile is Profile.AWS and self.encrypted_fields and not self.kms_key_id:
            raise ConfigurationError(
                "VARIATE_KMS_KEY_ID: the aws profile needs it where VARIATE_ENCRYPTED_FIELDS is set"
            )
        if self.database_url is not None and not self.database_url.startswith(("postgresql://", "postgres://")):
            raise ConfigurationError("VARIATE_DATABASE_URL: must start with postgresql://")
        if self.redis_url is not None and not self.redis_url.startswith(("redis://", "rediss://", "unix://")):
            raise ConfigurationError("VARIATE_REDIS_URL: must start with redis://, rediss:// or unix://")
        for name, url in (
            ("VARIATE_DYNAMODB_ENDPOINT", self.dynamodb_endpoint),
            ("VARIATE_AWS_ENDPOINT", self.aws_endpoint),
        ):
            if url is not None and not url.startswith(("http://", "https://")):
                raise ConfigurationError(f"{name}: must start with http:// or https://")
        if self.database_sslmode not in SSL_MODES:
            raise ConfigurationError(f"VARIATE_DATABASE_SSLMODE: must be one of {', '.join(SSL_MODES)}")

    def _check_numbers(self) -> None:
        if self.database_pool_size < 1:
            raise ConfigurationError("VARIATE_DATABASE_POOL_SIZE: must be at least 1")
        for name, seconds in (
            ("VARIATE_REDIS_TIMEOUT_SECONDS", self.redis_timeout_seconds),
            ("VARIATE_PARAMETER_MAX_AGE_SECONDS", self.parameter_max_age_seconds),
            ("VARIATE_SNAPSHOT_POLL_SECONDS", self.snapshot_poll_seconds),
        ):
            if not 0 < seconds < math.inf:  # false for NaN
                raise ConfigurationError(f"{name}: must be above 0 and finite")
        if not 0 <= self.change_delay_seconds <= _LONGEST_DELAY:
            raise ConfigurationError(f"VARIATE_CHANGE_DELAY_SECONDS: must be from 0 to {_LONGEST_DELAY:g}")

    @property
    def all_environments(self) -> tuple[str, ...]:
        """Every environment there is; in ``aws`` each has its own tables, so there it is this one alone."""
        if self.profile is Profile.AWS or self.environment in self.environments:
            return (self.environment,) if self.profile is Profile.AWS else self.environments
        return (*self.environments, self.environment)

    def _check_environments(self) -> None:
        for name, variable in (
            (self.environment, "ENVIRONMENT"),
            *((each, "VARIATE_ENVIRONMENTS") for each in self.environments),
        ):
            try:
                check_environment(variable, name)
            except InvalidInputError as error:
                raise ConfigurationError(str(error)) from error

    @property
    def sqlite_path(self) -> Path:
        """The local profile's one file; absolute, so that it stays the same when the process changes its folder."""
        return self.home.absolute() / "variate.db"

    @property
    def key_file(self) -> Path:
        """The local key that seals data keys where KMS does not."""
        return self.home.absolute() / "field-key"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read every setting; raise ``ConfigurationError`` naming the variable that is wrong."""
        read = Variables(os.environ if environ is None else environ)
        try:
            profile = Profile(read.text("VARIATE_PROFILE") or "local")
        except ValueError as error:
            raise ConfigurationError("VARIATE_PROFILE: must be local, postgres or aws") from error
        return cls(
            profile=profile,
            home=Path(read.text("VARIATE_HOME") or ".variate"),
            environment=read.text("ENVIRONMENT") or "dev",
            database_url=read.text("VARIATE_DATABASE_URL"),
            database_sslmode=read.text("VARIATE_DATABASE_SSLMODE") or "require",
            database_sslrootcert=read.text("VARIATE_DATABASE_SSLROOTCERT"),
            database_pool_size=read.whole("VARIATE_DATABASE_POOL_SIZE", 10),
            redis_url=read.text("VARIATE_REDIS_URL"),
            redis_tls=read.truth("VARIATE_REDIS_TLS", default=True),
            redis_timeout_seconds=read.number("VARIATE_REDIS_TIMEOUT_SECONDS", 1.0),
            dynamodb_endpoint=read.text("VARIATE_DYNAMODB_ENDPOINT"),
            aws_endpoint=read.text("VARIATE_AWS_ENDPOINT"),
            aws_region=read.text("AWS_REGION") or read.text("AWS_DEFAULT_REGION"),
            parameter_max_age_seconds=read.number("VARIATE_PARAMETER_MAX_AGE_SECONDS", 300.0),
            encrypted_fields=frozenset(read.listed("VARIATE_ENCRYPTED_FIELDS")),
            kms_key_id=read.text("VARIATE_KMS_KEY_ID"),
            environments=read.listed("VARIATE_ENVIRONMENTS", "dev,staging,prod"),
            snapshot_poll_seconds=read.number("VARIATE_SNAPSHOT_POLL_SECONDS", 2.0),
            change_delay_seconds=read.number("VARIATE_CHANGE_DELAY_SECONDS", 5.0),
            actor=read.text("VARIATE_ACTOR") or _login_name(),
            service=ServiceSettings.read(read),
        )


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
