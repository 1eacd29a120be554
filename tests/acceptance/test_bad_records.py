"""Bad assignments, events, hot values and limits: an error that names the field and the rule, and nothing written."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

import variate
from tests.acceptance import bad_values as bad
from tests.acceptance.bad_values import Case, cases, failures
from tests.acceptance.deployments import Deployment

DIMENSIONS: list[Any] = [
    *(7, "country", ["country"]),
    *({"country": each} for each in bad.TEXTS),
    *({each: ""} for each in bad.NAMES[:6]),
]
IDS = [value for value in bad.IDS if value is not None]


def assignment_cases() -> list[Case]:
    assign, one = variate.create_assignment, variate.get_user_assignment
    of_experiment, of_user = variate.get_experiment_assignments, variate.get_user_assignments
    return [
        *cases("assign", "user_id", bad.IDS, lambda u: assign(u, "e", "v")),
        *cases("assign to", "experiment_id", bad.IDS, lambda e: assign("u", e, "v")),
        *cases("assign", "variation", bad.IDS, lambda v: assign("u", "e", v)),
        *cases("assign for", "ttl_days", bad.DAYS, lambda d: assign("u", "e", "v", ttl_days=d)),
        *cases("assignment of", "user_id", bad.IDS, lambda u: one(u, "e")),
        *cases("assignment to", "experiment_id", bad.IDS, lambda e: one("u", e)),
        *cases("assignments to", "experiment_id", bad.IDS, of_experiment),
        *cases("assignments to", "limit", bad.LIMITS, lambda n: of_experiment("e", limit=n)),
        *cases("assignments to", "last_key", bad.LAST_KEYS, lambda k: of_experiment("e", last_key=k)),
        *cases("assignments of", "user_id", bad.IDS, of_user),
        *cases("assignments of", "limit", bad.LIMITS, lambda n: of_user("u", limit=n)),
        *cases("assignments of", "last_key", bad.LAST_KEYS, lambda k: of_user("u", last_key=k)),
    ]


def event_cases() -> list[Case]:
    record, read, batch = variate.record_event, variate.get_user_events, variate.batch_create_events
    return [
        *cases("record", "user_id", bad.IDS, lambda u: record(u, "view", {})),
        *cases("record", "event_type", bad.IDS, lambda t: record("u", t, {})),
        *cases("record", "experiment_id", IDS, lambda e: record("u", "view", {}, e)),
        *cases("record", "id", IDS, lambda i: record("u", "view", {}, event_id=i)),
        *cases("record", "data", bad.bad_documents(), lambda d: record("u", "view", d)),
        *cases("record", "ttl_days", bad.DAYS, lambda d: record("u", "view", {}, ttl_days=d)),
        *cases("record from", "sender", IDS, lambda s: record("u", "view", {}, sender=s, number=1)),
        *cases("number", "number", [0, *bad.COUNTS[1:6]], lambda n: record("u", "view", {}, sender="s", number=n)),
        *cases("expose", "dimensions", DIMENSIONS, lambda d: variate.record_exposure("u", "e", "v", dimensions=d)),
        *cases("record at", "timestamp", bad.TIMES, lambda t: record("u", "view", {}, timestamp=t)),
        *cases("events of", "user_id", bad.IDS, read),
        *cases("events of type", "event_type", IDS, lambda t: read("u", t)),
        *cases("events from", "start_time", bad.TIMES, lambda t: read("u", start_time=t)),
        *cases("events to", "end_time", bad.TIMES, lambda t: read("u", end_time=t)),
        *cases("events", "limit", bad.LIMITS, lambda n: read("u", limit=n)),
        *cases("events", "last_key", bad.LAST_KEYS, lambda k: read("u", last_key=k)),
        *cases("batch", "events", ["events", b"events", {"user_id": "u"}, None, 7], batch),
    ]


def hot_cases() -> list[Case]:
    cache_assignment, cached_assignment = variate.cache_experiment_assignment, variate.get_cached_experiment_assignment
    cache_flag, cached_flag, cache_get = variate.cache_feature_flag, variate.get_cached_feature_flag, variate.cache_get
    documents = bad.bad_documents()
    *fetched, _, _ = documents  # a cache takes more than a store does
    return [
        *cases("cache", "user_id", bad.IDS, lambda u: cache_assignment(u, "e", "v")),
        *cases("cache", "experiment_id", bad.IDS, lambda e: cache_assignment("u", e, "v")),
        *cases("cache", "variation", bad.IDS, lambda v: cache_assignment("u", "e", v)),
        *cases("cache for", "ttl", bad.SECONDS, lambda s: cache_assignment("u", "e", "v", ttl=s)),
        *cases("cached", "user_id", bad.IDS, lambda u: cached_assignment(u, "e")),
        *cases("cached", "experiment_id", bad.IDS, lambda e: cached_assignment("u", e)),
        *cases("cache flag", "feature_id", bad.IDS, lambda f: cache_flag("u", f, True)),
        *cases("cache flag", "user_id", bad.IDS, lambda u: cache_flag(u, "f", True)),
        *cases("cache flag", "value", documents, lambda v: cache_flag("u", "f", v)),
        *cases("cache flag for", "ttl", bad.SECONDS, lambda s: cache_flag("u", "f", True, ttl=s)),
        *cases("cached flag", "feature_id", bad.IDS, lambda f: cached_flag("u", f)),
        *cases("cached flag", "user_id", bad.IDS, lambda u: cached_flag(u, "f")),
        *cases("cache_get", "key", bad.IDS, lambda k: cache_get(k, lambda: 1)),
        *cases("cache_get for", "ttl", bad.SECONDS, lambda s: cache_get("key", lambda: 1, ttl=s)),
        *cases("cache_get of", "value", fetched, lambda v: cache_get(f"key-{uuid.uuid4()}", lambda: v)),
    ]


def counted_cases(check: Callable[..., object]) -> list[Case]:
    return [
        *cases("limit", "key", bad.IDS, lambda k: check(k, 1, 1)),
        *cases("limit", "max_requests", bad.COUNTS, lambda n: check("key", n, 1)),
        *cases("limit", "window_seconds", bad.COUNTS, lambda n: check("key", 1, n)),
    ]


def limit_cases() -> list[Case]:
    handle = variate.api_request_handler(lambda request: "done")
    retry: Callable[..., object] = variate.with_retry
    request: Callable[..., object] = variate.api_request_handler
    return [
        *counted_cases(variate.check_rate_limit),
        *counted_cases(variate.check_sliding_rate_limit),
        *cases("request", "request", ["GET /", 7, ["GET"]], request),
        *cases("request to a handler", "request", ["GET /", 7, None], handle),
        *cases("retries", "max_retries", [-1, 1.5, "3", None, True, bad.ENDLESS], lambda n: retry(int, max_retries=n)),
        *cases("delay", "base_delay", [-1, *bad.SECONDS[2:]], lambda s: retry(int, base_delay=s)),
        *cases("call", "func", [None, 7, "call"], retry),
    ]


@pytest.mark.parametrize("made", [assignment_cases, event_cases, hot_cases, limit_cases])
def test_a_bad_record_is_refused_and_nothing_is_written(deployment: Deployment, made: Callable[[], list[Case]]) -> None:
    variate.create_experiment("Good", "", [{"name": "control"}])
    before = deployment.contents()
    assert failures(made()) == ""
    assert deployment.contents() == before


def test_a_batch_stores_the_good_events_and_says_why_not_the_others(deployment: Deployment) -> None:
    good = {"user_id": "user-1", "event_type": "view", "data": {"n": 1}}
    given: list[tuple[str, Any]] = [
        ("event", None),
        ("event", "text"),
        ("user_id", {"event_type": "view", "data": {}}),
        ("data", {"user_id": "u", "event_type": "view"}),
        ("user_id", {**good, "user_id": ""}),
        ("user_id", {**good, "user_id": bad.LONG}),
        ("event_type", {**good, "event_type": bad.NUL}),
        ("data", {**good, "data": {"x": math.nan}}),
        ("data", {**good, "data": "x" * 400_001}),
        ("data", {**good, "data": bad.SURROGATE}),
        ("timestamp", {**good, "timestamp": bad.NAIVE}),
        ("timestamp", {**good, "timestamp": datetime.min.replace(tzinfo=timezone(timedelta(hours=1)))}),
        ("ttl_days", {**good, "ttl_days": -1}),
        ("ttl_days", {**good, "ttl_days": bad.ENDLESS}),
        ("id", {**good, "id": ""}),
        ("id", {**good, "id": bad.LONG}),
        ("experiment_id", {**good, "experiment_id": 7}),
        ("userid", {**good, "userid": "misspelt"}),
    ]
    batch: list[Any] = []
    for place, (_, event) in enumerate(given):
        batch += [event, {**good, "id": f"good-{place}"}]
    verdicts = variate.batch_create_events(batch)
    assert [verdict["status"] for verdict in verdicts] == ["rejected", "accepted"] * len(given)
    assert [verdict["field"] for verdict in verdicts[::2]] == [field for field, _ in given]
    assert all(verdict["reason"] for verdict in verdicts[::2])
    stored = variate.get_user_events("user-1", limit=100)["items"]
    assert [event["id"] for event in stored] == [f"good-{place}" for place in reversed(range(len(given)))]
    # the same again is known by its ids
    again = variate.batch_create_events(batch)
    assert [verdict["status"] for verdict in again] == ["rejected", "duplicate"] * len(given)
    assert len(variate.get_user_events("user-1", limit=100)["items"]) == len(given)


def test_a_bad_batch_leaves_nothing(deployment: Deployment) -> None:
    variate.list_active_experiments()
    before = deployment.contents()
    [verdict] = variate.batch_create_events([{"user_id": "", "event_type": "view", "data": {}, "id": "e-1"}])
    assert verdict == {"id": "e-1", "status": "rejected", "field": "user_id", "reason": "must not be empty"}
    assert deployment.contents() == before
