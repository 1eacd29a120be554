"""The pictures of the dashboard in the documentation: ``python -m tests.service.dashboard.screenshots``.

Each page in both themes, as wide as a desk's screen; with ``--phone FOLDER`` as wide as a phone into another folder,
to be looked at.
"""

from __future__ import annotations

import base64
import struct
import sys
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import click
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from tests.service.dashboard.browsers import chromium_path, started
from tests.service.dashboard.looking import DESK, PHONE
from tests.service.dashboard.people import PASSWORD
from tests.service.dashboard.scene import EMAIL, in_the_scene, play
from tests.service.running import running
from variate.platform import Platform
from variate.settings import Settings

FOLDER = Path(__file__).parents[3] / "docs" / "images" / "dashboard"
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
_GREY_LETTERS = "--disable-lcd-text"
"""Letters without coloured edges: as crisp on any screen, and pictures are smaller by far."""
_RESULTS = "/experiments/one-page-checkout/results"
_EXPLAINED = "/explain?unit=user-21&flag_id=new-checkout&attributes%5B0%5D.name=country&attributes%5B0%5D.value=DE"


def _as_it_is(page: Page) -> None:
    """Take it as it comes."""


def _fill_the_form(page: Page) -> None:
    page.get_by_label("Name", exact=False).first.fill("Bigger pictures")
    page.get_by_label("Owner").fill("ana")
    page.get_by_label("Hypothesis").fill("Who sees a product well needs less time to decide, so more people buy.")
    for number, name in ((1, "control"), (2, "bigger")):
        variation = page.get_by_role("group", name=f"Variation {number}")
        variation.get_by_label("Name").fill(name)
        variation.get_by_label("Weight").fill("50")
    page.get_by_role("group", name="Metric 1").get_by_label("Metric").fill("purchase")
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")


def _plan(page: Page) -> None:
    _fill_the_form(page)
    page.get_by_label("Baseline: what it is today").fill("10")
    page.get_by_label("Smallest effect to tell").fill("15")
    page.get_by_label("Units a day").fill("1100")
    page.get_by_role("button", name="Reckon").click()
    _scroll_to("What it takes", page)


def _whole(page: Page) -> None:
    """Wait for what comes by itself."""
    expect(page.locator("[data-live=coming]")).not_to_have_text("…")


def _scroll_to(heading: str, page: Page) -> None:
    page.get_by_role("heading", name=heading).first.evaluate(
        "it => { document.activeElement.blur(); scrollTo(0, it.getBoundingClientRect().top + scrollY - 24); }"
    )


PAGES: dict[str, tuple[str, Callable[[Page], None]]] = {
    "home": ("/", _as_it_is),
    "experiments": ("/experiments", _as_it_is),
    "form": ("/experiments/new", _fill_the_form),
    "power": ("/experiments/new", _plan),
    "results": (_RESULTS, _whole),
    "charts": (_RESULTS, partial(_scroll_to, "Lifts")),
    "flag": ("/flags/new-checkout", _as_it_is),
    "explain": (_EXPLAINED, partial(_scroll_to, "user-21 gets")),
}
"""What is shown: the name of the picture, the page, and what is done there before."""


_PIXELS = """async (picture) => {
  const image = await createImageBitmap(await (await fetch(picture)).blob());
  const canvas = new OffscreenCanvas(image.width, image.height);
  const drawn = canvas.getContext("2d");
  drawn.drawImage(image, 0, 0);
  const { data, width, height } = drawn.getImageData(0, 0, image.width, image.height);
  const blob = new Blob([data]);
  const text = await new Promise((found) => {
    const reader = new FileReader();
    reader.onload = () => found(reader.result);
    reader.readAsDataURL(blob);
  });
  return [width, height, text.split(",")[1]];
}"""


def packed(context: BrowserContext, picture: bytes) -> bytes:
    """Return the same picture in a fourth less of bytes: Chromium packs quickly, which suits photographs."""
    page = context.new_page()
    address = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
    width, height, text = page.evaluate(_PIXELS, address)
    page.close()
    pixels = bytearray(base64.b64decode(text))
    del pixels[3::4]  # every pixel is opaque
    line = 3 * width
    rows = b"".join(b"\0" + pixels[start : start + line] for start in range(0, len(pixels), line))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )


def take(browser: Browser, url: str, folder: Path, *, size: ViewportSize, is_whole: bool) -> None:
    """Take a picture of every page in both themes."""
    folder.mkdir(parents=True, exist_ok=True)
    for theme in THEMES:
        context = browser.new_context(base_url=url, viewport=size, color_scheme=theme, reduced_motion="reduce")
        page = context.new_page()
        page.goto("/sign-in")
        page.get_by_label("E-mail address").fill(EMAIL)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="Home").wait_for()
        for name, (path, prepare) in PAGES.items():
            page.goto(path)
            prepare(page)
            picture = page.screenshot(full_page=is_whole)
            (folder / f"{name}-{theme}.png").write_bytes(packed(context, picture))
        context.close()


@click.command()
@click.option(
    "--phone", type=click.Path(path_type=Path), help="Into which folder, as wide as a phone and as long as it is."
)
def main(phone: Path | None) -> None:
    """Take the pictures of the dashboard for the documentation."""
    path = chromium_path()
    if path is None:
        sys.exit("there is no Chromium on PATH")
    with TemporaryDirectory() as home, in_the_scene():
        settings = Settings(
            home=Path(home),
            environment="prod",
            environments=("dev", "staging", "prod"),
            change_delay_seconds=0,
            snapshot_poll_seconds=3600,  # what is in force is not to hang on when somebody looked
        )
        with Platform.open(settings) as platform:
            play(platform)
            with running(platform) as served, started(path, _GREY_LETTERS) as browser:
                take(browser, served.url, FOLDER, size=DESK, is_whole=False)
                if phone is not None:
                    take(browser, served.url, phone, size=PHONE, is_whole=True)


if __name__ == "__main__":
    main()
