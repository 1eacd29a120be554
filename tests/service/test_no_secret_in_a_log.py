"""Secrets sent everywhere, and then looked for in everything that was logged."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from tests.service.asking import http
from tests.service.raw import answered
from tests.service.running import Running
from variate.server.operations.logs import AsJson, AsText

KEY = "vk_bbQ8aak8E3SiApsv5FysaW8doX_UeLvPvs1zg14DpqA"
PASSWORD = "correct-horse-battery"
COOKIE = "c00kie-of-a-session"


@pytest.fixture(params=[AsJson, AsText])
def logged(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """Everything that is logged meanwhile, at every level, as the service writes it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(request.param())
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.setLevel(before)
    root.removeHandler(handler)


def test_no_secret_is_logged_wherever_it_is_sent(service: Running, logged: io.StringIO) -> None:
    body = {"email": "ada@example.com", "password": PASSWORD, "secret": KEY}
    headers = {"Authorization": f"Bearer {KEY}", "Cookie": f"variate_session={COOKIE}; session={COOKIE}"}
    for path in (
        "/api/v1/keys",
        f"/api/v1/keys/{KEY}",
        "/ofrep/v1/evaluate/flags/x",
        f"/ofrep/v1/evaluate/flags/{KEY}",
    ):
        for method in ("GET", "POST"):
            http.request(method, service.url + path, params={"token": KEY, "password": PASSWORD}, json=body)
            http.request(method, service.url + path, json=body, headers=headers)
            http.request(method, service.url + path, json=body, headers={"X-API-Key": KEY})
            http.request(method, service.url + path, json=body, headers={**headers, "X-API-Key": KEY})
    answered(service.url, f"GET /../{KEY} HTTP/1.1", f"Authorization: Bearer {KEY}")
    answered(service.url, "GET / HTTP/1.1", f"X-Request-Id: {KEY}", f"Authorization: Basic {KEY}")
    answered(service.url, f"POST / {KEY} HTTP/1.1", f"Authorization: Bearer {KEY}")
    answered(
        service.url,
        "POST /api/v1/keys HTTP/1.1",
        "Content-Type: application/json",
        body=b'{"password": "' + PASSWORD.encode(),
    )
    text = logged.getvalue()
    assert "variate.access" in text  # what was refused is there
    for secret in (KEY, KEY[9:], PASSWORD, COOKIE):
        assert secret not in text
