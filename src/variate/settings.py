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
        env = os.environ if environ is None else environ

        def text(name: str) -> str | None:
            return env.get(name, "").strip() or None

        try:
            profile = Profile(text("VARIATE_PROFILE") or "local")
        except ValueError as error:
            raise ConfigurationError("VARIATE_PROFILE: must be local, postgres or aws") from error
        return cls(
            profile=profile,
            home=Path(text("VARIATE_HOME") or ".variate"),
            environment=text("ENVIRONMENT") or "dev",
            database_url=text("VARIATE_DATABASE_URL"),
            database_sslmode=text("VARIATE_DATABASE_SSLMODE") or "require",
            database_sslrootcert=text("VARIATE_DATABASE_SSLROOTCERT"),
            database_pool_size=_whole("VARIATE_DATABASE_POOL_SIZE", text("VARIATE_DATABASE_POOL_SIZE"), 10),
            redis_url=text("VARIATE_REDIS_URL"),
            redis_tls=_truth("VARIATE_REDIS_TLS", text("VARIATE_REDIS_TLS"), default=True),
            redis_timeout_seconds=_number("VARIATE_REDIS_TIMEOUT_SECONDS", text("VARIATE_REDIS_TIMEOUT_SECONDS"), 1.0),
            dynamodb_endpoint=text("VARIATE_DYNAMODB_ENDPOINT"),
            aws_endpoint=text("VARIATE_AWS_ENDPOINT"),
            aws_region=text("AWS_REGION") or text("AWS_DEFAULT_REGION"),
            parameter_max_age_seconds=_number(
                "VARIATE_PARAMETER_MAX_AGE_SECONDS", text("VARIATE_PARAMETER_MAX_AGE_SECONDS"), 300.0
            ),
            encrypted_fields=frozenset(
                name.strip() for name in (text("VARIATE_ENCRYPTED_FIELDS") or "").split(",") if name.strip()
            ),
            kms_key_id=text("VARIATE_KMS_KEY_ID"),
            environments=tuple(
                name.strip() for name in (text("VARIATE_ENVIRONMENTS") or "dev,staging,prod").split(",") if name.strip()
            ),
            snapshot_poll_seconds=_number("VARIATE_SNAPSHOT_POLL_SECONDS", text("VARIATE_SNAPSHOT_POLL_SECONDS"), 2.0),
            change_delay_seconds=_number("VARIATE_CHANGE_DELAY_SECONDS", text("VARIATE_CHANGE_DELAY_SECONDS"), 5.0),
            actor=text("VARIATE_ACTOR") or _login_name(),
        )


def _whole(name: str, value: str | None, default: int) -> int:
    try:
        return default if value is None else int(value)
    except ValueError as error:
        raise ConfigurationError(f"{name}: must be a whole number, not {value!r}") from error


def _number(name: str, value: str | None, default: float) -> float:
    try:
        return default if value is None else float(value)
    except ValueError as error:
        raise ConfigurationError(f"{name}: must be a number, not {value!r}") from error


def _truth(name: str, value: str | None, *, default: bool) -> bool:
    if value is None:
        return default
    truths = {
        "1": True,
        "true": True,
        "yes": True,
        "on": True,
        "0": False,
        "false": False,
        "no": False,
        "off": False,
    }
    try:
        return truths[value.lower()]
    except KeyError as error:
        raise ConfigurationError(f"{name}: must be true or false, not {value!r}") from error


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
