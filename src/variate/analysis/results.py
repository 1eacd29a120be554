"""The results of an experiment, as far as it has come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from variate.analysis.outcomes import Summary
from variate.analysis.summary import summarise
from variate.errors import NotFoundError
from variate.model import Experiment, check_instant
from variate.model.rules import check_id
from variate.stores.ports import EventStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """Summaries over the events in ``events``. ``experiment`` finds an experiment by its id."""

    events: EventStore
    experiment: Callable[[str], Experiment | None]
    clock: Callable[[], datetime]

    def summarise_experiment(
        self,
        experiment_id: str,
        *,
        event_types: Sequence[str] = (),
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Summary:
        """Return what was recorded with the experiment, by event type and variation, control first.

        From ``start`` (its creation, if None) to before ``end`` (now, if None). See ``summarise`` for what counts.
        """
        found = self.experiment(check_id("experiment_id", experiment_id))
        if found is None:
            raise NotFoundError("experiment", experiment_id)
        at = self.clock()
        return summarise(
            found,
            events=self.events,
            start=found.created_at if start is None else check_instant("start", start),
            end=at if end is None else check_instant("end", end),
            at=at,
            event_types=event_types,
        )
