"""A snapshot's definitions, each compiled when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from variate.decision.conditions import Matcher, compile_condition
from variate.decision.context import Decide, Kept, Others, Surroundings
from variate.decision.experiment import asks_ledger, compile_asking, compile_experiment
from variate.decision.flag import compile_flag
from variate.decision.outcomes import outcomes_of
from variate.decision.together import Asked, decided_together
from variate.errors import InvalidInputError, VariateError
from variate.model.condition import read_condition
from variate.model.decision import Decision, Outcome, Reason
from variate.model.reading import NOT_OF_FORM, wrong_with
from variate.model.rules import shown
from variate.model.snapshot import SNAPSHOT_FORMAT

F = TypeVar("F")

UNKNOWN = Decision.of(Outcome.none(Reason.UNKNOWN))


class CompiledSnapshot:
    """A function for each definition of a snapshot's content. Immutable but for what is compiled late.

    Loading one takes no longer than parsing it. Raise ``InvalidInputError`` for content of a form that is newer than
    this version of variate knows.
    """

    def __init__(self, content: Mapping[str, Any], around: Surroundings) -> None:
        if content.get("format") != SNAPSHOT_FORMAT:
            raise InvalidInputError(
                "format", f"must be {SNAPSHOT_FORMAT}, not {shown(content.get('format'))}: upgrade variate"
            )
        self.experiment_records: Mapping[str, Any] = content["experiments"]
        self.flag_ids = frozenset(content["flags"])
        self.active_experiments = tuple(
            key for key, record in self.experiment_records.items() if record["status"] == "active"
        )
        audiences = _Functions[Matcher](content["audiences"], self._audience, kind="audience", unknown=_nobody)
        self.experiments = _Functions[Decide](
            content["experiments"], self._experiment, kind="experiment", unknown=_unknown
        )
        self.flags = _Functions[Decide](dict(content["flags"]), self._flag, kind="flag", unknown=_unknown, drops=True)
        self._others = Others(audience=audiences.need, experiment=self.experiments.need, flag=self.flags.need)
        self._around = around
        self._all_flags: dict[str, Decide] | None = None
        self._asking = _Functions[Callable[[Kept], Decide]](
            content["experiments"], self._asking_experiment, kind="experiment", unknown=lambda _: _unknown
        )
        self._kept: dict[str, dict[tuple[int, str], Decision]] = {}

    @property
    def all_flags(self) -> dict[str, Decide]:
        """Every flag's function, by its id; one that does not compile is told of, and unknown as one that is not there.

        So one that only another release can compile holds up no other.
        """
        if self._all_flags is None:
            self._all_flags = self.some_flags(self.flags.known)
        return self._all_flags

    def some_flags(self, flag_ids: Iterable[str]) -> dict[str, Decide]:
        """The function of each of these flags, as ``all_flags`` has it; no other is compiled for it."""
        return {key: self._flag_or_unknown(key) for key in flag_ids}

    def asks_ledger(self, experiment_id: str) -> bool:
        """Return whether the ledger may hold another variation for some unit than the hash gives it now."""
        record = self.experiment_records.get(experiment_id)
        return record is not None and record["status"] == "active" and asks_ledger(record)

    def drawn(self, experiment_id: str) -> Decide:
        """Return what decides the experiment as if the ledger were empty."""
        return self._asking[experiment_id](_nothing_kept)

    def decided_together(self, experiment_id: str, asked: Iterable[Asked]) -> Iterator[Decision]:
        """Yield the experiment's decision for each unit in order; the ledger is read for many of them at a time."""
        ahead = self._around.ahead or (lambda *_: self._around.kept)
        return decided_together(asked, asking=self._asking[experiment_id], ahead=ahead)

    def kept(self, experiment_id: str, version: int, variation: str) -> Decision | None:
        """Return the decision for a unit that the ledger holds this for; None where the experiment has no such one."""
        decisions = self._kept.get(experiment_id)
        if decisions is None:
            decisions = self._kept[experiment_id] = _kept_decisions(self.experiment_records.get(experiment_id, {}))
        return decisions.get((version, variation))

    def problems(self, suspects: Iterable[tuple[str, str]]) -> Iterator[tuple[tuple[str, str], VariateError]]:
        """Compile these (``experiments`` or ``flags``, and id); yield each that cannot be, with what is wrong."""
        functions = {"experiments": self.experiments, "flags": self.flags}
        for kind, key in suspects:
            try:
                functions[kind].need(key)
            except VariateError as error:
                yield (kind, key), error

    def _audience(self, _: str, record: Any) -> Matcher:
        return compile_condition(read_condition("condition", record), matcher=self._others.audience)

    def _experiment(self, key: str, record: Any) -> Decide:
        return compile_experiment(key, record, others=self._others, around=self._around)

    def _asking_experiment(self, key: str, record: Any) -> Callable[[Kept], Decide]:
        return compile_asking(key, record, others=self._others, around=self._around)

    def _flag(self, _: str, record: Any) -> Decide:
        return compile_flag(record, others=self._others, around=self._around)

    def _flag_or_unknown(self, key: str) -> Decide:
        try:
            return self.flags[key]
        except VariateError as error:
            self._around.refused(key, error)
            return _unknown


class _Functions(dict[str, F]):
    """Functions by id, each made when first asked for. What the snapshot does not have gives ``unknown``.

    A definition that does not compile, as one of another release need not, raises ``InvalidInputError`` each time. Two
    threads may both make one: it is the same, and one of the two stays. With ``drops`` a record goes once it is
    compiled, which takes several times the memory that the function does.
    """

    def __init__(
        self, records: dict[str, Any], make: Callable[[str, Any], F], *, kind: str, unknown: F, drops: bool = False
    ) -> None:
        super().__init__()
        self._records = records
        self._make = make
        self._kind = kind
        self._unknown = unknown
        self._drops = drops

    @property
    def known(self) -> list[str]:
        """The id of every definition there is."""
        return list(self._records)

    def need(self, key: str) -> F:
        """Return the function; raise ``InvalidInputError`` where there is none, or none can be made."""
        if key not in self._records:
            raise InvalidInputError(self._kind, f"{shown(key)} is not there")
        return self[key]

    def __missing__(self, key: str) -> F:
        record = self._records.get(key)
        if record is None:
            return self.get(key, self._unknown)  # another thread may have compiled and dropped it just now
        try:
            made = self[key] = self._make(key, record)
        except VariateError:
            raise
        except RecursionError as error:
            said = f"{shown(key)} depends on itself, or on too long a chain of others"
            raise InvalidInputError(self._kind, said) from error
        except NOT_OF_FORM as error:
            raise InvalidInputError(self._kind, f"{shown(key)}: {wrong_with(error)}") from error
        if self._drops:
            self._records[key] = None
        return made


def _kept_decisions(record: Mapping[str, Any]) -> dict[tuple[int, str], Decision]:
    """Return the decision of each variation that the ledger may hold; an experiment that does not run shows none."""
    if "variations" not in record:
        return {}
    outcomes = outcomes_of(record, Reason.KEPT)
    return {(record["version"], name): Decision.of(outcome) for name, outcome in outcomes.items()}


def _nothing_kept(_experiment_id: str, _version: int, _unit: str) -> None:
    return None


def _unknown(_unit: bytes, _attributes: Mapping[str, Any]) -> Decision:
    return UNKNOWN


def _nobody(_unit: bytes, _attributes: Mapping[str, Any]) -> bool:
    return False
