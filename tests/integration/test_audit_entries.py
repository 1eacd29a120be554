"""Every change of a definition, an override or what is in force tells who made it, and how it was before and after."""

from __future__ import annotations

import inspect
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from variate.model import AuditEntry
from variate.model.conclusion import ConclusionFields
from variate.platform import Platform
from variate.settings import Settings

BETA = {"attribute": "plan", "operator": "equals", "value": "beta"}
PRO = {"attribute": "plan", "operator": "equals", "value": "pro"}
AB = [{"name": "a"}, {"name": "b"}]
ON_OFF: dict[str, Any] = {"default": "off"}


class Told(NamedTuple):
    """What an entry is to say: how the entity was (None: it was not there) and how it is (None: it is not)."""

    action: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


def _experiment(platform: Platform, **design: Any) -> None:
    platform.create_experiment("Prices", experiment_id="it", variations=AB, owner="ada", **design)


def _flag(platform: Platform) -> None:
    platform.create_feature_flag("Dark mode", flag_id="it", **ON_OFF)


def _flag_in_dev(platform: Platform) -> None:
    _flag(platform)
    platform.update_flag_environment("it", "dev", default="on")
    platform.update_flag_environment("it", "prod", default="off")


def _layer(platform: Platform) -> None:
    platform.create_layer("it")


def _started(platform: Platform) -> None:
    _experiment(platform)
    platform.update_experiment_status("it", "active")


def _completed(platform: Platform) -> None:
    _started(platform)
    conclusion: ConclusionFields = {"decision": "inconclusive", "note": "first"}
    platform.update_experiment_status("it", "completed", conclusion=conclusion)


def _overridden(platform: Platform) -> None:
    _experiment(platform)
    platform.create_override("u", "it", "a", reason="first", ttl_days=None)


def _flag_overridden(platform: Platform) -> None:
    _flag(platform)
    platform.create_flag_override("u", "it", "on", reason="first", ttl_days=None)


def _published(platform: Platform) -> None:
    platform.publish_snapshot()
    platform.create_audience("it", condition=BETA)
    platform.publish_snapshot()


def _nothing(_: Platform) -> None:
    """Have nothing there before the change."""


def _audience(platform: Platform) -> None:
    platform.create_audience("it", condition=BETA)


def _holdout(platform: Platform) -> None:
    platform.create_holdout("it", percentage=5)


def _metric(platform: Platform) -> None:
    platform.create_metric("it", kind="proportion", measure="buy", window_end_hours=24)


def _key(platform: Platform) -> str:
    return platform.create_api_key("ci", scopes=["read"]).key.id


def _person(platform: Platform) -> str:
    return platform.add_person("ada@example.com", role="viewer", password="correct horse battery staple").id


Prepare = Callable[[Platform], None]
FORCED = {"value": "a", "reason": "first", "expires_at": None}

