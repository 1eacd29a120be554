"""People who are signed in at a service, as their browsers send what they do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from html import unescape
from typing import Any

import httpx

from variate.errors import ConflictError
from variate.platform import Platform

PASSWORD = "correct horse battery staple"
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
"""Finds the token that a form has."""
_TAG = re.compile(r"<[^>]*>")

Fields = Mapping[str, str | Sequence[str]]


class Browser:
    """Somebody's browser, without scripts: it follows links and sends forms."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client

    @property
    def token(self) -> str:
        """The token that forms have."""
        found = TOKEN.search(self.client.get("/account").text) or TOKEN.search(self.client.get("/").text)
        assert found is not None
        return found[1]

    def get(self, path: str, **given: Any) -> httpx.Response:
        """Ask for a page."""
        return self.client.get(path, headers={"Accept": "text/html"}, **given)

    def send(self, path: str, fields: Fields | None = None, *, follow: bool = True) -> httpx.Response:
        """Send a form, with the token that its page had."""
        given = {"csrf_token": self.token, **(fields or {})}
        return self.client.post(path, data=given, headers={"Accept": "text/html"}, follow_redirects=follow)


def words(page: httpx.Response) -> str:
    """Return what somebody reads on the page."""
    return " ".join(unescape(_TAG.sub(" ", page.text)).split())


@contextmanager
def signed_in(url: str, platform: Platform, *, role: str = "admin") -> Iterator[Browser]:
    """Sign somebody of this role in."""
    email = f"{role}@example.com"
    with suppress(ConflictError):  # somebody who was signed in before
        platform.add_person(email, role=role, name=role.title(), password=PASSWORD)
    with httpx.Client(base_url=url, timeout=60) as client:
        answer = client.post("/sign-in", data={"email": email, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        yield Browser(client)
