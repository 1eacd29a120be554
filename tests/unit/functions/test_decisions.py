"""Deciding, assigning and explaining by the functions."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import variate
from tests.unit.functions.conftest import PRO
from variate import Decision, Reason
from variate.errors import InvalidInputError, NotFoundError

UNITS = [f"u{number}" for number in range(20)]


def test_a_decision_is_a_value_with_its_reason(experiment: str) -> None:
    decision = variate.decide("u1", experiment, PRO)
    assert isinstance(decision, Decision)
    assert (decision.reason, decision.version) == (Reason.SPLIT, 1)
    assert decision.variation in ("control", "green")
    outside = variate.decide("u1", experiment)
    assert (outside.variation, outside.reason, outside.value_or("none")) == (None, Reason.AUDIENCE, "none")
    assert variate.decide("u1", "nobody").reason is Reason.UNKNOWN
    assert variate.get_user_assignment("u1", experiment) is None


def test_many_are_decided_as_one_by_one(experiment: str) -> None:
    attributes: list[dict[str, Any]] = [PRO if number % 2 else {} for number in range(len(UNITS))]
    names = [None, "control", "green"]
    one_by_one = [
        names.index(variate.decide(unit, experiment, given).variation) - 1
        for unit, given in zip(UNITS, attributes, strict=True)
    ]
    assert variate.decide_many(experiment, UNITS, attributes).tolist() == one_by_one
    assert set(one_by_one) == {-1, 0, 1}


def test_what_is_assigned_stands(experiment: str) -> None:
    first = [variate.assign(unit, experiment, PRO) for unit in UNITS]
    variate.flush_assignments()
    assert {each["user_id"]: each["variation"] for each in variate.get_experiment_assignments(experiment)["items"]} == {
        unit: each.variation for unit, each in zip(UNITS, first, strict=True)
    }
    variate.update_experiment(experiment, variations=[{"name": "control", "weight": 0}, {"name": "green"}])
    again = variate.assign_many(experiment, UNITS, [PRO] * len(UNITS))
    assert [each.variation for each in again] == [each.variation for each in first]
    assert [variate.decide(unit, experiment, PRO).variation for unit in UNITS] == [each.variation for each in first]
    assert {variate.decide(f"new{number}", experiment, PRO).variation for number in range(20)} == {"green"}


def test_assignments_of_many_may_expire(experiment: str) -> None:
    variate.assign_many(experiment, ["u1"], [PRO], ttl_days=1)
    kept = variate.get_user_assignment("u1", experiment)
    assert kept is not None
    assert kept["ttl"] - kept["assigned_at"] in (86_400, 86_401)


def test_flags_are_evaluated_one_by_one_and_all_at_once(flag: str) -> None:
    decision = variate.evaluate_flag("u1", flag, PRO)
    assert (decision.value, decision.reason, decision.rule) == (True, Reason.RULE, "pros")
    assert variate.evaluate_all_flags("u1", PRO) == {flag: decision}
    assert variate.evaluate_all_flags("u1")[flag].reason is Reason.DEFAULT


def test_an_explanation_is_a_dict_of_the_decision_its_rungs_and_its_snapshot(experiment: str) -> None:
    decided = variate.decide("u1", experiment, PRO)
    explained = variate.explain("u1", experiment, PRO)
    assert json.loads(json.dumps(explained)) == explained
    assert (explained["decision"]["variation"], explained["decision"]["bucket"]) == (decided.variation, decided.bucket)
    assert set(explained["rungs"][0]) == {"name", "said", "decided", "salt", "bucket", "rungs"}
    assert [rung["name"] for rung in explained["rungs"] if rung["decided"]] == ["variation"]
    status = variate.serving_status()
    assert all(explained[name] == status[name] for name in ("environment", "sequence", "digest", "published_at"))


def test_the_first_explanation_of_a_process_says_what_is_in_force_now(experiment: str, flag: str) -> None:
    assert variate.explain("u1", experiment, PRO)["decision"]["reason"] == "split"
    variate.update_feature_flag_status(flag, "inactive")
    assert variate.explain_flag("u1", flag, PRO)["decision"]["reason"] == "off"


def test_an_explanation_goes_back_in_time(flag: str) -> None:
    then = variate.explain_flag("u1", flag, PRO)
    assert then["decision"]["variation"] == "on"
    variate.update_feature_flag(flag, rules=[])
    assert variate.explain_flag("u1", flag, PRO)["decision"]["variation"] == "off"
    for moment in (then["at"], datetime.fromisoformat(then["at"]).astimezone(UTC)):
        assert variate.explain_flag("u1", flag, PRO, at=moment) == then
    with pytest.raises(NotFoundError):
        variate.explain_flag("u1", flag, at=datetime.now(UTC) - timedelta(days=1))
    with pytest.raises(InvalidInputError, match="at: must be an ISO 8601 time"):
        variate.explain_flag("u1", flag, at="yesterday")


def test_a_preview_counts_and_changes_nothing(experiment: str) -> None:
    variate.assign_many(experiment, UNITS, [PRO] * len(UNITS))
    before = variate.get_experiment(experiment)
    assert variate.preview_change(experiment, traffic=0) == {
        "kept": 20,
        "moved": 0,
        "held": 20,
        "looked_at": 20,
        "low": 20,
        "high": 20,
        "is_cut": False,
        "audience_matters": False,
    }
    assert variate.preview_change(experiment, [{"name": "control"}, {"name": "green"}])["held"] == 0
    assert variate.preview_new_version(experiment, traffic=0) == {
        "kept": 20,
        "moved": 20,
        "held": 0,
        "looked_at": 20,
        "low": 20,
        "high": 20,
        "is_cut": False,
        "audience_matters": False,
    }
    assert variate.get_experiment(experiment) == before
    with pytest.raises(InvalidInputError, match="salt: cannot change"):
        variate.preview_change(experiment, salt="other")


@pytest.mark.parametrize(
    "call",
    [
        lambda: variate.decide("", "x"),
        lambda: variate.decide(1, "x"),  # type: ignore[arg-type]
        lambda: variate.evaluate_flag("u", "dark-mode", [1]),  # type: ignore[arg-type]
        lambda: variate.assign("", "x"),
        lambda: variate.explain("u", ""),
    ],
)
def test_what_is_given_wrongly_is_refused(flag: str, call: Any) -> None:
    with pytest.raises(InvalidInputError):
        call()


def test_many_are_assigned_only_in_an_active_experiment(experiment: str) -> None:
    with pytest.raises(NotFoundError):
        variate.assign_many("nobody", ["u1"])
    variate.update_experiment_status(experiment, "paused")
    with pytest.raises(InvalidInputError, match="must be of an active experiment; this one is paused"):
        variate.assign_many(experiment, ["u1"], [PRO])