CHANGES: list[tuple[str, Prepare, dict[str, Any], Told]] = [
    (
        "create_experiment",
        _nothing,
        {"name": "Prices", "experiment_id": "it", "variations": AB},
        Told("created", None, {"id": "it", "name": "Prices", "status": "draft"}),
    ),
    ("update_experiment", _experiment, {"name": "New"}, Told("updated", {"name": "Prices"}, {"name": "New"})),
    (
        "conclude_experiment",
        _completed,
        {"conclusion": {"decision": "keep", "note": "second"}},
        Told(
            "concluded",
            {"conclusion": {"decision": "inconclusive", "note": "first"}},
            {"conclusion": {"decision": "keep", "note": "second"}},
        ),
    ),
    (
        "start_new_version",
        _started,
        {"traffic": 50},
        Told("new_version", {"version": 1, "traffic": 100}, {"version": 2, "traffic": 50}),
    ),
    (
        "update_experiment_status",
        _experiment,
        {"status": "active"},
        Told("status_change", {"status": "draft"}, {"status": "active"}),
    ),
    ("archive_experiment", _experiment, {}, Told("status_change", {"status": "draft"}, {"status": "archived"})),
    (
        "transfer_experiment_ownership",
        _experiment,
        {"new_owner": "bob"},
        Told("ownership_change", {"owner": "ada"}, {"owner": "bob"}),
    ),
    (
        "update_experiment_with_override",
        _overridden,
        {"status": "active", "unit": "u", "variation": "b"},
        Told("override_added", FORCED, {"user_id": "u", "value": "b", "reason": ""}),
    ),
    (
        "create_feature_flag",
        _nothing,
        {"name": "Dark mode", "flag_id": "it", **ON_OFF},
        Told("created", None, {"id": "it", "name": "Dark mode", "default": "off"}),
    ),
    ("update_feature_flag", _flag, {"default": "on"}, Told("updated", {"default": "off"}, {"default": "on"})),
    (
        "update_flag_environment",
        _flag,
        {"environment": "dev", "default": "on"},
        Told("environment_updated", {"environments": {}}, {"environments": {"dev": {"default": "on"}}}),
    ),
    (
        "promote_feature_flag",
        _flag_in_dev,
        {"source": "dev", "target": "prod"},
        Told(
            "promoted",
            {"environments": {"dev": {"default": "on"}, "prod": {"default": "off"}}},
            {"environments": {"dev": {"default": "on"}, "prod": {"default": "on"}}},
        ),
    ),
    (
        "update_feature_flag_status",
        _flag,
        {"status": "active"},
        Told("status_change", {"status": "inactive"}, {"status": "active"}),
    ),
    ("archive_feature_flag", _flag, {}, Told("status_change", {"status": "inactive"}, {"status": "archived"})),
    (
        "create_override",
        _overridden,
        {"experiment_id": "it", "unit": "u", "variation": "b", "reason": "second", "ttl_days": None},
        Told("override_added", FORCED, {"user_id": "u", "value": "b", "reason": "second", "expires_at": None}),
    ),
    (
        "remove_override",
        _overridden,
        {"experiment_id": "it", "unit": "u"},
        Told("override_removed", {"user_id": "u", **FORCED}, None),
    ),
    (
        "create_flag_override",
        _flag_overridden,
        {"flag_id": "it", "unit": "u", "variation": "off", "ttl_days": None},
        Told("override_added", FORCED | {"value": "on"}, {"user_id": "u", "value": "off", "reason": ""}),
    ),
    (
        "remove_flag_override",
        _flag_overridden,
        {"flag_id": "it", "unit": "u"},
        Told("override_removed", {"user_id": "u", **FORCED, "value": "on"}, None),
    ),
    (
        "create_audience",
        _nothing,
        {"audience_id": "it", "condition": BETA},
        Told("created", None, {"id": "it", "condition": BETA}),
    ),
    ("update_audience", _audience, {"condition": PRO}, Told("updated", {"condition": BETA}, {"condition": PRO})),
    ("remove_audience", _audience, {}, Told("removed", {"condition": BETA}, None)),
    ("create_layer", _nothing, {"layer_id": "it"}, Told("created", None, {"id": "it", "ranges": {}})),
    ("update_layer", _layer, {"name": "search"}, Told("updated", {"name": "it"}, {"name": "search"})),
    ("remove_layer", _layer, {}, Told("removed", {"id": "it"}, None)),
    (
        "create_holdout",
        _nothing,
        {"holdout_id": "it", "percentage": 5},
        Told("created", None, {"id": "it", "percentage": 5}),
    ),
    ("update_holdout", _holdout, {"percentage": 6}, Told("updated", {"percentage": 5}, {"percentage": 6})),
    ("remove_holdout", _holdout, {}, Told("removed", {"percentage": 5}, None)),
    (
        "create_metric",
        _nothing,
        {"metric_id": "it", "kind": "proportion", "measure": "buy", "window_end_hours": 24},
        Told("created", None, {"id": "it", "window_end_hours": 24}),
    ),
    (
        "update_metric",
        _metric,
        {"window_end_hours": 48},
        Told("updated", {"window_end_hours": 24}, {"window_end_hours": 48}),
    ),
    ("remove_metric", _metric, {}, Told("removed", {"window_end_hours": 24}, None)),
    (
        "publish_snapshot",
        _published,
        {"reason": "why"},
        Told("published", {"sequence": 2}, {"reason": "why"}),
    ),
    (
        "rollback_snapshot",
        _published,
        {"to": 1, "reason": "why"},
        Told("rolled_back", {"sequence": 2}, {"sequence": 3, "reason": "why"}),
    ),
]


