"""Assignments made otherwise than by the draw: the experiment has to know, so that decisions look for them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from variate.decision import BUCKETS, Allocation, buckets, draw_salt
from variate.errors import DecryptionError, InvalidInputError, NotFoundError, VariateError
from variate.model import Assignment, Experiment, ExperimentStatus
from variate.model.percentage import percent_buckets

REMEMBERED = timedelta(seconds=60)
"""For how long an experiment is taken to be as it was read."""
ABSENT = timedelta(seconds=1)
"""For how long one that was not there is taken not to be: many assignments may be kept of an experiment nobody made."""

logger = logging.getLogger("variate.assignment")


class ByHand:
    """Looks at assignments by hand, and has ``mark`` set the experiment to read its ledger where the draw differs.

    ``served`` is the version that this process decides an experiment in, where it knows one.
    """

    def __init__(
        self,
        *,
        experiment: Callable[[str], Experiment | None],
        mark: Callable[[str], object],
        served: Callable[[str], int | None],
        clock: Callable[[], datetime],
    ) -> None:
        self._experiment = experiment
        self._mark = mark
        self._served = served
        self._clock = clock
        self._read: dict[str, tuple[Experiment | None, datetime]] = {}

    def expect(self, experiment_id: str, version: int, asked: Sequence[Assignment]) -> None:
        """Have decisions look for these, which are about to be kept, where the draw does not give them all.

        Raise what keeps that from being so, a store that is away or other writers: better none is kept then. An
        experiment that cannot be marked however often one tries has ended or cannot be read, and holds up nobody.
        """
        try:
            self._look(experiment_id, version, asked)
        except (DecryptionError, InvalidInputError, NotFoundError):
            logger.exception("experiment %s was not set to read its ledger for assignments by hand", experiment_id)

    def found(self, experiment_id: str, version: int, standing: Sequence[Assignment]) -> None:
        """Look at assignments that stand where others were asked for. Raises nothing: they were there before."""
        try:
            self._look(experiment_id, version, standing)
        except VariateError:
            logger.exception("experiment %s was not looked at after assignments by hand", experiment_id)

    def version_of(self, experiment_id: str) -> int:
        """Return the experiment's present version; 1 where there is no such experiment."""
        served = self._served(experiment_id) or 1
        experiment = self._as_read(experiment_id, served)
        # After a rollback an older one is served; and what is read follows the definitions a moment later.
        return served if experiment is None else max(served, experiment.version)

    def forget(self) -> None:
        """Read every experiment anew: one of them was changed."""
        self._read.clear()

    def differs(self, experiment_id: str) -> None:
        """Have decisions read the experiment's ledger from now on. Raises nothing: what differs was kept before."""
        try:
            self._set(experiment_id)
        except VariateError:
            logger.exception("experiment %s was not set to read its ledger", experiment_id)

    def _look(self, experiment_id: str, version: int, assignments: Sequence[Assignment]) -> None:
        experiment = self._as_read(experiment_id, version)
        if experiment is None or not _may_differ(experiment, version):
            return
        # Before the launch the weights may still become anything.
        if experiment.status is ExperimentStatus.DRAFT or not _are_drawn(experiment, assignments):
            self._set(experiment_id)

    def _set(self, experiment_id: str) -> None:
        try:
            self._mark(experiment_id)
        finally:
            self._read.pop(experiment_id, None)  # it is another one now, or not what it was taken to be

    def _as_read(self, experiment_id: str, version: int) -> Experiment | None:
        now = self._clock()
        experiment, until = self._read.get(experiment_id, (None, now))
        if until <= now or (experiment is not None and experiment.version < version):
            if len(self._read) >= 10_000:
                self._read.clear()
            experiment = self._experiment(experiment_id)
            self._read[experiment_id] = (experiment, now + (ABSENT if experiment is None else REMEMBERED))
        return experiment


def _may_differ(experiment: Experiment, version: int) -> bool:
    ended = (ExperimentStatus.COMPLETED, ExperimentStatus.ARCHIVED)
    return version == experiment.version and not experiment.design.reads_ledger and experiment.status not in ended


def _are_drawn(experiment: Experiment, assignments: Sequence[Assignment]) -> bool:
    units = [each.unit for each in assignments]
    salt, version = experiment.design.salt or experiment.id, experiment.version
    enrolled = percent_buckets("traffic", experiment.design.traffic)
    if enrolled < BUCKETS:
        places = buckets(draw_salt("traffic", salt=salt, version=version), units)
        if any(place >= enrolled for place in places):
            return False
    names = [each.name for each in experiment.variations]
    allocation = Allocation.of([each.weight for each in experiment.variations])
    drawn = buckets(draw_salt("variation", salt=salt, version=version), units)
    return all(names[allocation.at(place)] == each.variation for place, each in zip(drawn, assignments, strict=True))
