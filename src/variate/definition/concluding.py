"""What was decided once an experiment had ended: read, looked up, and kept with it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from variate.definition.audit import ChangeLog
from variate.definition.change import Change, check_size
from variate.errors import InvalidInputError
from variate.model import Experiment, ExperimentStatus, Json
from variate.model.conclusion import Conclusion, ConclusionFields, conclusion_record, read_conclusion
from variate.model.rules import shown
from variate.stores.reports import ReportStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Concluding:
    """Reads conclusions. ``reports`` are those that a conclusion may name."""

    reports: ReportStore
    log: ChangeLog

    def read(self, experiment: Experiment, given: ConclusionFields, *, actor: str | None, at: datetime) -> Conclusion:
        """Return what ``actor`` decides of the experiment; raise ``InvalidInputError`` naming the field.

        A report that it names has to be there, and of this experiment.
        """
        decided_by = self.log.actor if actor is None else actor
        conclusion = read_conclusion(given, decided_at=at, decided_by=decided_by)
        report_id = conclusion.report_id
        if report_id is not None:
            stored = self.reports.get(report_id)
            if stored is None or stored.head.experiment_id != experiment.id:
                raise InvalidInputError(
                    "conclusion.report_id", f"names {shown(report_id)}, which is no report of this experiment"
                )
        return conclusion

    def concluded(self, before: Experiment, given: ConclusionFields, *, actor: str | None, at: datetime) -> Change:
        """Return the change to this conclusion: none where the experiment has it already.

        Raise ``InvalidInputError`` where it is not completed.
        """
        if before.status is not ExperimentStatus.COMPLETED:
            raise InvalidInputError("conclusion", f"is of a completed experiment only; this one is {before.status}")
        conclusion = self.read(before, given, actor=actor, at=at)
        if conclusion.says_as(before.conclusion):
            return Change(before, [], [], [])
        after = replace(before, conclusion=conclusion, revision=before.revision + 1, updated_at=at)
        check_size(after)
        data = {"before": {"conclusion": _told(before)}, "after": {"conclusion": _told(after)}}
        entry = self.log.entry("experiment", before.id, "concluded", data, actor=actor, at=at)
        return Change(after, [entry], [], [])


def check_stands(experiment: Experiment, decided: Conclusion | None) -> None:
    """Raise ``InvalidInputError`` where the experiment is completed already, and otherwise than it is decided now."""
    if decided is not None and not decided.says_as(experiment.conclusion):
        raise InvalidInputError(
            "conclusion", "differs from how the experiment was completed: correct it by conclude_experiment"
        )


def _told(experiment: Experiment) -> Json:
    return None if experiment.conclusion is None else conclusion_record(experiment.conclusion)
