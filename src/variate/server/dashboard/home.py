"""Home: what runs, what changed, and whether all is well."""

from __future__ import annotations

from starlette.responses import Response

from variate.server.dashboard.pages import Pages
from variate.server.dashboard.visit import Visit

pages = Pages()


@pages.get("/")
def home(visit: Visit) -> Response:
    """Show what runs."""
    running = visit.platform.list_active_experiments(limit=20)
    return visit.page("home.html.j2", running=running)
