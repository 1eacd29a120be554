"""Evaluating by key, flags and experiments alike, without ever making the event loop wait for a store."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from variate.errors import VariateError
from variate.model.decision import Decision, Reason
from variate.platform import Platform

_UNKNOWN = Reason.UNKNOWN  # Python 3.11 takes longer to find a member of an enumeration than this to be compared


class Evaluator:
    """What OFREP calls a flag is a flag of ours or an experiment: flags come first where both have the key."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def now(self, key: str, unit: str, attributes: Mapping[str, Any]) -> Decision | None:
        """Return the decision where it takes no store to make it; None where it may: then ask ``soon``."""
        found = self._platform.evaluate_flag(unit, key, attributes)
        return self._platform.assign(unit, key, attributes) if found.reason is _UNKNOWN else found

    async def soon(self, key: str, unit: str, attributes: Mapping[str, Any]) -> Decision:
        """Return the decision, made in another thread."""
        return await asyncio.to_thread(self._decide, key, unit, attributes)

    def all_now(self, unit: str, attributes: Mapping[str, Any]) -> dict[str, Decision | VariateError] | None:
        """Return the decision of every flag and every active experiment, by key, where it takes no store to make them.

        One that cannot be made is what went wrong with it, and holds up no other. None where a store may be asked: then
        ask ``all_soon``.
        """
        return self._decide_all(unit, attributes)

    async def all_soon(self, unit: str, attributes: Mapping[str, Any]) -> dict[str, Decision | VariateError]:
        """Return the decisions, made in another thread."""
        return await asyncio.to_thread(self._decide_all, unit, attributes)

    async def assign_soon(
        self, experiment_ids: list[str], unit: str, attributes: Mapping[str, Any]
    ) -> dict[str, Decision]:
        """Return the decision of each of these experiments, kept, made in another thread."""
        return await asyncio.to_thread(self._assign, experiment_ids, unit, attributes)

    def assign_now(
        self, experiment_ids: list[str], unit: str, attributes: Mapping[str, Any]
    ) -> dict[str, Decision] | None:
        """Return the decision of each of these experiments, kept; None where a store may be asked first."""
        return self._assign(experiment_ids, unit, attributes)

    def _decide(self, key: str, unit: str, attributes: Mapping[str, Any]) -> Decision:
        found = self._platform.evaluate_flag(unit, key, attributes)
        return self._platform.assign(unit, key, attributes) if found.reason is _UNKNOWN else found

    def _decide_all(self, unit: str, attributes: Mapping[str, Any]) -> dict[str, Decision | VariateError]:
        found: dict[str, Decision | VariateError] = dict(self._platform.evaluate_all_flags(unit, attributes))
        served = self._platform.snapshot_in_force()
        for experiment_id in () if served is None else served.active_experiments:
            if experiment_id not in found:
                try:
                    found[experiment_id] = self._platform.assign(unit, experiment_id, attributes)
                except VariateError as error:
                    found[experiment_id] = error
        return found

    def _assign(self, experiment_ids: list[str], unit: str, attributes: Mapping[str, Any]) -> dict[str, Decision]:
        return {each: self._platform.assign(unit, each, attributes) for each in experiment_ids}
