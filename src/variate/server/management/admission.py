"""Who is let in to the management API: by a key at the gate, or by the session of somebody who signed in.

Browsers send a cookie also with what another site has them send. So by a session something is changed only where the
header ``X-CSRF-Token`` is the session's own token: only a page of ours can read that, from ``/auth/me``.
"""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request
from starlette.concurrency import run_in_threadpool

from variate.access.sessions import Session, Sessions
from variate.errors import AccessError
from variate.model.access import Principal
from variate.server.gate import Gate
from variate.server.management.cookies import SESSION
from variate.server.management.needs import Needs
from variate.server.request import Request as Asked
from variate.service_settings import ServiceSettings

CSRF_HEADER = "x-csrf-token"
_SAFE = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Lets requests through to management. A request that shows a key is let in by that alone."""

    gate: Gate
    sessions: Sessions
    settings: ServiceSettings

    async def admit(self, request: Request, asked: Asked, needs: Needs) -> None:
        """Let the request in, if who asks may what the route needs; raise ``AccessError`` else.

        Who it is stands in ``request.state.principal``, and in ``request.state.session`` the session or None.
        """
        token = None
        if not (asked.headers.keys() & {b"authorization", b"x-api-key"}):
            token = SESSION.read(request, self.settings)
        session = None
        if token is None:
            principal = await self.gate.admit(asked, needs.scope)
        else:
            session = await self._signed_in(token, request, asked)
            principal = session.principal
        self._check(principal, needs, asked)
        request.state.principal, request.state.session = principal, session

    async def _signed_in(self, token: str, request: Request, asked: Asked) -> Session:
        try:
            session = await run_in_threadpool(self.sessions.check, token)
            asked.actor = session.principal.actor
            if request.method not in _SAFE:
                session.need_csrf_token(request.headers.get(CSRF_HEADER))
        except AccessError as error:
            self.gate.log(asked, error)
            raise
        return session

    def _check(self, principal: Principal, needs: Needs, asked: Asked) -> None:
        try:
            needs.check(principal)
        except AccessError as error:
            self.gate.log(asked, error)
            raise
