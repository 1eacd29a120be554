"""The system's Chromium."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]


def chromium_path() -> str | None:
    """Return where it is; None where there is none on PATH."""
    return next(filter(None, map(shutil.which, _NAMES)), None)


@contextmanager
def started(path: str, *options: str) -> Iterator[Browser]:
    """Have it run, without a window, until the block ends."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*_OPTIONS, *options])
        yield browser
        browser.close()
