"""Where the PostgreSQL server is, and who we are to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from variate.errors import ConfigurationError

if TYPE_CHECKING:
    from variate.aws.parameters import ParameterSource
    from variate.aws.secrets import Secret, SecretSource

Parameters = Mapping[str, str]
"""libpq's connection parameters."""

_OF_SECRET = {"host": "host", "port": "port", "dbname": "dbname", "user": "username", "password": "password"}


class Address(Protocol):
    """Gives the parameters to connect with."""

    def current(self) -> Parameters:
        """Return the parameters as they are known."""

    def newer(self, *, than: Parameters) -> Parameters:
        """Return other parameters, or ``than`` where those are the newest: for when ``than`` was refused."""


class FixedAddress:
    """Parameters that never change."""

    def __init__(self, parameters: Parameters) -> None:
        self._parameters = parameters

    def current(self) -> Parameters:
        """Return the parameters."""
        return self._parameters

    def newer(self, *, than: Parameters) -> Parameters:
        """Return ``than``: there are no others."""
        return than


class SecretAddress:
    """Parameters from the secret that an SSM parameter names, as Secrets Manager's rotation keeps it.

    ``tls`` is added to what the secret says.
    """

    def __init__(
        self, parameter_name: str, *, parameters: ParameterSource, secrets: SecretSource, tls: Parameters
    ) -> None:
        self._parameter_name = parameter_name
        self._parameters = parameters
        self._secrets = secrets
        self._tls = tls

    def current(self) -> Parameters:
        """Return what the secret said when it was last read."""
        secret_id = self._secret_id()
        return self._read(secret_id, self._secrets.get(secret_id))

    def newer(self, *, than: Parameters) -> Parameters:
        """Return what the secret says now, read again unless it is known to say something else than ``than``."""
        secret_id = self._secret_id()
        known = self._secrets.get(secret_id)
        parameters = self._read(secret_id, known)
        if parameters != than:
            return parameters
        return self._read(secret_id, self._secrets.newer(secret_id, than=known))

    def _secret_id(self) -> str:
        remedy = f"set VARIATE_DATABASE_URL, or the SSM parameter {self._parameter_name} to the ARN of its secret"
        try:
            secret_id = self._parameters.get(self._parameter_name)
        except ConfigurationError as error:
            raise ConfigurationError(f"PostgreSQL is not configured: {remedy} ({error})") from error
        if not secret_id:
            raise ConfigurationError(f"PostgreSQL is not configured: {remedy}")
        return secret_id

    def _read(self, secret_id: str, secret: Secret) -> Parameters:
        missing = [key for key in _OF_SECRET.values() if secret.get(key) in {None, ""}]
        if missing:
            raise ConfigurationError(f"the secret {secret_id} lacks {', '.join(missing)}")
        return {name: str(secret[key]) for name, key in _OF_SECRET.items()} | dict(self._tls)
