"""The service of one process, put together: the front over a platform, with management behind it."""

from __future__ import annotations

from collections import defaultdict

from variate.access.keyring import Keyring
from variate.platform import Platform
from variate.server.data.evaluating import Evaluator
from variate.server.data.events import Events
from variate.server.data.flag_evaluations import Evaluations
from variate.server.data.ofrep import Single
from variate.server.data.otlp import Logs
from variate.server.data.taking import Taking
from variate.server.front import Front, Route
from variate.server.gate import Gate
from variate.server.management.application import management


class Service:
    """An ASGI application, ``application``, over ``platform``. It closes neither the platform nor the keyring."""

    def __init__(self, platform: Platform, *, keyring: Keyring) -> None:
        settings = platform.settings
        gate = Gate(keyring=keyring, environment=settings.environment)
        evaluator = Evaluator(platform)
        self.events: dict[str, int] = defaultdict(int)
        """How many events had each verdict, and how many log records were ``ignored``."""
        taking = Taking(platform.submit_events, self.events)
        evaluations = Evaluations(
            variations_of=platform.running_variations,
            elsewhere=frozenset(settings.all_environments) - {settings.environment},
        )
        self.routes: list[Route] = [
            Single(evaluator).route,
            Events(taking).route,
            Logs(taking, evaluations).route,
        ]
        """The data plane's."""
        self.application = Front(
            routes=self.routes, rest=management(platform, gate=gate), gate=gate, settings=settings.service
        )
