"""Assigning: decide, and keep the first answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from variate.assignment.keeper import Keeper
from variate.assignment.kept import ANSWER_SECONDS, Guard, KeptAssignments, unguarded
from variate.assignment.ledger import keep_all
from variate.decision import CompiledSnapshot, Engine
from variate.decision.asked import Attributes, asked_of_many
from variate.decision.tolerant import tolerantly
from variate.errors import InvalidInputError, NotFoundError, StoreError, StoreUnavailableError, VariateError
from variate.model import Assignment
from variate.model.decision import Decision, Reason
from variate.model.lifetime import expiry
from variate.model.rules import check_id
from variate.patience import seconds_left
from variate.stores.ports import AssignmentStore


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerStatus:
    """What this process has still to write to the ledger, and what it let go while the store was away for too long."""

    pending: int
    let_go: int


class Assigning:
    """Decisions of ``engine`` that are kept in ``store``; ``kept`` is what decisions ask for what was kept before.

    As long as an experiment's allocation has not changed since its start, the hash alone gives what was kept: then an
    assignment is written some time later, together with others. After a change it is written at once, and what
    stands in the ledger is the answer.

    ``differs`` is told of an experiment in which something else stands than the draw gives; ``guard`` keeps whoever
    assigns from waiting each time for a ledger that is away.
    """

    def __init__(
        self,
        *,
        engine: Engine,
        store: AssignmentStore,
        kept: KeptAssignments,
        clock: Callable[[], datetime],
        differs: Callable[[str], None],
        guard: Guard = unguarded,
    ) -> None:
        self._engine = engine
        self._store = store
        self._kept = kept
        self._clock = clock
        self._differs = differs
        self._guard = guard
        self._keeper = Keeper(store, self._stands, kept.forget)

    def assign(self, unit: str, experiment_id: str, attributes: Attributes | None = None) -> Decision:
        """Decide, keep the variation for the unit unless it has one already, and return the one that stands.

        Nothing is kept where there is no variation for the unit, nor for one that is overridden. While the store is
        away the decision is returned and kept later.
        """
        decision = self._engine.decide(unit, experiment_id, attributes)
        version, variation = decision.version, decision.variation
        if decision.reason is not Reason.SPLIT or version is None or variation is None:
            return decision
        stands = self._kept.remembered(experiment_id, version, unit)
        if stands == variation:
            return decision
        snapshot = self._engine.snapshot  # the one in force when the ledger has answered may not know this version
        if stands is None:
            stands = self._keep(self._asked(unit, experiment_id, version, variation), snapshot)
        return decision if stands == variation else snapshot.kept(experiment_id, version, stands) or decision

    def assign_each(
        self, unit: str, experiment_ids: Sequence[str], attributes: Attributes | None = None
    ) -> dict[str, Decision | VariateError]:
        """Assign the unit in each of these experiments, as ``assign`` does, and return the decisions by experiment id.

        Where the ledger has to be read or written to, it is once for all. An experiment in which the unit cannot be
        assigned has what is wrong with it instead, and holds up no other.
        """
        _ = self._engine.snapshot  # where there is none, that is wrong with all of them
        found: dict[str, Decision | VariateError] = {}
        with self._kept.whole(unit):
            wishes = [self._wish(unit, each, attributes) for each in experiment_ids]
            wished = [each for each in wishes if each is not None]
            if wished:
                with suppress(StoreError):  # then each is assigned as while the ledger is away
                    self._kept_now(*wished)
            for each in experiment_ids:
                try:
                    found[each] = self.assign(unit, each, attributes)
                except VariateError as error:
                    found[each] = error
        return found

    def assign_many(
        self,
        experiment_id: str,
        units: Sequence[str],
        attributes: Sequence[Attributes] | None = None,
        *,
        ttl_days: float | None = None,
    ) -> list[Decision]:
        """Assign each unit as ``assign`` does, in few writes, and return the decisions in order; all are durable then.

        ``attributes``, where given, has one mapping a unit; with ``ttl_days`` the assignments expire. Raise
        ``NotFoundError`` for an unknown experiment and ``InvalidInputError`` for one that is not active.
        """
        asking = list(asked_of_many(units, attributes))
        snapshot = self._engine.snapshot
        record = snapshot.experiment_records.get(check_id("experiment_id", experiment_id))
        if record is None:
            raise NotFoundError("experiment", experiment_id)
        if record["status"] != "active":
            raise InvalidInputError("experiment_id", f"must be of an active experiment; this one is {record['status']}")
        drawn = snapshot.drawn(experiment_id)
        decisions = [tolerantly(drawn, unit, each) for unit, each in asking]
        version, at = record["version"], self._clock()
        expires_at = expiry(ttl_days, since=at)
        asked = {
            place: Assignment(
                unit=unit,
                experiment_id=experiment_id,
                version=version,
                variation=decision.variation,
                assigned_at=at,
                expires_at=expires_at,
            )
            for place, (unit, decision) in enumerate(zip(units, decisions, strict=True))
            if decision.reason is Reason.SPLIT and decision.variation is not None
        }
        for (place, wished), stands in zip(asked.items(), keep_all(self._store, list(asked.values())), strict=True):
            self._stands(wished, stands)
            if stands is not wished and stands.variation != wished.variation:
                decisions[place] = snapshot.kept(experiment_id, version, stands.variation) or decisions[place]
        if snapshot.asks_ledger(experiment_id):
            # Whom the draw gives nothing now may have been given something before.
            others = [place for place in range(len(asking)) if place not in asked]
            found = snapshot.decided_together(experiment_id, (asking[place] for place in others))
            for place, decision in zip(others, found, strict=True):
                decisions[place] = decision
        return decisions

    def flush_assignments(self) -> None:
        """Return once every assignment made so far is durable; raise ``StoreUnavailableError`` where that cannot be."""
        self._keeper.flush()

    def ledger_status(self) -> LedgerStatus:
        """Return how many assignments are still to be written, and how many were let go until the unit's next."""
        return LedgerStatus(pending=self._keeper.pending, let_go=self._keeper.let_go)

    def close(self) -> None:
        """Write what is pending."""
        self._keeper.close()

    def _keep(self, assignment: Assignment, snapshot: CompiledSnapshot) -> str:
        if snapshot.asks_ledger(assignment.experiment_id):
            try:
                (stands,) = self._kept_now(assignment)
            except StoreUnavailableError:
                # Whoever cannot reach the ledger decides alike; what is kept later may be what another one kept. What
                # the unit was shown here before, while the ledger could be read, comes first.
                return self._keeper.later(assignment).variation
            return stands.variation
        self._kept.remember(assignment)  # before it can be let go, which forgets it
        self._keeper.later(assignment)
        return assignment.variation

    def _wish(self, unit: str, experiment_id: str, attributes: Attributes | None) -> Assignment | None:
        """Return what has to be written before the unit is assigned in the experiment, if anything has."""
        if not self._engine.snapshot.asks_ledger(experiment_id):
            return None
        try:
            decision = self._engine.decide(unit, experiment_id, attributes)
            version, variation = decision.version, decision.variation
            if decision.reason is not Reason.SPLIT or version is None or variation is None:
                return None
            if self._kept.remembered(experiment_id, version, unit) is not None:
                return None
            return self._asked(unit, experiment_id, version, variation)
        except VariateError:
            return None  # to assign it says what is wrong

    def _asked(self, unit: str, experiment_id: str, version: int, variation: str) -> Assignment:
        return Assignment(
            unit=unit, experiment_id=experiment_id, version=version, variation=variation, assigned_at=self._clock()
        )

    def _kept_now(self, *assignments: Assignment) -> list[Assignment]:
        seconds = min(ANSWER_SECONDS, seconds_left())
        if not seconds:
            raise StoreUnavailableError("there is no time left to write to the ledger")
        return self._guard(lambda: self._keeper.now(*assignments, seconds=seconds))

    def _stands(self, asked: Assignment, stands: Assignment) -> None:
        self._kept.remember(stands)
        if stands.variation != asked.variation and not self._engine.snapshot.asks_ledger(asked.experiment_id):
            self._differs(asked.experiment_id)
