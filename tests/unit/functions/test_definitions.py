"""Defining by the functions: designs, targeting, groups, overrides of flags, snapshots."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import variate
from tests.unit.functions.conftest import PRO
from variate.errors import ConflictError, InvalidInputError, NotFoundError

BETA = {"attribute": "plan", "operator": "equals", "value": "pro"}
TWO: list[dict[str, Any]] = [{"name": "a"}, {"name": "b"}]


def same_in_json(value: Any) -> bool:
    found: Any = json.loads(json.dumps(value))
    return bool(found == value)


def test_a_metric_lives_from_creation_to_removal() -> None:
    made = variate.create_metric(
        "revenue", "mean", "Revenue", measure={"event_type": "purchase", "aggregation": "sum"}, window_end_hours=168
    )
    assert same_in_json(made)
    assert (made["id"], made["name"], made["window_end_hours"], made["measure"]["field"]) == (
        "revenue",
        "Revenue",
        168,
        "value",
    )
    assert variate.get_metric("revenue") == made
    assert variate.list_metrics() == [made]
    changed = variate.update_metric("revenue", description="in euros", window_end_hours=None)
    assert (changed["description"], changed["window_end_hours"], changed["revision"]) == ("in euros", None, 2)
    assert variate.update_metric("revenue", "proportion", measure="purchase")["kind"] == "proportion"
    assert variate.get_audit_log(entity_type="metric")["items"][0]["entity_id"] == "revenue"
    assert variate.remove_metric("revenue")["revision"] == 3
    assert variate.get_metric("revenue") is None


def test_a_change_of_a_metric_publishes_nothing() -> None:
    variate.create_audience("beta", BETA)
    before = variate.list_snapshots()
    variate.create_metric("revenue", "mean", measure="purchase")
    variate.update_metric("revenue", direction="decrease")
    variate.remove_metric("revenue")
    assert variate.list_snapshots() == before


def test_an_experiment_takes_a_design_by_name() -> None:
    with pytest.raises(InvalidInputError, match=r"^metrics: names 'purchase', which is not there: define it"):
        variate.create_experiment("x", "", TWO, metrics=["purchase"])
    variate.create_metric("purchase", "proportion", measure="purchase", window_end_hours=168)
    made = variate.create_experiment(
        *("x", "", TWO, "ann"), experiment_id="x", audience=BETA, traffic=50, metrics=["purchase"],
        hypothesis="b sells", plan={"units": 1_000},
    )  # fmt: skip
    assert same_in_json(made)
    assert (made["id"], made["owner"], made["audience"], made["traffic"]) == ("x", "ann", BETA, 50)
    assert made["metrics"] == [{"metric": "purchase", "role": "goal"}]
    assert variate.get_experiment("x") == made
    points = variate.launch_checklist("x")
    assert same_in_json(points)
    assert all(point["met"] for point in points)
    changed = variate.update_experiment("x", audience=None, traffic=25)
    assert (changed["audience"], changed["traffic"], changed["hypothesis"]) == (None, 25, "b sells")
    variate.update_experiment_status("x", "active")
    anew = variate.start_new_version("x", [{"name": "a"}, {"name": "c"}], salt="other")
    assert (anew["version"], anew["salt"], [each["name"] for each in anew["variations"]]) == (2, "other", ["a", "c"])


def test_a_flag_takes_targeting_by_name() -> None:
    made = variate.create_feature_flag(
        "x", "", [{"condition": BETA, "serve": "red"}], "active", flag_id="x",
        variations=[{"name": "red", "value": "#f00"}, {"name": "blue", "value": "#00f"}], default="blue", off="blue",
    )  # fmt: skip
    assert same_in_json(made)
    assert (made["id"], made["type"], made["rules"][0]["name"]) == ("x", "string", "rule 1")
    assert variate.evaluate_flag("u1", "x", PRO).value == "#f00"
    changed = variate.update_feature_flag("x", default={"rollout": {"red": 1, "blue": 1}}, tags=["ui"])
    assert (changed["default"], changed["tags"]) == ({"rollout": [["red", 1], ["blue", 1]]}, ["ui"])
    here = variate.update_flag_environment("x", "dev", enabled=False)
    assert here["environments"]["dev"]["enabled"] is False
    assert variate.evaluate_flag("u1", "x", PRO).reason == "off"
    there = variate.promote_feature_flag("x", "dev", "prod")
    assert there["environments"]["prod"] == here["environments"]["dev"]


def test_a_flag_without_targeting_keeps_its_own_rules() -> None:
    made = variate.create_feature_flag("x", "", {"any": ["JSON"]})
    assert (made["rules"], "type" in made) == ({"any": ["JSON"]}, False)
    assert variate.update_feature_flag(made["id"], rules=[1])["rules"] == [1]


def test_a_flag_is_overridden_for_a_user(flag: str) -> None:
    made = variate.create_flag_override("u1", flag, "on", reason="to look", ttl_days=1)
    assert same_in_json(made)
    assert (made["type"], made["target_id"], made["value"]) == ("flag", flag, "on")
    assert variate.get_flag_override("u1", flag) == made
    assert variate.list_flag_overrides(flag) == {"items": [made], "last_key": None}
    assert variate.evaluate_flag("u1", flag).reason == "override"
    assert variate.remove_flag_override("u1", flag) is True
    assert variate.remove_flag_override("u1", flag) is False
    assert variate.get_flag_override("u1", flag) is None
    assert variate.evaluate_flag("u1", flag).reason == "default"


def test_an_audience_is_made_changed_listed_and_removed() -> None:
    made = variate.create_audience("beta", BETA, "Beta", "who pays")
    assert same_in_json(made)
    assert (made["name"], made["description"], made["condition"]) == ("Beta", "who pays", BETA)
    assert variate.get_audience("beta") == made
    changed = variate.update_audience("beta", {"not": BETA})
    assert (changed["condition"], changed["name"]) == ({"not": BETA}, "Beta")
    variate.create_audience("alpha", BETA)
    assert [each["id"] for each in variate.list_audiences()] == ["alpha", "beta"]
    page = variate.list_audiences(limit=1)
    assert [each["id"] for each in variate.list_audiences(limit=1, last_key=page.last_key)] == ["beta"]
    assert variate.remove_audience("beta") == changed
    assert variate.get_audience("beta") is None


def test_a_layer_gives_ranges_to_experiments() -> None:
    made = variate.create_layer("checkout", "Checkout", salt="till")
    assert same_in_json(made)
    assert (made["name"], made["salt"], made["ranges"]) == ("Checkout", "till", {})
    variate.create_experiment("x", "", TWO, experiment_id="x", layer="checkout", layer_range=(0, 50))
    held = variate.get_layer("checkout")
    assert held is not None
    assert held["ranges"] == {"x": [0, 50]}
    assert variate.list_layers() == [held]
    with pytest.raises(InvalidInputError, match="overlaps"):
        variate.create_experiment("y", "", TWO, layer="checkout", layer_range=[49, 60])
    variate.archive_experiment("x")
    assert variate.remove_layer("checkout")["ranges"] == {}
    assert variate.get_layer("checkout") is None


def test_a_holdout_is_made_changed_listed_and_removed() -> None:
    made = variate.create_holdout("global", 5)
    assert same_in_json(made)
    assert (made["percentage"], made["name"], made["salt"]) == (5, "global", "global")
    changed = variate.update_holdout("global", 2.5, description="everywhere")
    assert (changed["percentage"], changed["description"]) == (2.5, "everywhere")
    assert variate.get_holdout("global") == changed
    assert variate.list_holdouts() == [changed]
    assert variate.remove_holdout("global") == changed
    assert variate.get_holdout("global") is None


def test_snapshots_are_listed_read_gone_back_to_and_left(flag: str) -> None:
    assert variate.evaluate_flag("u1", flag, PRO).value is True
    variate.update_feature_flag_status(flag, "inactive")
    assert variate.evaluate_flag("u1", flag, PRO).value is False
    second, first = variate.list_snapshots()
    assert variate.list_snapshots(before=2) == [first]
    assert variate.get_snapshot(first["digest"])["flags"][flag]["enabled"] is True
    assert variate.get_snapshot("0" * 64) is None
    back = variate.rollback_snapshot(1, reason="too dark")
    assert (back["kind"], back["sequence"], back["digest"]) == ("rollback", 3, first["digest"])
    assert variate.evaluate_flag("u1", flag, PRO).value is True
    assert (variate.serving_status()["kind"], variate.serving_status()["error"]) == ("rollback", None)
    on = variate.publish_snapshot(reason="fine")
    assert same_in_json(on)
    assert (on["sequence"], on["digest"], on["held"], on["problems"]) == (4, second["digest"], False, [])
    assert variate.evaluate_flag("u1", flag, PRO).value is False
    assert variate.publish_snapshot("prod")["environment"] == "prod"
    assert [each["sequence"] for each in variate.list_snapshots("prod")] == [1]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: variate.create_experiment("x", "", TWO, trafic=5), InvalidInputError, "trafic: is not known"),  # type: ignore[call-arg]
        (lambda: variate.create_feature_flag("x", "", [], kind="x"), InvalidInputError, "kind: is not known"),  # type: ignore[call-arg]
        (lambda: variate.update_flag_environment("dark-mode", "dev", on=True), InvalidInputError, "on: is not known"),
        (lambda: variate.create_audience("x", {"operator": "in"}), InvalidInputError, "condition"),
        (lambda: variate.create_holdout("x", 101), InvalidInputError, "percentage"),
        (lambda: variate.create_feature_flag("x", "", [], flag_id="dark-mode"), ConflictError, "is there already"),
        (lambda: variate.launch_checklist("nobody"), NotFoundError, "not found"),
        (lambda: variate.start_new_version("nobody"), NotFoundError, "not found"),
        (lambda: variate.update_audience("nobody"), NotFoundError, "not found"),
        (lambda: variate.remove_layer("nobody"), NotFoundError, "not found"),
        (lambda: variate.promote_feature_flag("nobody", "dev", "prod"), NotFoundError, "not found"),
        (lambda: variate.create_flag_override("u", "nobody", "on"), NotFoundError, "not found"),
        (lambda: variate.create_flag_override("u", "dark-mode", "x"), InvalidInputError, "must be one of on, off"),
        (lambda: variate.rollback_snapshot(9), NotFoundError, "not found"),
    ],
)
def test_what_is_wrong_is_refused_by_name(
    flag: str, call: Callable[[], object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        call()


def by_hand(home: Path, statement: str) -> None:
    with closing(sqlite3.connect(home / "variate.db")) as connection, connection:
        connection.execute(statement)


def test_what_cannot_be_read_is_left_out_of_a_list_and_logged(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("bad", "good"):
        variate.create_experiment(name, "", TWO, experiment_id=name)
        variate.create_feature_flag(name, "", {}, flag_id=name)
    by_hand(home, "UPDATE experiments SET definition = '{\"traffic\": 500}' WHERE id = 'bad'")
    by_hand(home, "UPDATE feature_flags SET name = ' ' WHERE id = 'bad'")
    for limit in (None, 10):
        caplog.clear()
        assert [each["id"] for each in variate.list_experiments(limit=limit)] == ["good"]
        assert [each["id"] for each in variate.list_feature_flags(limit=limit)] == ["good"]
        logged = [record.getMessage() for record in caplog.records if record.name == "variate.functions"]
        assert [each.split(" cannot")[0] for each in logged] == [
            "left out of a list: experiment: 'bad'",
            "left out of a list: flag: 'bad'",
        ]
    with pytest.raises(InvalidInputError, match=r"^experiment: 'bad' cannot be read: traffic: "):
        variate.get_experiment("bad")


def test_what_cannot_be_read_is_decided_as_before_and_changes_of_others_are_in_force(home: Path) -> None:
    for name in ("bad", "good"):
        variate.create_experiment(name, "", TWO, experiment_id=name)
        variate.update_experiment_status(name, "active")
    before = variate.decide("u", "bad")
    assert before.variation is not None
    by_hand(home, "UPDATE experiments SET definition = '{\"traffic\": 500}' WHERE id = 'bad'")
    variate.update_experiment_status("good", "paused")
    assert variate.decide("u", "good").variation is None
    assert variate.decide("u", "bad") == before
    problems = variate.publish_snapshot()["problems"]
    assert [(each["kind"], each["id"], each["served"]) for each in problems] == [
        ("experiment", "bad", "as it was before")
    ]
