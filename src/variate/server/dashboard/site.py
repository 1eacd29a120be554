"""What all pages share."""

from __future__ import annotations

from dataclasses import dataclass

from variate.platform import Platform
from variate.server.dashboard.live import Live
from variate.server.dashboard.making import Making
from variate.server.dashboard.shown_reports import ShownReports
from variate.server.gate import Gate
from variate.server.operations.intake_history import IntakeHistory
from variate.service_settings import ServiceSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The platform that pages show, the gate that logs who is refused, what came in lately, what is live,
    reports as they are shown, and those in the making."""

    platform: Platform
    gate: Gate
    intake: IntakeHistory
    live: Live
    reports: ShownReports
    making: Making

    @property
    def settings(self) -> ServiceSettings:
        """The settings of the service."""
        return self.platform.settings.service
