"""The builder by itself, as scripts ask for it while somebody types."""

from __future__ import annotations

from starlette.responses import Response

from variate.server.dashboard.conditions.builder import view
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.visit import Visit
from variate.server.management.needs import CHANGES

pages = Pages()


@pages.post("/conditions/builder", needs=CHANGES)
def show_builder(visit: Visit) -> Response:
    """Show what was typed with the fields that fit it, and how many units match."""
    builder = view(visit.form, visit.query("prefix"), None, visit)
    return visit.page("conditions/alone.html.j2", builder=builder, legend="Condition")
