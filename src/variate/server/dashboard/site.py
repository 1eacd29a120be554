"""What all pages share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from variate.platform import Platform
from variate.server.dashboard.conditions.sample import Samples
from variate.server.dashboard.live import Live
from variate.server.dashboard.making import Making
from variate.server.dashboard.shown_reports import ShownReports
from variate.server.gate import Gate
from variate.server.operations.intake_history import IntakeHistory
from variate.service_settings import ServiceSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The platform that pages show, the gate that logs who is refused, what came in lately, and what is live.

    ``reports`` are stored ones as they are shown; ``samples`` has the units that conditions are counted on.
    """

    platform: Platform
    gate: Gate
    intake: IntakeHistory
    health: Callable[[], dict[str, Any]]
    """What ``/readyz`` tells of this process, from memory."""
    live: Live
    reports: ShownReports
    making: Making
    samples: Samples = field(default_factory=Samples)

    @property
    def settings(self) -> ServiceSettings:
        """The settings of the service."""
        return self.platform.settings.service
