"""What is odd but good goes in and comes out unchanged, in every profile."""

from __future__ import annotations

import uuid
from datetime import datetime

import pytest

import variate
from tests.acceptance.deployments import Deployment

ODD = [
    "a" * 1_024,
    "é" * 512,
    " ",
    "a:b:%",
    "😀",
    "line\nbreak",
    "';--",
    "\x01",
    "Ω≈ç√",
    "\u202e",
    "{x}",
    "\\u0000",
    "%s",
    "null",
]


def test_odd_text_goes_in_and_comes_out_unchanged(deployment: Deployment) -> None:
    for name in ODD:
        _goes_in_and_comes_out(name)
    assert len(variate.get_active_feature_flags()) == len(ODD)
    assert len(variate.list_active_experiments()) == len(ODD)


def _goes_in_and_comes_out(name: str) -> None:
    title = name if name.strip() else "blank"
    experiment = variate.create_experiment(title, name, [{"name": name, "value": {name: name}}], owner=title)
    assert variate.get_experiment(experiment["id"]) == experiment
    assert variate.list_experiments(owner=title) == [experiment]
    assert variate.update_experiment_with_override(experiment["id"], "active", name, name)["override_added"]
    assert (variate.get_override(name, experiment["id"]) or {})["value"] == name
    assert variate.create_assignment(name, name, name) == variate.get_user_assignment(name, name)
    assert variate.get_experiment_assignments(name)["items"][0]["user_id"] == name
    event = variate.record_event(name, name, {name: name}, experiment_id=name, event_id=name)
    assert variate.get_user_events(name, event_type=name)["items"] == [event]
    flag = variate.create_feature_flag(title, name, {name: [name]}, status="active")
    assert variate.get_feature_flag(flag["id"]) == flag
    assert variate.get_active_feature_flags(limit=1) == [flag]
    assert variate.cache_experiment_assignment(name, name, name)
    assert variate.get_cached_experiment_assignment(name, name) == name
    assert variate.cache_feature_flag(name, name, {name: name})
    assert variate.get_cached_feature_flag(name, name) == {name: name}
    assert variate.check_rate_limit(f"{uuid.uuid4()}{name}"[:512], 1, 60)[0]


def test_ids_that_share_their_parts_are_kept_apart(deployment: Deployment) -> None:
    variate.cache_experiment_assignment("a:b", "c", "first")
    variate.cache_experiment_assignment("a", "b:c", "second")
    assert variate.get_cached_experiment_assignment("a:b", "c") == "first"
    assert variate.create_assignment("a:b", "c", "first")["variation"] == "first"
    assert variate.create_assignment("a", "b:c", "second")["variation"] == "second"
    # composed and decomposed, upper and lower: other ids
    for user in ("\u00e9", "e\u0301", "E\u0301", "É"):
        assert variate.create_assignment(user, "e", user)["variation"] == user


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00Z", "0987-06-05T04:03:02.000001Z", "9999-12-31T23:59:59.999999Z"]
)
def test_the_ends_of_time_are_moments_like_others(deployment: Deployment, moment: str) -> None:
    event = variate.record_event("user-1", "view", {}, timestamp=moment)
    now = variate.record_event("user-1", "view", {})
    assert datetime.fromisoformat(event["timestamp"]) == datetime.fromisoformat(moment)
    expected = [now, event] if moment < now["timestamp"] else [event, now]
    assert variate.get_user_events("user-1")["items"] == expected
    assert variate.get_user_events("user-1", start_time=moment, end_time=moment)["items"] == [event]


def test_the_biggest_event_that_is_taken_is_stored(deployment: Deployment) -> None:
    """390,000 bytes of data, and every other field as long as it may be."""
    longest = "u" * 1_024
    data = "x" * 389_998
    event = variate.record_event(longest, "t" * 1_024, data, experiment_id="e" * 1_024, event_id="i" * 1_024)
    assert variate.get_user_events(longest)["items"] == [event]
    wide = {"user_id": "é" * 512, "event_type": "t", "data": ["é" * 194_990], "id": "é" * 512}
    [verdict] = variate.batch_create_events([wide])
    assert verdict["status"] == "accepted"


def test_the_widest_experiment_that_is_taken_is_stored_and_served(deployment: Deployment) -> None:
    variations = [{"name": f"v{n}", "value": "é" * 150, "weight": n + 0.5} for n in range(100)]
    experiment = variate.create_experiment("Wide", "", variations)
    active = variate.update_experiment_status(experiment["id"], "active")
    with deployment.backends() as backends:
        copy = backends.serving.get(experiment["id"])
    assert active is not None
    assert copy is not None
    assert (copy.revision, len(copy.variations)) == (active["revision"], 100)
    assert [variation["weight"] for variation in active["variations"]] == [n + 0.5 for n in range(100)]


def test_the_biggest_flag_that_is_taken_is_stored_and_its_change_is_logged(deployment: Deployment) -> None:
    """80,000 bytes of rules before and after, in one audit entry."""
    flag = variate.create_feature_flag("big", "é" * 25_000, "a" * 79_998)
    changed = variate.update_feature_flag(flag["id"], rules="b" * 79_998)
    assert variate.get_feature_flag(flag["id"]) == changed
    newest = variate.get_audit_log(entity_id=flag["id"])["items"][0]
    assert newest["data"] == {"before": {"rules": "a" * 79_998}, "after": {"rules": "b" * 79_998}}


def test_a_thousand_is_the_biggest_page(deployment: Deployment) -> None:
    assert variate.get_user_events("nobody", limit=1_000) == {"items": [], "last_key": None}
    assert variate.list_experiments(limit=1_000) == []
