"""What the clients have in common: settings read at first use, and AWS to look the rest up in."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from variate.errors import ConfigurationError
from variate.settings import Settings

if TYPE_CHECKING:
    from variate.aws.parameters import ParameterSource
    from variate.aws.secrets import SecretSource
    from variate.aws.session import AwsSession


class ConfiguredClient:
    """A client of one environment. ``settings`` not given are read from the environment once, at the first use."""

    def __init__(self, environment: str | None = None, *, settings: Settings | None = None) -> None:
        self._environment = environment
        self._settings = settings
        # Reentrant, because making one part asks for another.
        self._lock = threading.RLock()
        self._discovery: Discovery | None = None

    @property
    def settings(self) -> Settings:
        """The settings this client goes by."""
        if self._settings is None:
            with self._lock:
                if self._settings is None:
                    self._settings = Settings.from_environment()
        return self._settings

    @property
    def environment(self) -> str:
        """The part of the SSM and table names that tells dev from prod."""
        return self._environment or self.settings.environment

    def _parameter_name(self, path: str) -> str:
        return f"/experimentation/{self.environment}/{path}"

    def _parameter(self, path: str) -> str | None:
        return self._discover().parameters.get(self._parameter_name(path))

    def _discover(self) -> Discovery:
        if self._discovery is None:
            with self._lock:
                if self._discovery is None:
                    self._discovery = Discovery(self.settings)
        return self._discovery


class Discovery:
    """SSM and Secrets Manager, where the settings say they are. Made without asking them anything."""

    session: AwsSession
    parameters: ParameterSource
    secrets: SecretSource

    def __init__(self, settings: Settings) -> None:
        from variate.aws.parameters import ParameterSource
        from variate.aws.secrets import SecretSource
        from variate.aws.session import AwsSession

        session = AwsSession(endpoint=settings.aws_endpoint, region=settings.aws_region)
        max_age = settings.parameter_max_age_seconds
        self._region = settings.aws_region
        self.session = session
        self.parameters = ParameterSource(lambda: session.ssm, max_age_seconds=max_age)
        self.secrets = SecretSource(lambda: session.secrets_manager, max_age_seconds=max_age)

    def session_at(self, endpoint: str | None) -> AwsSession:
        """Return a session for ``endpoint``; for None the one that SSM is asked through."""
        from variate.aws.session import AwsSession

        return self.session if endpoint is None else AwsSession(endpoint=endpoint, region=self._region)

    def has_own_ssm(self) -> bool:
        """Whether SSM is an engine of the user's own, by ``settings`` or by what boto3 reads, rather than Amazon's."""
        from variate.aws.session import is_amazons

        try:
            return not is_amazons(self.session.ssm.meta.endpoint_url)
        except ConfigurationError:
            return False  # there is not even a region to find Amazon's in
