"""The service of one process, put together: the front over a platform, with management behind it."""

from __future__ import annotations

from variate.access.keyring import Keyring
from variate.platform import Platform
from variate.server.data.evaluating import Evaluator
from variate.server.data.evaluations import Evaluations
from variate.server.data.ofrep import Single
from variate.server.front import Front, Route
from variate.server.gate import Gate
from variate.server.management.application import management


class Service:
    """An ASGI application, ``application``, over ``platform``. It closes neither the platform nor the keyring."""

    def __init__(self, platform: Platform, *, keyring: Keyring) -> None:
        settings = platform.settings
        gate = Gate(keyring=keyring, environment=settings.environment)
        evaluator = Evaluator(platform)
        evaluations = Evaluations(platform)
        routes: list[Route] = [Single(evaluator, evaluations).route]
        self.application = Front(
            routes=routes, rest=management(platform, gate=gate), gate=gate, settings=settings.service
        )
