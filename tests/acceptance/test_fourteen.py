"""The fourteen things the guide's own code gets wrong (DESIGN, section 6), each done right.

Every docstring says what the guide's code does instead, which is why the test would fail on it.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter
from datetime import datetime
from itertools import count
from typing import Any

import pytest

import variate
from tests.acceptance.callers import all_at_once
from tests.acceptance.deployments import Deployment
from tests.engines.waiting import wait_until
from variate import (
    batch_create_events,
    cache_get,
    check_rate_limit,
    create_assignment,
    create_experiment,
    create_feature_flag,
    get_active_feature_flags,
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
)
from variate.errors import NotFoundError

VARIATIONS = [{"name": "control"}, {"name": "green"}]

with_redis = pytest.mark.parametrize("deployment", ["postgres", "aws"], indirect=True)
in_aws = pytest.mark.parametrize("deployment", ["aws"], indirect=True)


def some_id(kind: str) -> str:
    return f"{kind}-{uuid.uuid4()}"


def new_experiment(**given: Any) -> str:
    identity: str = create_experiment("Fourteen", "", VARIATIONS, **given)["id"]
    return identity


def test_01_a_transfer_logs_the_previous_owner(deployment: Deployment) -> None:
    """The guide reads the owner after it has written the new one, and logs that one twice."""
    experiment_id = new_experiment(owner="ada")
    assert transfer_experiment_ownership(experiment_id, "grace")["owner"] == "grace"
    entry = variate.default_platform().audit_log(entity_id=experiment_id)[0]
    assert (entry.entity_type, entry.action) == ("experiment", "ownership_change")
    assert entry.data == {"previous_owner": "ada", "new_owner": "grace"}
    assert entry.actor
    assert entry.created_at.utcoffset() is not None


def test_01_many_transfers_at_once_are_a_chain_without_gaps(deployment: Deployment) -> None:
    """The guide's log holds pairs of equal owners, whoever was first."""
    experiment_id = new_experiment(owner="owner")
    all_at_once(8, lambda index: transfer_experiment_ownership(experiment_id, f"owner-{index}"))
    log = [entry.data for entry in variate.default_platform().audit_log(entity_id=experiment_id)][:-1]
    assert [each["previous_owner"] for each in log] == [each["new_owner"] for each in log[1:]] + ["owner"]
    found = get_experiment(experiment_id)
    assert found is not None
    assert found["owner"] == log[0]["new_owner"]


def test_02_a_user_holds_one_variation_of_an_experiment(deployment: Deployment) -> None:
    """The guide stores two assignments under two random ids and then returns either."""
    experiment_id = some_id("experiment")
    first = create_assignment("user-1", experiment_id, "control")
    assert create_assignment("user-1", experiment_id, "green") == first
    assert get_user_assignment("user-1", experiment_id) == first
    assert get_experiment_assignments(experiment_id)["items"] == [first]


def test_03_numbers_in_events_come_back_as_they_went_in(deployment: Deployment) -> None:
    """boto3 refuses a float, and gives a whole number back as a Decimal, which JSON refuses."""
    for number in (1.5, 0.1, -2.75e-7, 1e22, 5e-324, 3, 2**53 + 1, 2**80, 0.0, -0.0):
        user, data = some_id("user"), {"price": number, "nested": [{"again": number}]}
        record_event(user, "purchase", data)
        [verdict] = batch_create_events([{"user_id": user, "event_type": "purchase", "data": data}])
        assert verdict["status"] == "accepted"
        for event in get_user_events(user)["items"]:
            assert event["data"] == data
            assert repr(event["data"]["price"]) == repr(event["data"]["nested"][0]["again"]) == repr(number)
            assert json.loads(json.dumps(event)) == event


def test_04_an_experiment_can_be_cached(deployment: Deployment) -> None:
    """The guide hands datetimes and UUIDs to json.dumps, which raises TypeError."""
    experiment = create_experiment("Cached", "", [{"name": "control", "value": {"n": 1.5}}])
    assert [get_experiment_with_cache(experiment["id"]) for _ in range(3)] == [experiment] * 3
    assert json.dumps(get_experiment_with_cache(experiment["id"]))


