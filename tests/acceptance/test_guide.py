"""The guide's calls, as a user writes them with ``import variate`` in place of the guide's definitions."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Mapping
from typing import Any

import pytest

import variate
from tests.acceptance import guide
from tests.acceptance.deployments import Deployment
from variate import (
    api_request_handler,
    batch_create_events,
    cache_experiment_assignment,
    cache_feature_flag,
    cache_get,
    check_rate_limit,
    create_assignment,
    create_experiment,
    create_feature_flag,
    get_active_feature_flags,
    get_cached_experiment_assignment,
    get_cached_feature_flag,
    get_experiment,
    get_experiment_assignments,
    get_experiment_with_cache,
    get_user_assignment,
    get_user_events,
    list_active_experiments,
    record_event,
    transfer_experiment_ownership,
    update_experiment_status,
    update_experiment_with_override,
    update_feature_flag_status,
    with_retry,
)
from variate.errors import NotFoundError

VARIATIONS: list[dict[str, Any]] = [
    {"name": "control", "description": "as it is", "value": {"colour": "blue"}, "weight": 1},
    {"name": "green", "value": {"colour": "green", "size": 1.25}},
]

in_every_profile = pytest.mark.parametrize("deployment", ["local", "postgres_alone", "postgres", "aws"], indirect=True)


def has_shape(result: Any, shape: Mapping[str, type]) -> bool:
    """Whether the result is a dict that JSON takes, with these keys at least and these types."""
    assert isinstance(result, dict)
    assert result.keys() >= shape.keys()
    for key, kind in shape.items():
        assert kind is object or type(result[key]) is kind, (key, result[key])
    assert json.loads(json.dumps(result)) == result
    return True


def some_id(kind: str) -> str:
    return f"{kind}-{uuid.uuid4()}"


@in_every_profile
def test_experiments(deployment: Deployment) -> None:
    experiment = create_experiment("Button colour", "Which sells more", VARIATIONS, owner="ada@example.com")
    assert has_shape(experiment, guide.EXPERIMENT)
    assert all(has_shape(variation, guide.VARIATION) for variation in experiment["variations"])
    assert (experiment["name"], experiment["description"]) == ("Button colour", "Which sells more")
    assert (experiment["status"], experiment["owner"]) == ("draft", "ada@example.com")
    written = [(v["name"], v["description"], v["value"], v["weight"]) for v in experiment["variations"]]
    assert written == [
        ("control", "as it is", {"colour": "blue"}, 1),
        ("green", "", {"colour": "green", "size": 1.25}, 1),
    ]
    assert {v["experiment_id"] for v in experiment["variations"]} == {experiment["id"]}

    assert get_experiment(experiment["id"]) == experiment
    assert get_experiment(str(uuid.uuid4())) is None
    assert get_experiment("no UUID at all") is None

    assert list_active_experiments() == []
    active = update_experiment_status(experiment["id"], "active")
    assert active is not None
    assert has_shape(active, guide.EXPERIMENT)
    assert active["status"] == "active"
    assert active["updated_at"] > experiment["updated_at"]
    assert active["created_at"] == experiment["created_at"]
    assert list_active_experiments() == [active]
    assert update_experiment_status(str(uuid.uuid4()), "active") is None

    handed_over = transfer_experiment_ownership(experiment["id"], "grace@example.com")
    assert has_shape(handed_over, guide.EXPERIMENT)
    assert handed_over["owner"] == "grace@example.com"
    with pytest.raises(ValueError, match="not found"):
        transfer_experiment_ownership("unknown", "grace@example.com")


@in_every_profile
def test_an_experiment_without_owner_description_or_weights(deployment: Deployment) -> None:
    experiment = create_experiment("Bare", "", [{"name": "only"}])
    assert experiment["owner"] is None
    [variation] = experiment["variations"]
    assert (variation["value"], variation["weight"], variation["description"]) == ({}, 1, "")


@in_every_profile
def test_assignments(deployment: Deployment) -> None:
    experiment_id = some_id("experiment")
    first = create_assignment("user-1", experiment_id, "control")
    assert has_shape(first, guide.ASSIGNMENT)
    assert (first["user_id"], first["experiment_id"], first["variation"]) == ("user-1", experiment_id, "control")
    assert first["ttl"] - first["assigned_at"] in range(30 * 86_400, 30 * 86_400 + 2)
    assert get_user_assignment("user-1", experiment_id) == first
    assert get_user_assignment("user-2", experiment_id) is None
    assert get_user_assignment("user-1", "another") is None

    brief = create_assignment("user-2", experiment_id, "green", ttl_days=1)
    assert brief["ttl"] - brief["assigned_at"] in range(86_400, 86_400 + 2)
    create_assignment("user-3", experiment_id, "green", ttl_days=2)

    page = get_experiment_assignments(experiment_id)
    assert has_shape(page, guide.PAGE)
    assert [item["user_id"] for item in page["items"]] == ["user-3", "user-2", "user-1"]
    assert page["items"][2] == first
    assert page["last_key"] is None
    page = get_experiment_assignments(experiment_id, limit=2)
    assert [item["user_id"] for item in page["items"]] == ["user-3", "user-2"]
    page = get_experiment_assignments(experiment_id, limit=2, last_key=page["last_key"])
    assert [item["user_id"] for item in page["items"]] == ["user-1"]
    assert page["last_key"] is None
    assert get_experiment_assignments("unknown") == {"items": [], "last_key": None}


@in_every_profile
def test_events(deployment: Deployment) -> None:
    user = some_id("user")
    event = record_event(user, "purchase", {"price": 1, "items": ["a", {"b": None}], "gift": True})
    assert has_shape(event, guide.EVENT)
    assert "experiment_id" not in event
    assert event["data"] == {"price": 1, "items": ["a", {"b": None}], "gift": True}
    assert event["timestamp"].endswith("Z")
    view = record_event(user, "view", {"page": "/"}, experiment_id="e-1", ttl_days=1)
    assert view["experiment_id"] == "e-1"
    assert event["ttl"] - view["ttl"] in range(89 * 86_400 - 5, 89 * 86_400 + 1)

    found = get_user_events(user)
    assert has_shape(found, guide.PAGE)
    assert found == {"items": [view, event], "last_key": None}
    assert get_user_events(user, event_type="view")["items"] == [view]
    assert get_user_events(user, event_type="refund")["items"] == []
    assert get_user_events(user, start_time=view["timestamp"])["items"] == [view]
    assert get_user_events(user, end_time=event["timestamp"])["items"] == [event]
    both = get_user_events(user, start_time=event["timestamp"], end_time=view["timestamp"], limit=1)
    assert both["items"] == [view]
    # The guide's own way to write a time, whole seconds and ".000Z"
    assert (
        get_user_events(user, start_time="2001-01-01T00:00:00.000Z", end_time="2002-01-01T00:00:00.000Z")["items"] == []
    )
    assert get_user_events("nobody") == {"items": [], "last_key": None}


@in_every_profile
def test_a_batch_of_events(deployment: Deployment) -> None:
    user = some_id("user")
    verdicts = batch_create_events(
        [{"user_id": user, "event_type": "click", "data": {"n": n}} for n in range(60)]  # more than DynamoDB's 25
    )
    assert [verdict["status"] for verdict in verdicts] == ["accepted"] * 60
    assert json.loads(json.dumps(verdicts)) == verdicts
    stored = get_user_events(user, limit=100)["items"]
    assert [event["data"]["n"] for event in stored] == list(reversed(range(60)))
    assert [event["id"] for event in stored] == [verdict["id"] for verdict in reversed(verdicts)]
    assert all(has_shape(event, guide.EVENT) for event in stored)
    assert batch_create_events([]) == []


@in_every_profile
def test_feature_flags(deployment: Deployment) -> None:
    rules = {"countries": ["DE", "FR"], "share": 0.25}
    flag = create_feature_flag("new-checkout", "The short form", rules)
    assert has_shape(flag, guide.FLAG)
    assert (flag["status"], flag["rules"]) == ("inactive", rules)
    assert get_active_feature_flags() == []
    second = create_feature_flag("dark-mode", "", {}, status="active")
    active = update_feature_flag_status(flag["id"], "active")
    assert has_shape(active, guide.FLAG)
    assert active["status"] == "active"
    assert active["updated_at"] > flag["updated_at"]
    assert get_active_feature_flags() == [active, second]
    assert json.dumps(get_active_feature_flags())


@in_every_profile
def test_hot_values(deployment: Deployment) -> None:
    user, experiment_id, flag_id = some_id("user"), some_id("experiment"), some_id("flag")
    assert get_cached_experiment_assignment(user, experiment_id) is None
    assert cache_experiment_assignment(user, experiment_id, "green") is True
    assert get_cached_experiment_assignment(user, experiment_id) == "green"
    assert get_cached_feature_flag(user, flag_id) is None
    assert cache_feature_flag(user, flag_id, True) is True
    assert get_cached_feature_flag(user, flag_id) is True
    assert cache_feature_flag(user, flag_id, False, ttl=60) is True
    assert get_cached_feature_flag(user, flag_id) is False

    fetches: list[int] = []

    def fetch() -> dict[str, int]:
        fetches.append(1)
        return {"answer": 42}

    key = some_id("key")
    assert [cache_get(key, fetch) for _ in range(3)] == [{"answer": 42}] * 3
    assert len(fetches) == 1


@in_every_profile
def test_an_experiment_from_the_cache(deployment: Deployment) -> None:
    experiment = create_experiment("Cached", "", VARIATIONS)
    for _ in range(2):
        assert get_experiment_with_cache(experiment["id"]) == experiment
    active = update_experiment_status(experiment["id"], "active")
    assert get_experiment_with_cache(experiment["id"]) == active
    assert get_experiment_with_cache(some_id("unknown")) is None


@in_every_profile
def test_rate_limits(deployment: Deployment) -> None:
    key = some_id("rate:ip")
    allowed, count, ttl = check_rate_limit(key, 2, 60)
    assert (allowed, count) == (True, 1)
    assert ttl in range(55, 61)
    assert check_rate_limit(key, 2, 60)[:2] == (True, 2)
    allowed, count, ttl = check_rate_limit(key, 2, 60)
    assert (allowed, count) == (False, 2)
    assert ttl in range(55, 61)


@in_every_profile
def test_the_request_handler(deployment: Deployment) -> None:
    request = {"client_ip": some_id("192.0.2.1")}
    for _ in range(100):
        assert api_request_handler(request) is None
    refusal = api_request_handler(request)
    assert refusal is not None
    assert refusal["statusCode"] == 429
    assert json.loads(refusal["body"]) == {
        "error": "Rate limit exceeded",
        "retryAfter": int(refusal["headers"]["Retry-After"]),
    }
    assert json.dumps(refusal)

    @api_request_handler(max_requests=1)
    def handle(request: dict[str, str], greeting: str = "hello") -> str:
        return f"{greeting} {request['name']}"

    @api_request_handler(max_requests=1)
    async def handle_later(request: dict[str, str]) -> str:
        return request["name"]

    later = {"client_ip": some_id("192.0.2.3"), "name": "ada"}
    assert asyncio.run(handle_later(later)) == "ada"
    assert asyncio.run(handle_later(later))["statusCode"] == 429

    caller = {"client_ip": some_id("192.0.2.2"), "name": "ada"}
    assert handle(caller, greeting="good day") == "good day ada"
    assert handle(caller)["statusCode"] == 429


@in_every_profile
def test_a_status_with_an_override(deployment: Deployment) -> None:
    experiment = create_experiment("Overridden", "", VARIATIONS)
    answer = update_experiment_with_override(experiment["id"], "active")
    assert answer == {"experiment_id": experiment["id"], "status": "active", "override_added": False}
    answer = update_experiment_with_override(experiment["id"], "paused", user_id="user-1", variation="green")
    assert answer == {"experiment_id": experiment["id"], "status": "paused", "override_added": True}
    found = get_experiment(experiment["id"])
    assert found is not None
    assert found["status"] == "paused"
    override = variate.get_override("user-1", experiment["id"])
    assert override is not None
    guides = {"id": str, "user_id": str, "target_id": str, "type": str, "value": str, "created_at": str, "ttl": int}
    assert has_shape(override, guides)
    assert (override["target_id"], override["type"], override["value"]) == (experiment["id"], "experiment", "green")


def test_retries() -> None:
    assert with_retry(lambda: 7) == 7


@in_every_profile
def test_what_the_guide_implies_and_leaves_out(deployment: Deployment) -> None:
    experiment = create_experiment("Implied", "", VARIATIONS)
    changed = variate.update_experiment(experiment["id"], name="Renamed", variations=[*VARIATIONS, {"name": "red"}])
    assert changed["name"] == "Renamed"
    assert [v["id"] for v in changed["variations"]][:2] == [v["id"] for v in experiment["variations"]]
    assert variate.list_experiments() == [changed]
    variate.create_override("user-1", experiment["id"], "red", reason="the tester")
    assert [o["reason"] for o in variate.list_overrides(experiment["id"])["items"]] == ["the tester"]
    assert variate.remove_override("user-1", experiment["id"]) is True
    assert variate.remove_override("user-1", experiment["id"]) is False
    assert variate.get_override("user-1", experiment["id"]) is None
    assert variate.archive_experiment(experiment["id"])["status"] == "archived"
    log = variate.get_audit_log(entity_id=experiment["id"])["items"]
    actions = ["status_change", "override_removed", "override_added", "updated", "created"]
    assert [entry["action"] for entry in log] == actions
    assert json.loads(json.dumps(log)) == log

    flag = create_feature_flag("f", "", {"a": 1})
    assert variate.get_feature_flag(flag["id"]) == flag
    assert variate.update_feature_flag(flag["id"], rules={"a": 2})["rules"] == {"a": 2}
    assert variate.archive_feature_flag(flag["id"])["status"] == "archived"
    assert [f["status"] for f in variate.list_feature_flags()] == ["archived"]
    assert [e["action"] for e in variate.get_audit_log(entity_type="flag")["items"]] == [
        "status_change",
        "updated",
        "created",
    ]
    create_assignment("user-1", "b", "x")
    create_assignment("user-1", "a", "x")
    assert [a["experiment_id"] for a in variate.get_user_assignments("user-1")["items"]] == ["a", "b"]
    with pytest.raises(NotFoundError):
        variate.update_experiment("unknown", name="x")
