"""Flags: what is switched on for whom and where, and how that is changed."""

from __future__ import annotations

from variate.server.dashboard.flags import definition, history, listing, overview, promoting, rules, switching
from variate.server.dashboard.pages import Pages

pages = Pages(
    [
        page
        for part in (definition, listing, overview, rules, promoting, switching, history)
        for page in part.pages.declared
    ]
)
