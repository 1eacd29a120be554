"""The stages that decide, put together: publisher, serving, assigning, and what explains them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from variate.assignment.assigning import Assigning
from variate.assignment.by_hand import ByHand
from variate.assignment.kept import KeptAssignments
from variate.assignment.ledger import Ledger
from variate.decision import Surroundings
from variate.decision.asked import Attributes, checked_attributes
from variate.decision.compiled import UNKNOWN
from variate.definition.experiments import Experiments
from variate.definition.flags import Flags
from variate.errors import InvalidInputError, StoreError
from variate.model.decision import Decision
from variate.model.rules import check_id
from variate.platform.backends import Backends
from variate.platform.explaining import Explaining
from variate.platform.previewing import Previewing
from variate.platform.trying import Trying
from variate.publishing.publisher import Publisher
from variate.publishing.serving import Serving
from variate.settings import Settings
from variate.stores.wrappers.breaker import CircuitBreaker


@dataclass(frozen=True, slots=True, kw_only=True)
class Deciding:
    """What a platform decides with."""

    serving: Serving
    kept: KeptAssignments
    assigning: Assigning
    ledger: Ledger
    by_hand: ByHand
    explaining: Explaining
    previewing: Previewing
    trying: Trying

    @classmethod
    def over(
        cls,
        backends: Backends,
        settings: Settings,
        *,
        experiments: Experiments,
        flags: Flags,
        publisher: Publisher,
        catch_up: Callable[[], None],
        clock: Callable[[], datetime],
        wall_clock: Callable[[], datetime],
    ) -> Deciding:
        """Return the stages over these backends; nothing is read yet.

        ``wall_clock`` is what decisions ask: it may give one moment twice, which ``clock`` takes a lock not to do.
        """
        assignments = backends.assignments
        guard = CircuitBreaker(name="the ledger").call
        kept = KeptAssignments(assignments, clock=clock, guard=guard)
        serving = Serving(
            environment=settings.environment,
            store=backends.snapshots,
            announcements=backends.hot.announcements,
            publisher=publisher,
            around=Surroundings(clock=lambda: wall_clock().timestamp(), kept=kept.find, ahead=kept.ahead),
            clock=clock,
            poll_seconds=settings.snapshot_poll_seconds,
            catch_up=catch_up,
        )
        by_hand = ByHand(
            experiment=backends.serving.get,  # beside the ledger: what is kept there asks nothing of the source
            mark=lambda experiment_id: experiments.update_experiment(experiment_id, reads_ledger=True),
            served=serving.engine.version_of,
            clock=clock,
        )
        assigning = Assigning(
            engine=serving.engine,
            store=assignments,
            kept=kept,
            clock=clock,
            differs=by_hand.differs,
            guard=guard,
        )
        return cls(
            serving=serving,
            kept=kept,
            assigning=assigning,
            ledger=Ledger(
                store=assignments,
                expects=by_hand.expect,
                found=by_hand.found,
                version_of=by_hand.version_of,
                clock=clock,
            ),
            by_hand=by_hand,
            explaining=Explaining(
                serving=serving,
                snapshots=backends.snapshots,
                assignments=assignments,
                audit=backends.audit,
                environment=settings.environment,
                flush=assigning.flush_assignments,
                clock=clock,
            ),
            previewing=Previewing(
                experiments=experiments, assignments=assignments, flush=assigning.flush_assignments, clock=clock
            ),
            trying=Trying(
                serving=serving,
                flags=flags,
                snapshots=backends.snapshots,
                assignments=assignments,
                flush=assigning.flush_assignments,
                clock=clock,
            ),
        )

    def evaluate_all_flags(
        self, unit: str, attributes: Attributes | None = None, *, of: Collection[str] | None = None
    ) -> dict[str, Decision]:
        """Return the decision of every flag for the unit, by flag id: of all that are in force, or ``of`` these.

        Where the ledger has to be read, it is once.
        """
        with self.kept.whole(unit):
            return self.serving.engine.evaluate_all_flags(unit, attributes, of=of)

    def decide_all_experiments(self, unit: str, attributes: Attributes | None = None) -> dict[str, Decision]:
        """Return the decision of every active experiment for the unit, by experiment id. Nothing of it is kept.

        Where the ledger has to be read, it is once; what this process has just assigned is in it by then.
        """
        given, engine = checked_attributes(attributes), self.serving.engine
        with suppress(StoreError):  # a ledger that is away is away for the look as well, which each decision tells
            self.assigning.flush_assignments()
        decisions: dict[str, Decision] = {}
        with self.kept.whole(check_id("user_id", unit)):
            for key in engine.snapshot.active_experiments:
                try:
                    decisions[key] = engine.decide(unit, key, given)
                except InvalidInputError:  # one that only another release can compile holds up no other
                    decisions[key] = UNKNOWN
        return decisions

    def changed(self) -> None:
        """Decide from what this process, or another one, changed."""
        self.by_hand.forget()
        self.serving.refresh()

    def close(self) -> None:
        """Write the assignments that are pending, and stop following publications."""
        self.assigning.close()
        self.serving.close()