def test_05_concurrent_callers_pass_the_limit_and_no_more(deployment: Deployment) -> None:
    """The guide reads and then writes: all callers that read together pass."""
    key = some_id("rate")
    answers = all_at_once(50, lambda _: check_rate_limit(key, 10, 60))
    assert Counter(allowed for allowed, _, _ in answers) == {True: 10, False: 40}
    assert sorted(count for allowed, count, _ in answers if allowed) == list(range(1, 11))
    assert {count for allowed, count, _ in answers if not allowed} == {10}


@with_redis
def test_05_a_count_without_expiry_does_not_block_for_ever(deployment: Deployment) -> None:
    """The guide finds the count at its limit and a time to live of -1, and says so until somebody deletes the key."""
    key = some_id("rate")
    with deployment.redis() as client:
        client.set(key, 10)
    allowed, count, ttl = check_rate_limit(key, 10, 1)
    assert (allowed, count, ttl) == (False, 10, 1)
    wait_until(lambda: check_rate_limit(key, 10, 1)[0], seconds=3, what="the end of the window")


def test_06_every_value_is_cached_the_empty_ones_too(deployment: Deployment) -> None:
    """The guide fetches what is empty again each time, gives 0 back as text, and cannot store a bool."""
    values: list[object] = [0, False, "", [], {}, None, True, 1.5, "text", "0", "null", {"a": [1]}]
    for value in values:
        key, fetches = some_id("key"), list[object]()

        def fetch(value: object = value, fetches: list[object] = fetches) -> object:
            fetches.append(value)
            return value

        for _ in range(3):
            found = cache_get(key, fetch)
            assert found == value
            assert type(found) is type(value)
        assert len(fetches) == 1, value


def test_06_of_many_callers_one_fetches(deployment: Deployment) -> None:
    """In the guide every caller that misses asks the source at once."""
    key, fetches = some_id("key"), count(1)
    assert all_at_once(20, lambda _: cache_get(key, lambda: [next(fetches)])) == [[1]] * 20


def test_07_a_status_for_an_unknown_flag_makes_no_half_empty_item(deployment: Deployment) -> None:
    """DynamoDB's UpdateItem makes an item of what it is given: a flag with a status and nothing else."""
    list_active_experiments()  # the local profile makes its file at the first use
    before = deployment.contents()
    with pytest.raises(NotFoundError):
        update_feature_flag_status(some_id("flag"), "active")
    assert get_active_feature_flags() == []
    assert deployment.contents() == before


def test_07_an_override_for_an_unknown_experiment_makes_no_half_empty_item(deployment: Deployment) -> None:
    """As above, for the experiments table; and the override is stored, too."""
    list_active_experiments()
    before, experiment_id = deployment.contents(), some_id("experiment")
    with pytest.raises(NotFoundError):
        update_experiment_with_override(experiment_id, "active", user_id="user-1", variation="green")
    assert variate.get_override("user-1", experiment_id) is None
    assert deployment.contents() == before


def test_08_a_status_with_override_reaches_the_source_and_the_serving_copy(deployment: Deployment) -> None:
    """The guide changes DynamoDB only: PostgreSQL still says draft."""
    experiment_id = new_experiment()
    update_experiment_with_override(experiment_id, "active", user_id="user-1", variation="green")
    found = get_experiment(experiment_id)
    assert found is not None
    assert found["status"] == "active"
    assert [each["id"] for each in list_active_experiments()] == [experiment_id]
    with deployment.backends() as backends:
        copy = backends.serving.get(experiment_id)
        assert copy is not None
        assert (copy.status, copy.revision) == ("active", found["revision"])
        assert [list(outbox.pending(limit=10)) for outbox in backends.outboxes] == [[] for _ in backends.outboxes]
    override = variate.get_override("user-1", experiment_id)
    assert override is not None
    assert override["value"] == "green"


