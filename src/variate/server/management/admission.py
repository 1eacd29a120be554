"""Who is let in to the management API, by the key that a request shows."""

from __future__ import annotations

from dataclasses import dataclass

from variate.model.access import Principal
from variate.server.gate import Gate
from variate.server.management.needs import Needs
from variate.server.request import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Lets requests through to management."""

    gate: Gate

    async def admit(self, request: Request, needs: Needs) -> Principal:
        """Return who asks, if they may what the route needs; raise ``AccessError`` else."""
        principal = await self.gate.admit(request, needs.scope)
        needs.check(principal)
        return principal
