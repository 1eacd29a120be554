"""What is asked of each service, and what each is to answer."""

from __future__ import annotations

from typing import Any

KEY = "checkout-flow"
SECRET = "vk_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJK"
"""As long as a key of ours is."""
PATH = f"/ofrep/v1/evaluate/flags/{KEY}"
BULK_PATH = "/ofrep/v1/evaluate/flags"
BULK_FLAGS = 100
SALT = b"checkout-flow:salt:"
ATTRIBUTES: dict[str, Any] = {"country": "NL", "plan": "pro", "version": "4.2.1", "age": 41}

VARIATIONS = ({"name": "classic", "value": "classic"}, {"name": "express", "value": "express"})


def answered(variation: str) -> dict[str, Any]:
    """Return what a bare service answers: the same as ours."""
    return {
        "key": KEY,
        "reason": "SPLIT",
        "variant": variation,
        "metadata": {"reason": "split", "flagSetId": "dev", "version": 1},
        "value": variation,
    }
