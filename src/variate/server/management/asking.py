"""What a route's function is given beside its own parameters: the platform, and who asks."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Path, Request

from variate.model.access import Principal
from variate.platform import Platform
from variate.server.management.fronted import KEY
from variate.server.request import Request as AskedRequest


async def _platform(request: Request) -> Platform:
    found: Platform = request.app.state.platform
    return found


async def _principal(request: Request) -> Principal:
    found: Principal = request.state.principal
    return found


async def _asked(request: Request) -> AskedRequest:
    found: AskedRequest = request.scope[KEY]
    return found


async def _actor(request: Request) -> str:
    return (await _principal(request)).actor


Served = Annotated[Platform, Depends(_platform)]
"""The platform."""
Asker = Annotated[Principal, Depends(_principal)]
"""Who asks."""
Actor = Annotated[str, Depends(_actor)]
"""Who the audit log names for a change."""
Asked = Annotated[AskedRequest, Depends(_asked)]
"""The request as the front knows it."""
Id = Annotated[str, Path(description="The id.")]
"""The id of a definition, in the path."""
