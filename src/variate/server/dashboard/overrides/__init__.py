"""Variations forced for single units: who forced them, why and until when."""

from __future__ import annotations

from variate.server.dashboard.overrides import adding, listing, removing
from variate.server.dashboard.pages import Pages

pages = Pages([*listing.pages.declared, *adding.pages.declared, *removing.pages.declared])
