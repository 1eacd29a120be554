"""Metrics: made, read, changed and removed, but not from under an experiment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.unit.definition.stage import Stage, beside
from variate.errors import ConflictError, InvalidInputError, NotFoundError
from variate.model.metric import Direction

CHANGES: dict[str, Callable[[Stage], object]] = {
    "kind": lambda stage: stage.metrics.update_metric("revenue", kind="mean"),
    "direction": lambda stage: stage.metrics.update_metric("revenue", direction="decrease"),
    "measure": lambda stage: stage.metrics.update_metric("revenue", measure="order"),
    "window_end_hours": lambda stage: stage.metrics.update_metric("revenue", window_end_hours=24),
    "covariate_hours": lambda stage: stage.metrics.update_metric("revenue", covariate_hours=24),
}


def test_a_metric_is_made_read_and_listed(stage: Stage) -> None:
    stage.define("visits")
    made = stage.metrics.create_metric(
        "revenue",
        kind="mean",
        name="Revenue",
        description="in euros",
        measure={"event_type": "purchase", "aggregation": "sum"},
        window_end_hours=168,
        actor="ana",
    )
    assert stage.metrics.get_metric("revenue") == made
    assert (made.name, made.window_end, made.revision) == ("Revenue", timedelta(days=7), 1)
    assert [each.id for each in stage.metrics.list_metrics()] == ["revenue", "visits"]
    visits = stage.metrics.get_metric("visits")
    assert visits is not None
    assert visits.name == "visits"
    entry = stage.entries()[0]
    assert (entry.entity_type, entry.entity_id, entry.action, entry.actor) == ("metric", "revenue", "created", "ana")
    assert entry.data["metric"]["window_end_hours"] == 168


def test_a_change_keeps_what_is_not_given_and_tells_before_and_after(stage: Stage) -> None:
    stage.metrics.create_metric("m", kind="mean", measure="purchase", cap_quantile=0.99)
    changed = stage.metrics.update_metric("m", direction="decrease", name="Buys", actor="ana")
    assert (changed.direction, changed.name, changed.cap_quantile, changed.revision) == (
        Direction.DECREASE,
        "Buys",
        0.99,
        2,
    )
    told = stage.entries()[0].data
    assert (told["before"]["direction"], told["after"]["direction"]) == ("increase", "decrease")
    assert stage.metrics.update_metric("m", cap_quantile=None).cap_quantile is None
    before = stage.state()
    stage.metrics.update_metric("m", direction="decrease")
    assert stage.state() == before


def test_no_decision_is_made_by_a_metric_so_its_changes_leave_no_message(stage: Stage) -> None:
    stage.define("revenue")
    stage.metrics.update_metric("revenue", name="Revenue")
    stage.metrics.remove_metric("revenue")
    assert [each.action for each in stage.entries()] == ["removed", "updated", "created"]
    assert stage.messages() == []


@pytest.mark.parametrize("role", ["goal", "secondary", "guardrail"])
@pytest.mark.parametrize("status", ["active", "paused"])
@pytest.mark.parametrize("field", CHANGES)
def test_a_metric_of_a_started_experiment_keeps_what_it_measures(
    stage: Stage, field: str, status: str, role: str
) -> None:
    stage.define("revenue")
    stage.started(metrics=[{"metric": "revenue", "role": role}])
    if status != "active":
        stage.experiments.update_experiment_status("e", status)
    before = stage.state()
    with pytest.raises(InvalidInputError, match=f"^{field}: cannot change: experiment 'e', which is {status}"):
        CHANGES[field](stage)
    with pytest.raises(InvalidInputError, match=r"^metric_id: cannot change: experiment 'e'"):
        stage.metrics.remove_metric("revenue")
    assert stage.state() == before
    assert stage.metrics.update_metric("revenue", name="Revenue", description="in euros").name == "Revenue"


def test_a_metric_that_a_draft_names_may_change_but_not_go(stage: Stage) -> None:
    stage.define("revenue")
    stage.draft(metrics=["revenue"])
    assert stage.metrics.update_metric("revenue", direction="decrease").direction == "decrease"
    with pytest.raises(InvalidInputError, match=r"^metric_id: .*which is draft, uses it"):
        stage.metrics.remove_metric("revenue")


def test_a_metric_of_experiments_that_ended_may_change_and_go(stage: Stage) -> None:
    stage.define("revenue")
    stage.started(metrics=["revenue"])
    stage.experiments.update_experiment_status("e", "completed")
    stage.metrics.update_metric("revenue", direction="decrease")
    assert stage.metrics.remove_metric("revenue", actor="ana").id == "revenue"
    assert stage.metrics.get_metric("revenue") is None
    assert stage.entries()[0].actor == "ana"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"kind": "share", "measure": "a"}, "kind"),
        ({"kind": "mean"}, "measure"),
        ({"kind": "mean", "measure": "a", "window_end_hours": 0}, "window_end_hours"),
        ({"kind": "mean", "measure": "a", "windo": 1}, "windo"),
        ({"kind": "mean", "measure": "a", "name": ""}, "metric.name"),
    ],
)
def test_a_wrong_field_is_refused_by_its_name_and_nothing_is_written(
    stage: Stage, fields: dict[str, Any], field: str
) -> None:
    stage.define("revenue")
    before = stage.state()
    with pytest.raises(InvalidInputError) as refusal:
        stage.metrics.create_metric("m", **fields)
    assert refusal.value.field == field
    wrong = {name: value for name, value in fields.items() if name != "measure"} | {"measure": fields.get("measure")}
    with pytest.raises(InvalidInputError) as refusal:
        stage.metrics.update_metric("revenue", **wrong)
    assert refusal.value.field == field
    assert stage.state() == before


def test_ids_are_taken_once_and_an_unknown_one_is_not_found(stage: Stage) -> None:
    stage.define("revenue")
    with pytest.raises(ConflictError):
        stage.define("revenue")
    with pytest.raises(NotFoundError, match="metric 'nobody' not found"):
        stage.metrics.update_metric("nobody", name="x")
    with pytest.raises(NotFoundError):
        stage.metrics.remove_metric("nobody")
    with pytest.raises(InvalidInputError, match=r"^metric_id: "):
        stage.metrics.get_metric("")
    assert stage.metrics.get_metric("nobody") is None


def test_a_change_on_another_revision_than_expected_is_a_conflict(stage: Stage) -> None:
    stage.define("revenue")
    stage.metrics.update_metric("revenue", name="Revenue", expected_revision=1)
    with pytest.raises(ConflictError, match="revision 2"):
        stage.metrics.update_metric("revenue", name="Turnover", expected_revision=1)


@pytest.mark.parametrize(
    ("write", "change", "field"),
    [
        ("replace", lambda stage: stage.metrics.update_metric("revenue", direction="decrease"), "direction"),
        ("remove", lambda stage: stage.metrics.remove_metric("revenue"), "metric_id"),
    ],
)
def test_a_launch_beside_a_change_has_the_change_withdrawn(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, write: str, change: Callable[[Stage], object], field: str
) -> None:
    stage.define("revenue")
    before = stage.metrics.get_metric("revenue")
    assert before is not None
    beside(stage.metric_store, monkeypatch, write, lambda: stage.started(metrics=["revenue"]))
    with pytest.raises(InvalidInputError, match=f"^{field}: cannot change: experiment 'e', which is active"):
        change(stage)
    after = stage.metrics.get_metric("revenue")
    assert after is not None
    assert (after.direction, after.kind, after.measure) == (before.direction, before.kind, before.measure)
    assert stage.entries()[0].action == "withdrawn"
