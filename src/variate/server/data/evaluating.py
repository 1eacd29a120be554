"""Evaluating by key, flags and experiments alike, without ever making the event loop wait for a store."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from variate.model.decision import Decision, Reason
from variate.platform import Platform


class Evaluator:
    """What OFREP calls a flag is a flag of ours or an experiment: flags come first where both have the key."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def now(self, key: str, unit: str, attributes: Mapping[str, Any]) -> Decision | None:
        """Return the decision where it takes no store to make it; None where it may: then ask ``soon``."""
        found = self._platform.evaluate_flag(unit, key, attributes)
        return self._platform.assign(unit, key, attributes) if found.reason is Reason.UNKNOWN else found

    async def soon(self, key: str, unit: str, attributes: Mapping[str, Any]) -> Decision:
        """Return the decision, made in another thread."""
        return await asyncio.to_thread(self._decide, key, unit, attributes)

    def _decide(self, key: str, unit: str, attributes: Mapping[str, Any]) -> Decision:
        found = self._platform.evaluate_flag(unit, key, attributes)
        return self._platform.assign(unit, key, attributes) if found.reason is Reason.UNKNOWN else found
