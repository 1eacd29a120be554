"""The data plane's OpenAPI document, put together from one file for each group of paths."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from variate._version import __version__
from variate.server.answer import Answer
from variate.server.front import Route
from variate.server.request import Request


@cache
def document() -> dict[str, Any]:
    """Return the document: what ``documents/*.json`` say of paths, components and tags, side by side."""
    whole: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": "variate: data plane",
            "version": __version__,
            "description": "What applications ask at every request. Definitions are managed at /api/v1.",
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}, {"key": []}],
        "tags": [],
        "paths": {},
        "components": {},
    }
    parts = (each for each in (files(__package__) / "documents").iterdir() if each.name.endswith(".json"))
    for file in sorted(parts, key=lambda each: each.name):
        part = json.loads(file.read_text(encoding="utf-8"))
        whole["tags"] += part.get("tags", [])
        whole["paths"] |= part.get("paths", {})
        for kind, members in part.get("components", {}).items():
            whole["components"].setdefault(kind, {}).update(members)
    return whole


async def _answer(_: Request) -> Answer:
    return Answer(200, _text())


@cache
def _text() -> bytes:
    return json.dumps(document(), ensure_ascii=False, separators=(",", ":")).encode()


OPENAPI = Route(name="openapi", method="GET", path="/v1/openapi.json", handler=_answer, scope=None)
"""Where the document is asked. Everybody may: it tells nothing of anybody's definitions."""