CASES = pytest.mark.parametrize(
    ("method", "prepare", "given", "told"), CHANGES, ids=[f"{number}-{each[0]}" for number, each in enumerate(CHANGES)]
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with empty tables, to be copied: making them takes longer than a test."""
    home = tmp_path_factory.mktemp("made")
    with Platform.open(Settings(home=home)) as platform:
        platform.migrate()
    return home


@pytest.fixture
def platform(made: Path, tmp_path: Path) -> Iterator[Platform]:
    home = shutil.copytree(made, tmp_path / "home")
    with Platform.open(Settings(home=home, environments=("dev", "prod"), actor="the settings")) as platform:
        yield platform


@CASES
def test_its_entry_tells_who_did_it_and_how_it_was_before_and_after(
    platform: Platform, method: str, prepare: Prepare, given: dict[str, Any], told: Told
) -> None:
    prepare(platform)
    change = getattr(platform, method)
    first = next(iter(inspect.signature(change).parameters))
    named = {first: "it"} if first.endswith("_id") and first not in given else {}
    change(**named, **given, actor="somebody")
    entry = platform.audit_log(limit=1).items[0]
    assert (entry.action, entry.actor) == (told.action, "somebody")
    before, after = _before_and_after(entry)
    assert _part_of(before, told.before) == told.before
    assert _part_of(after, told.after) == told.after
    assert platform.verify_audit_log().is_whole


KEYS_AND_PEOPLE: dict[str, Callable[[Platform], object]] = {
    "create_api_key": lambda platform: platform.create_api_key("ci", scopes=["read"], actor="somebody"),
    "update_api_key": lambda platform: platform.update_api_key(_key(platform), name="new", actor="somebody"),
    "rotate_api_key": lambda platform: platform.rotate_api_key(_key(platform), actor="somebody"),
    "revoke_api_key": lambda platform: platform.revoke_api_key(_key(platform), actor="somebody"),
    "add_person": lambda platform: platform.add_person("ada@example.com", role="viewer", actor="somebody"),
    "update_person": lambda platform: platform.update_person(_person(platform), role="admin", actor="somebody"),
    "set_password": lambda platform: platform.set_password(_person(platform), None, actor="somebody"),
}


@pytest.mark.parametrize("method", list(KEYS_AND_PEOPLE))
def test_so_does_that_of_a_key_or_a_person(platform: Platform, method: str) -> None:
    KEYS_AND_PEOPLE[method](platform)
    told = [entry for entry in platform.audit_log() if entry.actor == "somebody"]
    assert told
    for entry in told:
        is_new = entry.action in ("created", "added")
        assert entry.data.keys() == ({entry.entity_type} if is_new else {"before", "after"})
    assert platform.verify_audit_log().is_whole


def test_every_change_there_is_is_among_these(platform: Platform) -> None:
    changes = {
        name
        for name in dir(platform)
        if not name.startswith("_")
        and callable(method := getattr(platform, name))
        and "actor" in inspect.signature(method).parameters
    }
    assert changes == {method for method, *_ in CHANGES} | KEYS_AND_PEOPLE.keys()


def test_a_layer_tells_which_experiment_claimed_a_range_and_gave_it_back(platform: Platform) -> None:
    platform.create_layer("search")
    _experiment(platform, layer="search", layer_range=(0, 40))
    platform.update_experiment("it", layer_range=(0, 60), actor="ana")
    platform.archive_experiment("it", actor="ben")
    found = platform.audit_log(entity_type="layer", entity_id="search", action="range_changed")
    assert [(each.actor, each.data) for each in reversed(found.items)] == [
        ("the settings", {"experiment_id": "it", "before": None, "after": [0, 40]}),
        ("ana", {"experiment_id": "it", "before": [0, 40], "after": [0, 60]}),
        ("ben", {"experiment_id": "it", "before": [0, 60], "after": None}),
    ]


def test_a_change_that_changes_nothing_leaves_no_entry(platform: Platform) -> None:
    _experiment(platform)
    _flag(platform)
    platform.update_experiment("it", name="Prices")
    platform.update_experiment_status("it", "draft")
    platform.transfer_experiment_ownership("it", "ada")
    platform.update_feature_flag("it", default="off")
    platform.remove_override("u", "it")
    assert [each.action for each in platform.audit_log()] == ["created", "created"]


def _before_and_after(entry: AuditEntry) -> tuple[Any, Any]:
    """Return what the entry tells, whichever of the documented forms its data has."""
    data = entry.data
    if entry.action == "removed":
        return data[entry.entity_type], None
    if entry.action == "created":
        return None, data[entry.entity_type]
    if entry.action == "override_removed":
        return data, None
    if entry.action in ("override_added", "published", "rolled_back"):
        return data["before"], data
    for name in ("status", "owner"):
        if f"new_{name}" in data:
            return {name: data[f"previous_{name}"]}, {name: data[f"new_{name}"]}
    return data["before"], data["after"]


def _part_of(found: Any, wanted: Any) -> Any:
    """Return of what was found what is wanted: the rest of a definition is not repeated here."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        return {key: _part_of(found.get(key), value) for key, value in wanted.items()}
    return found
