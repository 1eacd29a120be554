"""Evaluating by key, flags and experiments alike, without ever making the event loop wait for a store."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from variate.errors import VariateError
from variate.model.decision import Decision, Reason
from variate.patience import WouldWaitError, at_once, within
from variate.platform import Platform

T = TypeVar("T")

DEADLINE_SECONDS = 1.0
"""How long an evaluation may wait for the ledger or for a change of this process, in all."""
THREADS = 8
"""How many evaluations wait at once; the others wait for their turn, no longer than for a store."""

logger = logging.getLogger("variate.server")

_UNKNOWN = Reason.UNKNOWN  # Python 3.11 takes longer to find a member of an enumeration than this to be compared


class Evaluator:
    """What OFREP calls a flag is a flag of ours or an experiment: flags come first where both have the key.

    It is for one event loop, whose thread alone asks. Most evaluations take no store, and ``now`` or ``all_now`` makes
    them. Some have to ask the ledger or to wait for what this process changed: for those they return None, and ``soon``
    or ``all_soon`` makes them in another thread. Where that takes longer than a second they are made as if every store
    were away: of the last snapshot, by the draw. Raise ``StoreUnavailableError`` where no snapshot was ever loaded, and
    ``InvalidInputError`` for what is no key, no unit or no attributes.
    """

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._at_once = at_once()
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="variate-evaluate")
        self._last = ThreadPoolExecutor(1, thread_name_prefix="variate-evaluate-last")
        """For what waits for nothing any more, and so always gets its turn."""
        self._compiled: str | None = None
        """The digest of the snapshot of which every definition is compiled, if any."""

    def now(self, key: str, unit: str, attributes: Mapping[str, Any]) -> Decision | None:
        """Return the decision where it takes no store to make it; None where it may: then ask ``soon``."""
        try:
            return self._at_once.run(self._decide, key, unit, attributes)
        except WouldWaitError:
            return None

    async def soon(self, key: str, unit: str, attributes: Mapping[str, Any]) -> Decision:
        """Return the decision within a second."""
        return await self._soon(lambda: self._decide(key, unit, attributes))

    def all_now(self, unit: str, attributes: Mapping[str, Any]) -> Mapping[str, Decision | VariateError] | None:
        """Return the decision of every flag and every active experiment, by key, where it takes no store to make them.

        One that cannot be made is what went wrong with it, and holds up no other. None where a store may be asked, or
        definitions are still to be compiled, which takes as long: then ask ``all_soon``.
        """
        if self._compiled is None or self._digest != self._compiled:
            return None
        try:
            return self._at_once.run(self._decide_all, unit, attributes)
        except WouldWaitError:
            return None

    async def all_soon(self, unit: str, attributes: Mapping[str, Any]) -> Mapping[str, Decision | VariateError]:
        """Return the decision of every flag and every active experiment, by key, within a second."""
        return await self._soon(lambda: self._compile_and_decide_all(unit, attributes))

    def assign_now(
        self, experiment_ids: Sequence[str], unit: str, attributes: Mapping[str, Any]
    ) -> dict[str, Decision] | None:
        """Return the decision of each of these experiments, kept; None where a store may be asked first."""
        try:
            return self._at_once.run(self._assign, experiment_ids, unit, attributes)
        except WouldWaitError:
            return None

    async def assign_soon(
        self, experiment_ids: Sequence[str], unit: str, attributes: Mapping[str, Any]
    ) -> dict[str, Decision]:
        """Return the decision of each of these experiments, kept, within a second."""
        return await self._soon(lambda: self._assign(experiment_ids, unit, attributes))

    async def prepare(self) -> None:
        """Load the snapshot in force, so that no request waits for it. Raises nothing: the next request tries again."""
        try:
            await asyncio.get_running_loop().run_in_executor(self._pool, self._platform.serving_status)
        except VariateError as error:
            logger.warning("no snapshot could be loaded yet, evaluation answers 503 until one is: %s", error)

    def close(self) -> None:
        """Take no more questions. Those that wait for a store are not waited for."""
        for each in (self._pool, self._last):
            each.shutdown(wait=False, cancel_futures=True)

    async def _soon(self, decide: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + DEADLINE_SECONDS

        def decided() -> T:
            with within(deadline - loop.time()):  # some of it was spent waiting for a thread
                return decide()

        try:
            async with asyncio.timeout_at(deadline):
                return await loop.run_in_executor(self._pool, decided)
        except TimeoutError:
            return await loop.run_in_executor(self._last, decided)

    def _decide(self, key: str, unit: str, attributes: Mapping[str, Any]) -> Decision:
        found = self._platform.evaluate_flag(unit, key, attributes)
        return self._platform.assign(unit, key, attributes) if found.reason is _UNKNOWN else found

    def _decide_all(self, unit: str, attributes: Mapping[str, Any]) -> Mapping[str, Decision | VariateError]:
        found = self._platform.evaluate_all_flags(unit, attributes)
        served = self._platform.snapshot_in_force()
        experiments = [] if served is None else [each for each in served.active_experiments if each not in found]
        return {**found, **self._platform.assign_each(unit, experiments, attributes)} if experiments else found

    def _compile_and_decide_all(
        self, unit: str, attributes: Mapping[str, Any]
    ) -> Mapping[str, Decision | VariateError]:
        before = self._digest
        decisions = self._decide_all(unit, attributes)
        self._compiled = before
        return decisions

    def _assign(self, experiment_ids: Sequence[str], unit: str, attributes: Mapping[str, Any]) -> dict[str, Decision]:
        found: dict[str, Decision] = {}
        for key, decision in self._platform.assign_each(unit, experiment_ids, attributes).items():
            if isinstance(decision, VariateError):
                raise decision
            found[key] = decision
        return found

    @property
    def _digest(self) -> str | None:
        served = self._platform.snapshot_in_force()
        return None if served is None else served.publication.digest
