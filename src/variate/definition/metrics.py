"""Metrics: create, read, change, remove."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Unpack

from variate.definition.group import NOT_ENDED, STARTED, Group, check_unused
from variate.model import Experiment, ExperimentStatus, Page
from variate.model.metric import Metric
from variate.model.metric_record import MetricFields, metric_record, new_metric, revised_metric
from variate.stores.ports import ExperimentStore

_WORDS = frozenset({"name", "description", "revision", "created_at", "updated_at"})
"""The fields of a metric's record that say nothing of what it measures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """The metrics. One that a started experiment is judged by keeps what it measures: another would move the goal.

    It can change once the experiment has ended; or define another metric, and give the experiment that with a new
    version. No decision is made by metrics, so a change of one publishes nothing.
    """

    group: Group[Metric]
    experiments: ExperimentStore

    def create_metric(
        self,
        metric_id: str,
        *,
        kind: str,
        name: str | None = None,
        description: str = "",
        actor: str | None = None,
        **fields: Unpack[MetricFields],
    ) -> Metric:
        """Store and return a new metric; raise ``ConflictError`` if the id is taken.

        ``fields`` is any of ``MetricFields``; ``Metric`` says which go with which kind.
        """
        metric = new_metric(
            metric_id,
            kind=kind,
            name=metric_id if name is None else name,
            description=description,
            given=fields,
            at=self.group.log.clock(),
        )
        return self.group.create(metric, actor=actor)

    def get_metric(self, metric_id: str) -> Metric | None:
        """Return the metric, or None."""
        return self.group.get(metric_id)

    def list_metrics(self, *, limit: int = 100, last_key: str | None = None) -> Page[Metric]:
        """Return a page of the metrics, in order of id."""
        return self.group.list(limit=limit, last_key=last_key)

    def update_metric(
        self,
        metric_id: str,
        *,
        kind: str | None = None,
        name: str | None = None,
        description: str | None = None,
        expected_revision: int | None = None,
        actor: str | None = None,
        **fields: Unpack[MetricFields],
    ) -> Metric:
        """Change what is given. Of ``fields``, None takes away what there was."""
        given: dict[str, Any] = {**fields} if kind is None else {**fields, "kind": kind}

        def change(before: Metric) -> Metric:
            after = replace(
                revised_metric(before, given),
                name=before.name if name is None else name,
                description=before.description if description is None else description,
            )
            old, new = metric_record(before), metric_record(after)
            changed = [field for field in old if field not in _WORDS and old[field] != new[field]]
            if changed:
                self._check_unused(changed[0], before.id, STARTED)
            return after

        return self.group.change(metric_id, change, expected_revision=expected_revision, actor=actor)

    def remove_metric(
        self, metric_id: str, *, expected_revision: int | None = None, actor: str | None = None
    ) -> Metric:
        """Remove and return a metric that no experiment that has not ended is judged by."""

        def check(before: Metric) -> None:
            self._check_unused("metric_id", before.id, NOT_ENDED)

        return self.group.remove(metric_id, check, expected_revision=expected_revision, actor=actor)

    def _check_unused(self, field: str, metric_id: str, statuses: tuple[ExperimentStatus, ...]) -> None:
        def uses(experiment: Experiment) -> bool:
            return any(each.metric == metric_id for each in experiment.design.metrics)

        check_unused(self.experiments, field, mentions=[metric_id], uses=uses, statuses=statuses)
