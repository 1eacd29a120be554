"""The dashboard's application: every part, over the platform; what is no page is management's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from variate.clock import utc_now
from variate.platform import Platform
from variate.server.dashboard import assets, audit, events, explain, flags, overrides, sign_in
from variate.server.dashboard.access import account, keys, people
from variate.server.dashboard.conditions import pages as conditions_pages
from variate.server.dashboard.experiments import (
    changing,
    deciding,
    downloads,
    editing,
    life,
    overview,
    past,
    redesigning,
    results,
    results_live,
    units,
)
from variate.server.dashboard.experiments import listing as experiment_list
from variate.server.dashboard.groups import audiences, holdouts, layers, metric_catalog
from variate.server.dashboard.home import pages as home
from variate.server.dashboard.live import Live
from variate.server.dashboard.makers import Makers
from variate.server.dashboard.making import Making
from variate.server.dashboard.pages import refused, routes_of, wants_page
from variate.server.dashboard.shown_reports import ShownReports
from variate.server.dashboard.site import Site
from variate.server.dashboard.visit import Visit
from variate.server.dashboard.warming import Warming
from variate.server.gate import Gate
from variate.server.management.fronted import fronted
from variate.server.operations.intake_history import IntakeHistory
from variate.server.refusal import Refusal
from variate.server.request import Application, Receive, Scope, Send

PARTS = (
    home.pages,
    results_live.pages,
    results.pages,
    downloads.pages,
    flags.pages,
    sign_in.pages,
    editing.pages,  # before the page of one experiment, as which it would be taken for that of "new"
    life.pages,
    deciding.pages,
    changing.pages,
    redesigning.pages,
    past.pages,
    units.pages,
    overview.pages,
    account.pages,
    keys.pages,
    people.pages,
    conditions_pages.pages,
    audiences.pages,
    metric_catalog.pages,
    layers.pages,
    holdouts.pages,
    experiment_list.pages,
    explain.pages,
    overrides.pages,
    audit.pages,
    events.pages,
)

_PROGRAMS = ("/api/", "/v1/", "/ofrep/")
"""Where programs ask: what is not there is said to them as a problem."""


class Dashboard:
    """Answers pages over ``platform``, and hands all else to ``rest``, the management API.

    ``live.close()`` ends the streams of pages, ``making.close()`` gives up the reports in the making.
    """

    def __init__(
        self,
        platform: Platform,
        *,
        gate: Gate,
        intake: IntakeHistory,
        health: Callable[[], dict[str, Any]],
        rest: Application,
    ) -> None:
        self.live = Live()
        reports = ShownReports(platform.get_report)
        makers = Makers(claims=platform.replies, clock=utc_now)
        self.making = Making(platform.report_experiment, makers=makers, made=reports.take, clock=utc_now)
        self._site = Site(
            platform=platform,
            gate=gate,
            intake=intake,
            health=health,
            live=self.live,
            reports=reports,
            making=self.making,
        )
        self._rest = rest
        self._warming = Warming()
        self._routes = [Route(assets.PATH, assets.send_asset), *routes_of(PARTS, self._site)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["path"].startswith(_PROGRAMS):
            await self._rest(scope, receive, send)
            return
        allowed: set[str] = set()
        for route in self._routes:
            match, found = route.matches(scope)
            if match is Match.FULL:
                self._warming.begin()
                scope.update(found)
                await route.handle(scope, receive, send)
                return
            if match is Match.PARTIAL:
                allowed |= route.methods or set()
        request = Request(scope, receive)
        if not allowed and not wants_page(request):
            await self._rest(scope, receive, send)
            return
        response = await self._missing(request, allowed)
        await response(scope, receive, send)

    async def _missing(self, request: Request, allowed: set[str]) -> Response:
        if allowed:
            methods = ", ".join(sorted(allowed))
            refusal = Refusal(405, "method_not_allowed", f"asked by {methods} only", headers={"Allow": methods})
        else:
            refusal = Refusal(404, "not_found", "there is no such page")
        visit = Visit(site=self._site, request=request, asked=fronted(request, self._site.settings))
        return await run_in_threadpool(refused, visit, refusal)
