"""What is secret is not told."""

from __future__ import annotations

import json
import time

import pytest

from variate.server.gate import _NOBODY
from variate.server.operations.secrets import hidden

SECRET = "vk_bbQ8aak8E3SiApsv5FysaW8doX_UeLvPvs1zg14DpqA"


@pytest.mark.parametrize(
    "text",
    [
        f"no key {SECRET} is known",
        f"/api/v1/keys/{SECRET}",
        "Authorization: Bearer hunter2-hunter2",
        "authorization=Basic aHVudGVyMi1odW50ZXIy hunter2".replace(" hunter2", ""),
        json.dumps({"authorization": "Bearer hunter2-hunter2"}),
        json.dumps({"body": json.dumps({"password": "hunter2-hunter2", "a": 1})}),
        json.dumps({"x-api-key": "hunter2-hunter2"}),
        "Cookie: session=hunter2-hunter2; theme=dark",
        "?token=hunter2-hunter2&page=2",
        "client_secret='hunter2-hunter2'",
        "postgresql://app:hunter2-hunter2@db.internal/app",
        "cannot reach redis://:hunter2-hunter2@cache:6379/0",
        "{'password': 'hunter2-hunter2'}",
    ],
)
def test_a_secret_is_hidden_wherever_it_stands(text: str) -> None:
    shown = hidden(text)
    assert "[hidden]" in shown
    assert not any(secret in shown for secret in (SECRET, SECRET[9:], "hunter2", "aHVudGVyMi1odW50ZXIy"))


@pytest.mark.parametrize(
    "text",
    [
        "GET /api/v1/experiments 200",
        "the key begins with vk_bbQ8aa",
        "postgresql://db.internal/app is away",
        "session expired",
        _NOBODY,
        '{"time": "2026-01-01T00:00:00Z", "message": "stopped"}',
    ],
)
def test_what_is_none_stays(text: str) -> None:
    assert hidden(text) == text


def test_json_stays_json() -> None:
    line = json.dumps({"message": 'password=abc"def', "token": "abc", "after": {"secret": "x\\y", "n": 1}})
    assert json.loads(hidden(line))["after"]["n"] == 1


@pytest.mark.parametrize(
    "text",
    ["x://" + ":" * 50_000, "://" + "a." * 25_000, "a." * 25_000 + "://", "token:" + "\\" * 50_000 + '"'],
    ids=["colons", "dots after", "dots before", "backslashes"],
)
def test_no_text_takes_long_whoever_chose_it(text: str) -> None:
    began = time.perf_counter()
    assert hidden(text) == text
    assert time.perf_counter() - began < 0.5  # milliseconds; where time grows with the square it is seconds
