"""What the clients' tests share: an AWS to put parameters and secrets into, and the settings that lead there."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.integration.clients.discovered import Discovered
from variate.settings import Profile, Settings


@pytest.fixture
def aws(aws_endpoint: str, environment_name: str) -> Iterator[Discovered]:
    discovered = Discovered(aws_endpoint, environment_name)
    yield discovered
    discovered.session.close()


@pytest.fixture
def aws_settings(aws: Discovered, aws_endpoint: str) -> Callable[..., Settings]:
    """Settings of the ``aws`` profile that find everything in the test's AWS."""

    def settings(**changed: object) -> Settings:
        given = {"profile": Profile.AWS, "aws_endpoint": aws_endpoint, "environment": aws.environment, **changed}
        return Settings(**given)  # type: ignore[arg-type] # the values are checked by Settings itself

    return settings
