"""An experiment's design: each field is read, kept, changed and cleared, and a wrong one is refused by its name."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.unit.definition.stage import AB, BETA, Stage
from variate.errors import InvalidInputError, NotFoundError
from variate.model import format_instant
from variate.model.design import Design
from variate.model.design_record import design_record
from variate.testing.clocks import START

LATER = START + timedelta(days=14)
FULL: dict[str, Any] = {
    "hypothesis": "Green sells",
    "unit_type": "account",
    "salt": "a:salt",
    "audience": {"all": [{"audience": "beta"}, {"not": BETA}]},
    "traffic": 12.34,
    "layer": "checkout",
    "layer_range": [10, 20.5],
    "holdouts": ["new", "old"],
    "starts_at": START,
    "ends_at": LATER.isoformat(),
    "control": "b",
    "metrics": ["revenue", {"metric": "latency", "role": "guardrail"}],
    "plan": {"units": 1_000, "looks": 5, "alpha": 0.01, "spending": "pocock"},
    "takes_new_units": False,
    "keeps_outside_audience": True,
    "reads_ledger": True,
}
OTHER: dict[str, Any] = {
    "hypothesis": "Blue sells",
    "unit_type": "device",
    "salt": "b",
    "audience": BETA,
    "traffic": 100,
    "layer": "checkout",
    "layer_range": [30, 40],
    "holdouts": ["old"],
    "starts_at": format_instant(START - timedelta(days=1)),
    "ends_at": format_instant(LATER + timedelta(days=1)),
    "control": "a",
    "metrics": [{"metric": "revenue", "role": "secondary"}],
    "plan": {"units": 20_000, "looks": 10, "alpha": 0.1, "spending": "obrien_fleming"},
    "takes_new_units": True,
    "keeps_outside_audience": False,
    "reads_ledger": False,
}
AS_RECORDED = FULL | {
    "starts_at": format_instant(START),
    "ends_at": format_instant(LATER),
    "metrics": [{"metric": "revenue", "role": "goal"}, {"metric": "latency", "role": "guardrail"}],
}


@pytest.fixture
def furnished(stage: Stage) -> Stage:
    stage.audiences.create_audience("beta", condition=BETA)
    stage.layers.create_layer("checkout")
    for holdout_id in ("new", "old"):
        stage.holdouts.create_holdout(holdout_id, percentage=5)
    stage.define("revenue", "latency")
    return stage


def test_every_field_of_a_design_is_read_and_kept(furnished: Stage) -> None:
    made = furnished.draft(**FULL)
    assert design_record(made.design) == AS_RECORDED
    assert furnished.store.get("e") == made
    assert made.control == "b"


def test_without_a_design_every_unit_takes_part_and_the_first_variation_is_the_control(stage: Stage) -> None:
    made = stage.draft()
    assert made.design == Design()
    assert (made.design.traffic, made.design.audience, made.control) == (100, None, "a")


def test_the_audit_entry_of_a_new_experiment_tells_its_design(furnished: Stage) -> None:
    furnished.draft(**FULL)
    told = furnished.entries()[0].data["experiment"]
    assert {name: told[name] for name in AS_RECORDED} == AS_RECORDED


@pytest.mark.parametrize("name", sorted(FULL))
def test_an_update_changes_one_field_and_keeps_the_others(furnished: Stage, name: str) -> None:
    furnished.draft()
    for each in FULL:
        pair = ("layer", "layer_range") if each.startswith("layer") else (each,)
        furnished.experiments.update_experiment("e", **{part: FULL[part] for part in pair})
    assert design_record(furnished.memory.experiments["e"].design) == AS_RECORDED
    changed = furnished.experiments.update_experiment("e", **{name: OTHER[name]})
    assert design_record(changed.design) == AS_RECORDED | {name: OTHER[name]}


@pytest.mark.parametrize("name", ["salt", "audience", "starts_at", "ends_at", "control", "layer"])
def test_none_clears_what_may_be_absent_and_the_rest_stays(furnished: Stage, name: str) -> None:
    furnished.draft(**FULL)
    given: dict[str, Any] = {name: None}
    changed = furnished.experiments.update_experiment("e", **given)
    cleared = {"layer": None, "layer_range": None} if name == "layer" else {name: None}
    assert design_record(changed.design) == AS_RECORDED | cleared
    told = next(each for each in furnished.entries() if each.entity_type == "experiment").data
    assert told == {"before": {each: AS_RECORDED[each] for each in cleared}, "after": cleared}


def test_the_log_says_of_each_field_how_it_was_and_how_it_is(stage: Stage) -> None:
    stage.define("revenue")
    stage.draft(traffic=50, hypothesis="Green sells")
    stage.experiments.update_experiment("e", name="Colours", traffic=60, metrics=["revenue"], actor="ana")
    entry = stage.entries()[0]
    assert (entry.action, entry.actor, entry.entity_id) == ("updated", "ana", "e")
    assert entry.data == {
        "before": {"name": "Prices", "traffic": 50, "metrics": []},
        "after": {"name": "Colours", "traffic": 60, "metrics": [{"metric": "revenue", "role": "goal"}]},
    }


def test_a_design_that_stays_as_it_is_leaves_no_trace(furnished: Stage) -> None:
    made = furnished.draft(**FULL)
    before = furnished.state()
    assert furnished.experiments.update_experiment("e", **FULL) == made
    assert furnished.state() == before


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"hipothesis": "x"}, "hipothesis"),
    ({"past": []}, "past"),
    ({"hypothesis": 7}, "hypothesis"),
    ({"hypothesis": "x" * 50_001}, "hypothesis"),
    ({"unit_type": " "}, "unit_type"),
    ({"unit_type": None}, "unit_type"),
    ({"salt": ""}, "salt"),
    ({"salt": "a\x00"}, "salt"),
    ({"audience": []}, "audience"),
    ({"audience": {"all": []}}, "audience.all"),
    ({"audience": {"all": [{"attribute": "a", "operator": "equal", "value": 1}]}}, "audience.all[0].operator"),
    ({"audience": {"audience": "nobody"}}, "audience"),
    ({"audience": {"not": {"any": [{"audience": "nobody"}]}}}, "audience"),
    ({"traffic": 0.005}, "traffic"),
    ({"traffic": -1}, "traffic"),
    ({"traffic": 100.01}, "traffic"),
    ({"traffic": float("nan")}, "traffic"),
    ({"traffic": True}, "traffic"),
    ({"traffic": "50"}, "traffic"),
    ({"traffic": None}, "traffic"),
    ({"layer": "checkout"}, "layer_range"),
    ({"layer_range": [0, 50]}, "layer"),
    ({"layer": "nowhere", "layer_range": [0, 50]}, "layer"),
    ({"layer": 7, "layer_range": [0, 50]}, "layer"),
    ({"layer": "checkout", "layer_range": [50, 50]}, "layer_range"),
    ({"layer": "checkout", "layer_range": [60, 50]}, "layer_range"),
    ({"layer": "checkout", "layer_range": [0, 50, 60]}, "layer_range"),
    ({"layer": "checkout", "layer_range": "ab"}, "layer_range"),
    ({"layer": "checkout", "layer_range": 50}, "layer_range"),
    ({"layer": "checkout", "layer_range": [0.001, 50]}, "layer_range[0]"),
    ({"layer": "checkout", "layer_range": [0, 101]}, "layer_range[1]"),
    ({"holdouts": ["nobody"]}, "holdouts"),
    ({"holdouts": ["new", "new"]}, "holdouts"),
    ({"holdouts": "new"}, "holdouts"),
    ({"holdouts": ["new", 7]}, "holdouts[1]"),
    ({"holdouts": [f"h{number}" for number in range(101)]}, "holdouts"),
    ({"starts_at": "2040-02-29"}, "starts_at"),
    ({"starts_at": START.replace(tzinfo=None)}, "starts_at"),
    ({"ends_at": "soon"}, "ends_at"),
    ({"ends_at": 7}, "ends_at"),
    ({"starts_at": LATER, "ends_at": START}, "ends_at"),
    ({"starts_at": START, "ends_at": START}, "ends_at"),
    ({"control": "c"}, "control"),
    ({"control": 7}, "control"),
    ({"metrics": "revenue"}, "metrics"),
    ({"metrics": ["revenue", "revenue"]}, "metrics"),
    ({"metrics": ["revenue", {"metric": "revenue", "role": "guardrail"}]}, "metrics"),
    ({"metrics": [{"role": "goal"}]}, "metrics[0].metric"),
    ({"metrics": ["a", {"metric": 7}]}, "metrics[1].metric"),
    ({"metrics": [""]}, "metrics[0].metric"),
    ({"metrics": [{"metric": "revenue", "role": "main"}]}, "metrics[0].role"),
    ({"metrics": [{"metric": "revenue", "weight": 1}]}, "metrics[0].weight"),
    ({"metrics": [7]}, "metrics[0]"),
    ({"takes_new_units": 1}, "takes_new_units"),
    ({"keeps_outside_audience": "no"}, "keeps_outside_audience"),
    ({"reads_ledger": None}, "reads_ledger"),
]


@pytest.mark.parametrize(("given", "field"), WRONG)
def test_a_wrong_field_of_a_new_experiment_is_refused_by_its_name_and_nothing_is_written(
    furnished: Stage, given: dict[str, Any], field: str
) -> None:
    before = furnished.state()
    with pytest.raises(InvalidInputError) as refusal:
        furnished.draft(**given)
    assert refusal.value.field == field
    assert furnished.state() == before


@pytest.mark.parametrize(("given", "field"), WRONG)
def test_a_wrong_field_of_a_change_is_refused_by_its_name_and_nothing_is_written(
    furnished: Stage, given: dict[str, Any], field: str
) -> None:
    furnished.draft()
    before = furnished.state()
    with pytest.raises(InvalidInputError) as refusal:
        furnished.experiments.update_experiment("e", **given)
    assert refusal.value.field == field
    assert furnished.state() == before


def test_a_control_goes_only_with_its_variation(stage: Stage) -> None:
    stage.draft(control="b")
    with pytest.raises(InvalidInputError, match=r"^control: must be one of the variations a, c, not 'b'"):
        stage.experiments.update_experiment("e", variations=[{"name": "a"}, {"name": "c"}])
    changed = stage.experiments.update_experiment("e", variations=[{"name": "a"}, {"name": "c"}], control="c")
    assert changed.control == "c"


def test_what_the_design_names_is_looked_up_at_each_change_of_the_design_alone(furnished: Stage) -> None:
    furnished.draft(audience={"audience": "beta"})
    del furnished.memory.definitions[("audience", "beta")]
    furnished.experiments.update_experiment("e", name="Colours")
    with pytest.raises(InvalidInputError, match=r"^audience: names the audience 'beta', which is not there"):
        furnished.experiments.update_experiment("e", traffic=50)


MISSING = r"^metrics: names 'clicks', which is not there: define it with create_metric or variate metrics create$"


def test_a_metric_has_to_be_defined_before_an_experiment_is_judged_by_it(furnished: Stage) -> None:
    with pytest.raises(InvalidInputError, match=MISSING):
        furnished.draft(metrics=["revenue", "clicks"])
    furnished.draft(metrics=["revenue"])
    before = furnished.state()
    with pytest.raises(InvalidInputError, match=MISSING):
        furnished.experiments.update_experiment("e", metrics=["revenue", {"metric": "clicks", "role": "secondary"}])
    assert furnished.state() == before


def test_a_metric_of_before_metrics_were_defined_holds_up_no_other_change(furnished: Stage) -> None:
    furnished.started(metrics=["revenue"])
    del furnished.memory.definitions[("metric", "revenue")]
    changed = furnished.experiments.update_experiment("e", traffic=50, metrics=["revenue", "latency"][:1])
    assert changed.design.traffic == 50


def guarded(margin: float) -> list[str | dict[str, Any]]:
    return ["revenue", {"metric": "refunds", "role": "guardrail", "margin": margin}]


TOO_WIDE = r"^metrics\[1\]\.margin: must be below 1 for a share, not 1.5: 0.01 is one percentage point$"


def test_a_margin_of_a_share_is_a_share(furnished: Stage) -> None:
    furnished.metrics.create_metric("refunds", kind="proportion", measure="refund")
    with pytest.raises(InvalidInputError, match=TOO_WIDE):
        furnished.draft(metrics=guarded(1.5))
    furnished.draft(metrics=guarded(0.99))
    before = furnished.state()
    with pytest.raises(InvalidInputError, match=TOO_WIDE):
        furnished.experiments.update_experiment("e", metrics=guarded(1.5))
    assert furnished.state() == before
    furnished.experiments.update_experiment_status("e", "active")
    with pytest.raises(InvalidInputError, match=TOO_WIDE):
        furnished.experiments.start_new_version("e", metrics=guarded(1.5))
    furnished.metrics.create_metric("delay", kind="mean", measure="visit")
    furnished.draft("f", metrics=[{"metric": "delay", "role": "guardrail", "margin": 50}])


def test_a_margin_that_its_metric_made_too_wide_holds_up_the_launch_and_no_other_change(furnished: Stage) -> None:
    furnished.metrics.create_metric("refunds", kind="mean", measure="refund")
    furnished.draft(metrics=guarded(1.5))
    furnished.metrics.update_metric("refunds", kind="proportion")
    assert furnished.experiments.update_experiment("e", traffic=50).design.traffic == 50
    with pytest.raises(InvalidInputError, match="must be below 1 for a share") as refusal:
        furnished.experiments.update_experiment_status("e", "active")
    assert refusal.value.field == "status"


def test_a_definition_is_at_most_so_large_with_its_design(stage: Stage) -> None:
    many = {"attribute": "country", "operator": "in", "value": [f"country-{number}" for number in range(10_000)]}
    with pytest.raises(InvalidInputError) as refusal:
        stage.draft(audience=many)
    assert refusal.value.field == "experiment"
    assert stage.entries() == []


@pytest.mark.parametrize("call", ["update_experiment", "start_new_version"])
def test_an_unknown_experiment_is_not_found_and_the_variations_are_looked_at_first(stage: Stage, call: str) -> None:
    change = getattr(stage.experiments, call)
    with pytest.raises(InvalidInputError, match=r"^variations: must be a list of dicts"):
        change("nobody", variations="ab")
    with pytest.raises(NotFoundError):
        change("nobody", variations=AB)
