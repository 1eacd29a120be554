"""Every page that a link leads to, where all is named by somebody who means ill: it is text there, and well made."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest

from tests.service.dashboard.people import Browser
from tests.service.dashboard.seeding import NASTY, seed
from tests.service.running import Running
from variate.server.dashboard.application import PARTS

_MOST_ALIKE = 8
"""How many pages of one path, ids and queries aside, are looked at."""
_WITHOUT_A_LINK = {
    "/sign-in",
    "/flags/{flag_id}/promote",  # a form asks for it
    "/explain/suggestions",  # scripts ask for these two
    "/experiments/{experiment_id}/results/{report_id}/metrics/{number}",
    "/experiments/{experiment_id}/results/{report_id}/csv",  # these are no pages but files
    "/experiments/{experiment_id}/results/{report_id}/json",
    "/experiments/{experiment_id}/results/{report_id}/html",
}
_ID = re.compile(r"/(?:[0-9a-f]{8}-[0-9a-f-]{27}|button|asleep|buried|sold|buyers|checkout|nobody)(?=/|$)")
_VOID = {"img", "input", "meta", "link", "br", "hr"}


class Read(HTMLParser):
    """What is on a page: its links, its elements with their attributes, its ids and its forms."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self._script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the element."""
        given = dict(attrs)
        self.elements.append((tag, given))
        self._script = tag == "script"
        if tag == "a" and given.get("href"):
            self.links.append(given["href"] or "")

    def handle_endtag(self, tag: str) -> None:
        """Note the end of a script."""
        self._script = False

    def handle_data(self, data: str) -> None:
        """Note what a script says."""
        if self._script and data.strip():
            self.scripts.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of all elements of the tag."""
        return [given for name, given in self.elements if name == tag]


def _faults(read: Read) -> Iterator[str]:
    """Yield what is wrong with a page."""
    for tag, given in read.elements:
        for name in given:
            if name.startswith("on") or name == "style":
                yield f"<{tag}> has {name}"
        for name in ("href", "src", "action", "formaction"):
            value = given.get(name) or ""
            if urlsplit(value).scheme not in ("", "https"):
                yield f"<{tag}> leads to {value}"
        if tag == "img":
            yield "an <img> of somebody"
    if read.scripts or any("src" not in given for given in read.all("script")):
        yield "a script stands in the page"
    if read.all("style"):
        yield "a style stands in the page"
    if len(read.all("h1")) != 1:
        yield f"{len(read.all('h1'))} headings of the page"
    ids = Counter(given["id"] for _, given in read.elements if given.get("id"))
    yield from (f"the id {name} is there {count} times" for name, count in ids.items() if count > 1)
    for given in read.all("label"):
        if given.get("for") is not None and given["for"] not in ids:
            yield f"a label is for {given['for']}, which is not there"
    sending = [given for given in read.all("form") if given.get("method") == "post"]
    tokens = [given for given in read.all("input") if given.get("name") == "csrf_token" and given.get("value")]
    if len(tokens) != len(sending):
        yield f"{len(sending)} forms and {len(tokens)} tokens"


def _kind(path: str) -> str:
    split = urlsplit(path)
    return _ID.sub("/ID", split.path) + "?" + ",".join(sorted(parse_qs(split.query)))


@pytest.fixture(scope="module")
def crawled(service: Running, admin: Browser) -> dict[str, Read]:
    """Every page that is reached from home, by its path."""
    seed(service.platform)
    found: dict[str, Read] = {}
    kinds: Counter[str] = Counter()
    waiting = deque(["/"])
    seen = {"/"}
    while waiting:
        path = waiting.popleft()
        answer = admin.get(path, follow_redirects=True)
        assert answer.status_code == 200, f"{path}: {answer.status_code}"
        if (
            not answer.headers["content-type"].startswith("text/html")
            or "default-src 'none'; script-src" not in (answer.headers["content-security-policy"])
        ):
            continue  # a download
        found[path] = read = Read(answer.text)
        for link in read.links:
            to = urljoin(path, link).partition("#")[0]
            if to.startswith("/") and not to.startswith("/api/") and to not in seen:
                seen.add(to)
                kinds[_kind(to)] += 1
                if kinds[_kind(to)] <= _MOST_ALIKE:
                    waiting.append(to)
    return found


def test_every_page_is_reached_and_well_made(crawled: dict[str, Read]) -> None:
    faults = {path: [*_faults(read)] for path, read in crawled.items()}
    assert {path: found for path, found in faults.items() if found} == {}
    assert len(crawled) > 40


def test_no_page_is_without_a_link_to_it(crawled: dict[str, Read]) -> None:
    asked = [page for part in PARTS for page in part.declared if page.method == "GET" and not page.is_live]
    reached = [urlsplit(path).path for path in crawled]
    missing = {
        page.path
        for page in asked
        if not any(re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", page.path), path) for path in reached)
    }
    assert missing == _WITHOUT_A_LINK


def test_what_people_wrote_is_text(crawled: dict[str, Read], admin: Browser) -> None:
    for path in crawled:
        text = admin.get(path, follow_redirects=True).text
        assert "<img src=x" not in text, path
        assert "&lt;/script&gt;49" not in text, f"{path} reckons what somebody wrote"
    assert sum(NASTY[:9].replace("<", "&lt;") in admin.get(path).text for path in crawled) > 20
