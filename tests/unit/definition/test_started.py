"""Of an experiment that runs, what would move units is fixed, and what shares them out anew is remembered."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.unit.definition.stage import AB, BETA, DELAY, Stage
from variate.errors import ConflictError, InvalidInputError
from variate.model import Experiment
from variate.model.condition import condition_record
from variate.model.design import PastAllocation

GUARDRAIL: dict[str, Any] = {"metric": "refunds", "role": "guardrail", "margin": 0.01}
LOCKED: dict[str, dict[str, Any]] = {
    "unit_type": {"unit_type": "account"},
    "salt": {"salt": "another"},
    "layer": {"layer": "checkout", "layer_range": [0, 50]},
    "holdouts": {"holdouts": ["new"]},
    "control": {"control": "b"},
    "hypothesis": {"hypothesis": "I knew it"},
    "metrics": {"metrics": ["revenue", GUARDRAIL, "clicks"]},
    "plan": {"plan": {"units": 2_000}},
}
FREE: dict[str, dict[str, Any]] = {
    "name": {"name": "Colours"},
    "description": {"description": "what it is about"},
    "weights": {"variations": [{"name": "a", "weight": 2}, {"name": "b"}]},
    "traffic": {"traffic": 50},
    "audience": {"audience": BETA},
    "starts_at": {"starts_at": "2040-01-01T00:00:00Z"},
    "ends_at": {"ends_at": "2041-01-01T00:00:00Z"},
    "takes_new_units": {"takes_new_units": False},
    "keeps_outside_audience": {"keeps_outside_audience": True},
    "reads_ledger": {"reads_ledger": True},
    "further metrics": {"metrics": ["revenue", GUARDRAIL, {"metric": "latency", "role": "guardrail"}]},
}


@pytest.fixture
def started(stage: Stage) -> Stage:
    stage.layers.create_layer("checkout")
    stage.holdouts.create_holdout("new", percentage=5)
    stage.define("revenue", "clicks", "latency", "refunds")
    stage.started(metrics=["revenue", GUARDRAIL], plan={"units": 1_000})
    return stage


def pasts(experiment: Experiment) -> list[tuple[Any, ...]]:
    return [
        (each.weights, each.traffic, None if each.audience is None else condition_record(each.audience))
        for each in experiment.design.past
    ]


@pytest.mark.parametrize("status", ["active", "paused", "completed"])
@pytest.mark.parametrize("field", sorted(LOCKED))
def test_what_would_move_units_or_the_goal_is_locked_once_started(started: Stage, status: str, field: str) -> None:
    if status != "active":
        started.experiments.update_experiment_status("e", status)
    before = started.state()
    with pytest.raises(InvalidInputError, match="begin a new version") as refusal:
        started.experiments.update_experiment("e", **LOCKED[field])
    assert refusal.value.field == field
    assert started.state() == before


@pytest.mark.parametrize("change", sorted(FREE))
def test_what_moves_nobody_may_change_at_any_time(started: Stage, change: str) -> None:
    changed = started.experiments.update_experiment("e", **FREE[change])
    assert changed.revision == 3
    assert started.experiments.get_experiment("e") == changed


@pytest.mark.parametrize(
    "metrics", [["revenue"], ["revenue", {**GUARDRAIL, "margin": 0.02}], ["revenue", {**GUARDRAIL, "margin": None}]]
)
def test_a_guardrail_of_a_started_experiment_stays_and_so_does_its_margin(started: Stage, metrics: list[Any]) -> None:
    before = started.state()
    with pytest.raises(InvalidInputError, match=r"^metrics: that are guardrails cannot go, .*; begin a new version$"):
        started.experiments.update_experiment("e", metrics=metrics)
    assert started.state() == before
    assert started.experiments.start_new_version("e", metrics=metrics).version == 2


@pytest.mark.parametrize("field", sorted(LOCKED))
def test_in_a_draft_nothing_is_locked(stage: Stage, field: str) -> None:
    stage.layers.create_layer("checkout")
    stage.holdouts.create_holdout("new", percentage=5)
    stage.define("revenue", "clicks", "refunds")
    stage.draft(metrics=["revenue"])
    assert stage.experiments.update_experiment("e", **LOCKED[field]).revision == 2


@pytest.mark.parametrize("status", ["active", "paused", "completed"])
def test_the_ledger_is_read_until_a_new_version_once_started(stage: Stage, status: str) -> None:
    stage.started(reads_ledger=True)
    if status != "active":
        stage.experiments.update_experiment_status("e", status)
    before = stage.state()
    with pytest.raises(InvalidInputError, match=r"^reads_ledger: .*begin a new version"):
        stage.experiments.update_experiment("e", reads_ledger=False)
    assert stage.state() == before


def test_in_a_draft_the_ledger_may_be_read_or_not(stage: Stage) -> None:
    stage.draft(reads_ledger=True)
    assert not stage.experiments.update_experiment("e", reads_ledger=False).design.reads_ledger


def test_to_give_a_locked_field_its_own_value_changes_nothing(started: Stage) -> None:
    assert (
        started.experiments.update_experiment("e", unit_type="user", salt=None, metrics=["revenue", GUARDRAIL]).revision
        == 2
    )


@pytest.mark.parametrize("said", [{"salt": "e"}, {"control": "a"}, {"salt": "e", "control": "a"}])
def test_what_a_locked_field_stands_for_may_be_said_and_left_out(started: Stage, said: dict[str, Any]) -> None:
    changed = started.experiments.update_experiment("e", **said)
    assert {name: getattr(changed.design, name) for name in said} == said
    left_out = started.experiments.update_experiment("e", salt=None, control=None)
    assert (left_out.design.salt, left_out.design.control) == (None, None)


@pytest.mark.parametrize(
    "change",
    [[{"name": "b"}, {"name": "a"}], [{"name": "a"}], [*AB, {"name": "c"}], [{"name": "a", "value": 1}, AB[1]]],
)
def test_variations_keep_their_order_their_number_and_their_values(started: Stage, change: list[Any]) -> None:
    with pytest.raises(InvalidInputError, match=r"^variations: of an experiment that is active may change only in"):
        started.experiments.update_experiment("e", variations=change)


def test_another_allocation_is_in_force_after_the_delay_and_the_one_before_is_remembered_until_then(
    started: Stage,
) -> None:
    weights = started.experiments.update_experiment("e", variations=[{"name": "a", "weight": 9}, {"name": "b"}])
    assert pasts(weights) == [((1, 3), 100, None)]
    traffic = started.experiments.update_experiment("e", traffic=50)
    assert pasts(traffic) == [((1, 3), 100, None), ((9, 3), 100, None)]
    started.time.advance(hours=1)
    audience = started.experiments.update_experiment("e", audience=BETA)
    assert pasts(audience) == [((1, 3), 100, None), ((9, 3), 100, None), ((9, 3), 50, None)]
    everybody = started.experiments.update_experiment("e", audience=None)
    assert pasts(everybody)[3:] == [((9, 3), 50, BETA)]
    changes = (weights, traffic, audience, everybody)
    assert [each.until for each in everybody.design.past] == [each.updated_at + DELAY for each in changes]


def test_a_change_of_several_at_once_is_remembered_as_one(started: Stage) -> None:
    changed = started.experiments.update_experiment(
        "e", variations=[{"name": "a", "weight": 9}, {"name": "b"}], traffic=50, audience=BETA
    )
    assert pasts(changed) == [((1, 3), 100, None)]


def test_also_of_a_paused_experiment_since_its_units_come_back(started: Stage) -> None:
    started.experiments.update_experiment_status("e", "paused")
    assert pasts(started.experiments.update_experiment("e", traffic=50)) == [((1, 3), 100, None)]


def test_of_a_started_experiment_a_change_there_and_back_is_two(started: Stage) -> None:
    started.experiments.update_experiment("e", traffic=50)
    assert pasts(started.experiments.update_experiment("e", traffic=100)) == [((1, 3), 100, None), ((1, 3), 50, None)]


@pytest.mark.parametrize("change", ["name", "ends_at", "takes_new_units", "reads_ledger", "further metrics"])
def test_what_shares_nobody_out_anew_is_not_remembered(started: Stage, change: str) -> None:
    assert started.experiments.update_experiment("e", **FREE[change]).design.past == ()


def test_what_is_the_same_written_otherwise_is_not_remembered(started: Stage) -> None:
    same = [{"name": "a", "weight": 1.0}, {"name": "b", "weight": 3.0}]
    assert started.experiments.update_experiment("e", variations=same, traffic=100.0, name="x").design.past == ()


def test_of_a_draft_nothing_is_remembered_nor_of_one_that_ended(stage: Stage) -> None:
    stage.draft()
    stage.experiments.update_experiment("e", traffic=50)
    stage.experiments.update_experiment("e", traffic=100)
    assert stage.experiments.update_experiment("e", traffic=20).design.past == ()
    for status in ("active", "completed"):
        stage.experiments.update_experiment_status("e", status)
    for change in ({"traffic": 10}, {"audience": None, "ends_at": "2030-01-01T00:00:00Z"}):
        with pytest.raises(InvalidInputError, match="the experiment has ended"):
            stage.experiments.update_experiment("e", **change)
    assert stage.experiments.update_experiment("e", name="what it was").design.past == ()


def test_the_log_tells_what_is_remembered(started: Stage) -> None:
    changed = started.experiments.update_experiment("e", traffic=50)
    told = started.entries()[0].data
    assert told["before"] == {"traffic": 100, "past": None}
    assert [each["traffic"] for each in told["after"]["past"]] == [100]
    assert told["after"]["past"][0]["until"] == f"{changed.design.past[0].until:%Y-%m-%dT%H:%M:%S.%f}Z"


def test_a_hundred_allocations_are_remembered_and_one_more_is_refused(started: Stage) -> None:
    for number in range(100):
        started.experiments.update_experiment("e", traffic=99 - number % 2)
    assert len(pasts(started.experiments.update_experiment("e", name="x"))) == 100
    with pytest.raises(InvalidInputError, match=r"^traffic: cannot change: .* 100 times .*; begin a new version"):
        started.experiments.update_experiment("e", traffic=50)


def test_a_new_version_draws_anew_and_forgets_what_was_remembered(started: Stage) -> None:
    started.experiments.update_experiment("e", traffic=50, reads_ledger=True)
    made = started.experiments.start_new_version("e", actor="ana")
    assert (made.version, made.revision, made.status) == (2, 4, "active")
    assert (made.design.past, made.design.reads_ledger, made.design.traffic) == ((), False, 50)
    entry = started.entries()[0]
    assert (entry.action, entry.actor) == ("new_version", "ana")
    assert (entry.data["before"]["version"], entry.data["after"]["version"]) == (1, 2)
    assert started.messages()[-1].kind == "experiment_changed"


def test_the_reason_of_a_new_version_is_in_the_log_where_one_is_given(started: Stage) -> None:
    started.experiments.start_new_version("e", reason="Bots were in it")
    assert started.entries()[0].data["reason"] == "Bots were in it"
    started.experiments.start_new_version("e")
    assert "reason" not in started.entries()[0].data
    with pytest.raises(InvalidInputError, match="reason"):
        started.experiments.start_new_version("e", reason=3)  # type: ignore[arg-type]  # it is refused


def test_a_new_version_may_read_the_ledger_where_that_is_asked_for(started: Stage) -> None:
    assert started.experiments.start_new_version("e", reads_ledger=True).design.reads_ledger


@pytest.mark.parametrize("field", sorted(LOCKED))
def test_with_a_new_version_may_change_what_is_locked(started: Stage, field: str) -> None:
    made = started.experiments.start_new_version("e", **LOCKED[field])
    given = LOCKED[field].get(field)
    if field not in ("layer", "metrics", "plan"):
        assert getattr(made.design, field) == (tuple(given) if isinstance(given, list) else given)
    assert made.version == 2


def test_with_a_new_version_the_variations_may_be_others(started: Stage) -> None:
    made = started.experiments.start_new_version("e", variations=[{"name": "b"}, {"name": "c"}])
    assert [(each.name, each.weight) for each in made.variations] == [("b", 3), ("c", 1)]


def test_after_a_new_version_what_is_locked_is_locked_again(started: Stage) -> None:
    started.experiments.start_new_version("e", salt="another")
    with pytest.raises(InvalidInputError, match=r"^salt: cannot change once the experiment has started"):
        started.experiments.update_experiment("e", salt="a third")


@pytest.mark.parametrize("path", [[], ["active", "completed"], ["archived"]])
def test_only_a_started_experiment_has_a_new_version(stage: Stage, path: list[str]) -> None:
    stage.draft()
    for status in path:
        stage.experiments.update_experiment_status("e", status)
    before = stage.state()
    with pytest.raises(InvalidInputError, match=r"^experiment_id: must be of a started experiment; this one is"):
        stage.experiments.start_new_version("e")
    assert stage.state() == before


def test_a_paused_experiment_may_have_a_new_version_and_stays_paused(started: Stage) -> None:
    started.experiments.update_experiment_status("e", "paused")
    made = started.experiments.start_new_version("e")
    assert (made.version, made.status) == (2, "paused")


def test_a_new_version_on_an_expected_revision_is_made_once(started: Stage) -> None:
    started.experiments.start_new_version("e", expected_revision=2)
    with pytest.raises(ConflictError, match="revision 3"):
        started.experiments.start_new_version("e", expected_revision=2)


def test_what_a_new_version_names_has_to_be_there(started: Stage) -> None:
    with pytest.raises(InvalidInputError, match=r"^holdouts: names 'nobody', which is not there"):
        started.experiments.start_new_version("e", holdouts=["nobody"])


def test_a_change_decided_anew_after_a_race_remembers_what_the_rival_left(started: Stage) -> None:
    read, rivals = started.store.get, iter([{"traffic": 70}])

    def read_then_lose(experiment_id: str) -> Experiment | None:
        found = read(experiment_id)
        for rival in rivals:
            started.experiments.update_experiment(experiment_id, traffic=rival["traffic"])
        return found

    started.store.get = read_then_lose  # type: ignore[method-assign]  # a rival between the read and the write
    changed = started.experiments.update_experiment("e", traffic=50)
    assert pasts(changed) == [((1, 3), 100, None), ((1, 3), 70, None)]


def test_without_a_delay_a_change_is_in_force_at_once(stage: Stage) -> None:
    stage.started()
    at_once = replace(stage.experiments, delay=timedelta(0))
    changed = at_once.update_experiment("e", traffic=50)
    assert changed.design.past == (
        PastAllocation(weights=(1, 3), traffic=100, audience=None, until=changed.updated_at),
    )


@pytest.mark.parametrize("behind", [timedelta(0), timedelta(minutes=1)], ids=["a shorter delay", "a slow clock"])
def test_allocations_end_in_the_order_in_which_they_were_made(stage: Stage, behind: timedelta) -> None:
    stage.started()
    patient = replace(stage.experiments, delay=timedelta(minutes=5))
    slow = replace(stage.log, clock=lambda: stage.clock() - behind)
    hasty = replace(stage.experiments, delay=timedelta(0), log=slow)
    last = patient.update_experiment("e", traffic=60).design.past[-1].until
    hasty.update_experiment("e", traffic=50)
    assert [each.until for each in hasty.update_experiment("e", traffic=40).design.past] == [last] * 3
    stage.time.advance(minutes=10)
    later = stage.experiments.update_experiment("e", traffic=30)
    assert later.design.past[-1].until == later.updated_at + DELAY
