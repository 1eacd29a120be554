"""Somebody who is signed in and looks at pages, over one connection that is kept."""

from __future__ import annotations

import time
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from benchmarks.pages.records import EMAIL, PASSWORD

_PATIENCE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of a look at a page; the milliseconds are from the request's first byte to the answer's last."""

    status: int
    milliseconds: float
    size: int


class Visitor:
    """A browser that loads pages, and nothing that they link to."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_SECONDS)
        self._headers = {"Accept": "text/html"}

    def sign_in(self) -> None:
        """Sign in as the one who administers."""
        form = urlencode({"email": EMAIL, "password": PASSWORD})
        headers = {**self._headers, "Content-Type": "application/x-www-form-urlencoded"}
        self._connection.request("POST", "/sign-in", form, headers)
        answer = self._connection.getresponse()
        answer.read()
        if answer.status != 303:
            raise RuntimeError(f"nobody could sign in: {answer.status}")
        cookies = SimpleCookie(answer.headers["Set-Cookie"])
        self._headers["Cookie"] = "; ".join(f"{each.key}={each.value}" for each in cookies.values())

    def look(self, path: str) -> Seen:
        """Load a page."""
        start = time.perf_counter()
        self._connection.request("GET", path, headers=self._headers)
        answer = self._connection.getresponse()
        size = len(answer.read())
        return Seen(status=answer.status, milliseconds=(time.perf_counter() - start) * 1_000, size=size)

    def watch(self, path: str) -> HTTPResponse:
        """Return the stream at this path, whose events go on coming."""
        self._connection.request("GET", path, headers={**self._headers, "Accept": "text/event-stream"})
        return self._connection.getresponse()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
