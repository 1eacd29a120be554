"""What becomes of a test whose engine is not there."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def miss(engine: str, *, remedy: str) -> NoReturn:
    """Skip on a user's machine; fail where ``CI`` is set, so that no engine drops out of the tests unnoticed."""
    reason = f"{engine} is not on this machine: {remedy}"
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
