"""Secrets Manager, remembered, and asked again when a secret proves to be rotated."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from variate.aws.remembered import Remembered
from variate.aws.session import BOTO_ERRORS, code_of, failure
from variate.errors import ConfigurationError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

Secret = Mapping[str, Any]


class SecretSource:
    """The secrets of Secrets Manager that are JSON objects, each believed for ``max_age_seconds``.

    The errors are those of ``ParameterSource``, and ``ConfigurationError`` where there is no such secret or it is
    not a JSON object. No message holds what the secret says.
    """

    def __init__(
        self,
        secrets_manager: Callable[[], SecretsManagerClient],
        *,
        max_age_seconds: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._secrets_manager = secrets_manager
        self._remembered = Remembered(self._ask, max_age_seconds=max_age_seconds, clock=clock)

    def get(self, secret_id: str) -> Secret:
        """Return the secret of this name or ARN."""
        return self._remembered.get(secret_id)

    def newer(self, secret_id: str, *, than: Secret) -> Secret:
        """Return the secret, asked for at once if the known one is ``than``: for when ``than`` was refused."""
        return self._remembered.newer(secret_id, than=than)

    def _ask(self, secret_id: str) -> Secret:
        try:
            answer = self._secrets_manager().get_secret_value(SecretId=secret_id)
        except BOTO_ERRORS as error:
            if code_of(error) == "ResourceNotFoundException":
                raise ConfigurationError(f"Secrets Manager has no secret {secret_id}") from error
            raise failure(f"Secrets Manager does not give {secret_id}", error) from error
        try:
            secret = json.loads(answer.get("SecretString", ""))
        except ValueError:
            secret = None
        if not isinstance(secret, dict):
            # Not raised from the ValueError, which holds the secret.
            raise ConfigurationError(f"the secret {secret_id} is not a JSON object")
        return secret