@in_aws
def test_08_both_engines_say_the_same(deployment: Deployment) -> None:
    """The guide changes DynamoDB only."""
    experiment_id = new_experiment()
    update_experiment_with_override(experiment_id, "active", user_id="user-1", variation="green")
    with variate.pg_client.get_cursor() as cursor:
        cursor.execute("SELECT status FROM experiments WHERE id = %s", (experiment_id,))
        assert cursor.fetchone() == {"status": "active"}
    table = variate.dynamodb_client.get_table("experiments")
    assert table.get_item(Key={"id": experiment_id}, ConsistentRead=True)["Item"]["status"] == "active"
    [item] = variate.dynamodb_client.get_table("overrides").scan()["Items"]
    assert (item["user_id"], item["target_id"], item["value"]) == ("user-1", experiment_id, "green")


def test_09_a_page_of_events_of_one_type_is_full(deployment: Deployment) -> None:
    """The guide reads ``limit`` events and then filters, so a page of 5 holds one of a type that is every fifth."""
    user = some_id("user")
    kinds = ["purchase" if n % 5 == 0 else "view" for n in range(60)]
    batch_create_events([{"user_id": user, "event_type": kind, "data": n} for n, kind in enumerate(kinds)])
    pages, last_key = [], None
    while True:
        page = get_user_events(user, event_type="purchase", limit=5, last_key=last_key)
        pages.append([event["data"] for event in page["items"]])
        last_key = page["last_key"]
        if last_key is None:
            break
        assert isinstance(last_key, str)
    assert pages == [[55, 50, 45, 40, 35], [30, 25, 20, 15, 10], [5, 0]]


def test_10_active_flags_are_all_there_beyond_a_megabyte(deployment: Deployment) -> None:
    """DynamoDB answers a query with at most 1 MB, and the guide reads one answer."""
    rules = {"segments": "x" * 75_000}
    made = [create_feature_flag(f"flag-{n}", "", rules, status="active")["id"] for n in range(16)]
    assert [flag["id"] for flag in get_active_feature_flags()] == made[::-1]


def test_10_active_flags_and_experiments_come_by_pages_where_asked(deployment: Deployment) -> None:
    """The guide has no limit to give: a thousand experiments are a thousand rows."""
    flags = [create_feature_flag(f"flag-{n}", "", {}, status="active")["id"] for n in range(5)]
    experiments = [new_experiment() for _ in range(5)]
    for experiment_id in experiments:
        update_experiment_status(experiment_id, "active")
    for read, made in ((get_active_feature_flags, flags), (list_active_experiments, experiments)):
        found, last_key, sizes = list[str](), None, list[int]()
        while True:
            page = read(limit=2, last_key=last_key)
            found += [each["id"] for each in page]
            sizes.append(len(page))
            last_key = page.last_key
            if last_key is None:
                break
        assert (found, sizes) == (made[::-1], [2, 2, 1])
        assert [each["id"] for each in read()] == made[::-1]


def test_11_events_within_a_second_keep_their_order(deployment: Deployment) -> None:
    """The guide stamps whole seconds."""
    user = some_id("user")
    recorded = [record_event(user, "step", {"n": n}) for n in range(10)]
    assert len({event["timestamp"] for event in recorded}) == 10
    assert get_user_events(user)["items"] == recorded[::-1]
    moments = [datetime.fromisoformat(event["timestamp"]) for event in recorded]
    assert moments == sorted(moments)
    middle = get_user_events(user, start_time=recorded[3]["timestamp"], end_time=recorded[6]["timestamp"])
    assert middle["items"] == recorded[6:2:-1]


def test_11_a_batch_keeps_each_events_experiment(deployment: Deployment) -> None:
    """The guide's batch leaves experiment_id out."""
    user = some_id("user")
    batch_create_events(
        [
            {"user_id": user, "event_type": "view", "data": {}, "experiment_id": "e-1"},
            {"user_id": user, "event_type": "view", "data": {}},
        ]
    )
    newest, oldest = get_user_events(user)["items"]
    assert oldest["experiment_id"] == "e-1"
    assert "experiment_id" not in newest
