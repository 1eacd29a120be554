"""The same by plain FastAPI, as its documentation has one write it."""

from __future__ import annotations

from typing import Any

import mmh3
from fastapi import FastAPI
from pydantic import BaseModel

from benchmarks.served.workload import SALT, VARIATIONS, answered

_NAMES = [each["name"] for each in VARIATIONS]


class Asked(BaseModel):
    """The body."""

    context: dict[str, Any]


def framework() -> FastAPI:
    """Return the application."""
    application = FastAPI()

    @application.post("/ofrep/v1/evaluate/flags/{key}")
    async def evaluate(key: str, asked: Asked) -> dict[str, Any]:  # noqa: ARG001 - FastAPI hands it over
        place = mmh3.hash(SALT + asked.context["targetingKey"].encode(), signed=False) * 2 >> 32
        return answered(_NAMES[place])

    return application
