"""The engine: decides from the snapshot in force, which may be exchanged at any moment."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from variate.decision.asked import (
    NO_ATTRIBUTES,
    Attributes,
    asked_of_many,
    bytes_of_any,
    bytes_of_one,
    checked_attributes,
)
from variate.decision.compiled import CompiledSnapshot
from variate.decision.context import Decide
from variate.decision.tolerant import tolerantly
from variate.model.decision import Decision
from variate.model.rules import check_id

NO_VARIATION = -1
"""What stands for no variation among indexes."""


class Engine:
    """Decisions in process: the same for the same snapshot, unit and attributes, whenever and wherever.

    ``load`` returns the snapshot to decide from. It is called at the first decision, and at the first one after
    ``suspend``; what it raises, that decision raises. Safe to share among threads: each decision is made from one
    snapshot, the one in force when it began.

    A ``unit`` that is no text, empty or beyond UTF-8, or attributes that are no mapping, raise ``InvalidInputError``. A
    single decision looks no closer: a unit of more than 1,024 bytes or with a NUL can be decided for and not kept.
    ``load`` may call ``use`` itself.
    """

    def __init__(self, load: Callable[[], CompiledSnapshot]) -> None:
        self._load = load
        self._exchanges = 0
        self.suspend()

    def decide(self, unit: str, experiment_id: str, attributes: Attributes | None = NO_ATTRIBUTES) -> Decision:
        """Return the experiment's variation for the unit, or that it has none, and why. Nothing is kept."""
        try:
            if unit and type(attributes) is dict:
                return self._experiments[experiment_id](unit.encode(), attributes)
        except _MISUSE:
            pass
        decide = self._experiments[check_id("id", experiment_id)]
        return tolerantly(decide, bytes_of_one(unit), checked_attributes(attributes))

    def evaluate_flag(self, unit: str, flag_id: str, attributes: Attributes | None = NO_ATTRIBUTES) -> Decision:
        """Return the flag's variation for the unit, and why."""
        try:
            if unit and type(attributes) is dict:
                return self._flags[flag_id](unit.encode(), attributes)
        except _MISUSE:
            pass
        evaluate = self._flags[check_id("id", flag_id)]
        return tolerantly(evaluate, bytes_of_one(unit), checked_attributes(attributes))

    def evaluate_all_flags(
        self, unit: str, attributes: Attributes | None = None, *, of: Collection[str] | None = None
    ) -> dict[str, Decision]:
        """Return the decision of every flag for the unit, by flag id: of all there are, or ``of`` these."""
        given = checked_attributes(attributes)
        raw = bytes_of_any(unit)
        flags = self.snapshot.all_flags if of is None else self.snapshot.some_flags(of)
        answers: dict[str, Any] = flags.copy()  # to have room for all from the start
        try:
            for key, evaluate in flags.items():
                answers[key] = evaluate(raw, given)
        except TypeError:
            return {key: tolerantly(evaluate, raw, given) for key, evaluate in flags.items()}
        return answers

    def decide_many(
        self, experiment_id: str, units: Sequence[str], attributes: Sequence[Attributes] | None = None
    ) -> array[int]:
        """Return, for each unit in order, the index of its variation in the experiment's list; -1 where it has none.

        The array holds 16-bit integers, which ``numpy.asarray`` takes without a copy. ``attributes``, where given, has
        one mapping a unit.
        """
        asked = asked_of_many(units, attributes)
        snapshot = self.snapshot
        record = snapshot.experiment_records.get(check_id("id", experiment_id), {})
        place: dict[str | None, int] = {each["name"]: index for index, each in enumerate(record.get("variations", ()))}
        place[None] = NO_VARIATION
        if snapshot.asks_ledger(experiment_id):
            return array("h", [place[each.variation] for each in snapshot.decided_together(experiment_id, asked)])
        decide = snapshot.experiments[experiment_id]
        return array("h", [place[tolerantly(decide, raw, each).variation] for raw, each in asked])

    def version_of(self, experiment_id: str) -> int | None:
        """Return the version in which the experiment is decided now, or None; nothing is loaded for it."""
        snapshot = self._snapshot
        record = None if snapshot is None else snapshot.experiment_records.get(experiment_id)
        return None if record is None else record["version"]

    def running_variations(self, experiment_id: str) -> Sequence[str] | None:
        """Return the names of the experiment's variations; None where the snapshot has none running of this id."""
        record = self.snapshot.experiment_records.get(experiment_id, {})
        variations = record.get("variations")
        return None if variations is None else [each["name"] for each in variations]

    @property
    def snapshot(self) -> CompiledSnapshot:
        """The snapshot in force; loaded where none is yet."""
        snapshot = self._snapshot
        if snapshot is None:
            exchanges = self._exchanges
            snapshot = self._load()
            if self._exchanges == exchanges:  # else what came meanwhile, or is expected, is newer
                self.use(snapshot)
        return snapshot

    def use(self, snapshot: CompiledSnapshot) -> None:
        """Decide from this one from now on."""
        self._exchanges += 1
        self._snapshot: CompiledSnapshot | None = snapshot
        self._experiments: Mapping[str, Decide] = snapshot.experiments
        self._flags: Mapping[str, Decide] = snapshot.flags

    def suspend(self) -> None:
        """Have the next decision call ``load`` first."""
        self._exchanges += 1
        self._snapshot = None
        self._experiments = _Awaited(lambda: self.snapshot.experiments)
        self._flags = _Awaited(lambda: self.snapshot.flags)


class _Awaited(dict[str, Decide]):
    """Stands where functions will be: what is asked of it makes them come."""

    def __init__(self, functions: Callable[[], Mapping[str, Decide]]) -> None:
        super().__init__()
        self._functions = functions

    def __missing__(self, key: str) -> Decide:
        return self._functions()[key]


_MISUSE = (TypeError, AttributeError, UnicodeEncodeError)
"""What a unit or an id that is no text, or an attribute that is a list, may lead to inside: then look closely."""
