"""Why a unit gets what it gets, rung by rung, and all that it gets at a glance."""

from __future__ import annotations

from variate.server.dashboard.explain import explanation, suggestions
from variate.server.dashboard.pages import Pages

pages = Pages([*explanation.pages.declared, *suggestions.pages.declared])
