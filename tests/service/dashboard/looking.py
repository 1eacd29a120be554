"""How a page is looked at: by axe, in both themes and as wide as a phone, and with nothing wider than it."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize

PHONE: ViewportSize = {"width": 360, "height": 740}
DESK: ViewportSize = {"width": 1280, "height": 900}

_axe = Axe()
_AT_REST = "Promise.allSettled(document.getAnimations().map(each => each.finished)).then(() => null)"
"""Axe reckons with the colours of a moment; what has just changed is coloured for a second, on another ground."""


def assert_clean(page: Page) -> None:
    """Fail where axe finds something, in either theme, or where the page has to be scrolled sideways on a phone."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.evaluate(_AT_REST)
        found = _axe.run(page).response["violations"]
        told = [
            f"{scheme}: {each['id']}: {each['help']}: {[node['html'][:200] for node in each['nodes'][:3]]}"
            for each in found
        ]
        assert told == [], f"{page.url}: {told}"
    before = page.viewport_size
    page.set_viewport_size(PHONE)
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0, f"{page.url} is {wider} px wider than a phone"
    if before is not None:
        page.set_viewport_size(before)
