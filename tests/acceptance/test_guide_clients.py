"""The guide's clients, names and signatures, and its calls in a process of their own."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
import textwrap
import uuid
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

import variate
from tests.acceptance import guide
from tests.acceptance.deployments import Deployment
from variate import (
    cache_experiment_assignment,
    cache_feature_flag,
    cache_get,
    check_rate_limit,
    create_assignment,
    create_experiment,
    get_cached_feature_flag,
    get_experiment,
    record_event,
)

VARIATIONS: list[dict[str, Any]] = [
    {"name": "control", "description": "as it is", "value": {"colour": "blue"}, "weight": 1},
    {"name": "green", "value": {"colour": "green", "size": 1.25}},
]

in_every_profile = pytest.mark.parametrize("deployment", ["local", "postgres_alone", "postgres", "aws"], indirect=True)


def some_id(kind: str) -> str:
    return f"{kind}-{uuid.uuid4()}"


@pytest.mark.parametrize("name", guide.SIGNATURES)
def test_each_function_takes_what_the_guides_takes_with_its_defaults(name: str) -> None:
    expected = list(_signature_of(guide.SIGNATURES[name]).parameters.values())
    offered = list(inspect.signature(_named(name)).parameters.values())
    if name == "api_request_handler":  # also a decorator with arguments, so the request may be left out
        assert (offered[0].name, offered[0].kind) == (expected[0].name, expected[0].kind)
        return
    for parameter, own in zip(expected, offered, strict=False):
        assert (own.name, own.kind, own.default) == (parameter.name, parameter.kind, parameter.default)
    for further in offered[len(expected) :]:
        assert further.kind is further.VAR_KEYWORD or further.default is not further.empty, (
            f"{further.name} must be optional"
        )
    assert len(offered) >= len(expected)


@pytest.mark.skipif(not guide.GUIDE.exists(), reason="the guide itself is not on this machine")
def test_the_table_of_signatures_is_the_guides() -> None:
    written = guide.defined_in_the_guide()
    del written["lambda_handler"]
    assert written == guide.SIGNATURES


def _named(name: str) -> Callable[..., object]:
    owner, _, method = name.rpartition(".")
    found: Callable[..., object] = getattr(getattr(variate, owner) if owner else variate, method)
    return found


def _signature_of(arguments: str) -> inspect.Signature:
    namespace: dict[str, Any] = {}
    exec(f"def function({arguments}): ...", namespace)
    return inspect.signature(namespace["function"])


def test_every_name_is_there_with_an_import_of_all() -> None:
    namespace: dict[str, object] = {}
    exec("from variate import *", namespace)
    names = {name.partition(".")[0] for name in guide.SIGNATURES}
    assert namespace.keys() >= names | {"pg_client", "dynamodb_client", "redis_client", "default_platform", "errors"}


@pytest.mark.parametrize("deployment", ["postgres", "aws"], indirect=True)
def test_the_guides_own_sql_through_its_client(deployment: Deployment) -> None:
    experiment = create_experiment("By SQL", "", VARIATIONS, owner="ada")
    with variate.pg_client.get_cursor() as cursor:
        cursor.execute("SELECT * FROM experiments WHERE id = %s", (experiment["id"],))
        row = cursor.fetchone()
        assert row is not None
        assert (row["name"], row["status"], row["owner"]) == ("By SQL", "draft", "ada")
        cursor.execute("SELECT * FROM variations WHERE experiment_id = %s", (experiment["id"],))
        assert sorted(row["name"] for row in cursor.fetchall()) == ["control", "green"]
        cursor.execute("SELECT * FROM experiments WHERE status = 'active'")
        assert cursor.fetchall() == []
        cursor.execute("SELECT entity_type, entity_id, action, data, created_at FROM audit_logs")
        assert [(row["entity_type"], row["action"]) for row in cursor.fetchall()] == [("experiment", "created")]
    # a failed block is rolled back, and a good one is committed
    with pytest.raises(psycopg.errors.DivisionByZero), variate.pg_client.get_cursor() as cursor:
        cursor.execute("UPDATE experiments SET owner = %s", ("nobody",)).execute("SELECT 1 / 0")
    with variate.pg_client.get_cursor() as cursor:
        cursor.execute("UPDATE experiments SET owner = %s WHERE id = %s RETURNING *", ("grace", experiment["id"]))
        assert (cursor.fetchone() or {})["owner"] == "grace"
    found = get_experiment(experiment["id"])
    assert found is not None
    assert found["owner"] == "grace"
    connection = variate.pg_client.get_connection()
    assert connection.execute("SELECT 1 AS one").fetchone() == {"one": 1}
    variate.pg_client.close()


@pytest.mark.parametrize("deployment", ["aws"], indirect=True)
def test_the_guides_tables_through_its_client(deployment: Deployment) -> None:
    event = record_event("user-1", "view", {"page": "/"}, experiment_id="e-1")
    events = variate.dynamodb_client.get_table("events")
    assert events.name == deployment.tables["events"]
    item = events.get_item(Key={"id": event["id"]}, ConsistentRead=True)["Item"]
    assert {key: item[key] for key in ("id", "user_id", "event_type", "experiment_id", "ttl")} == {
        "id": event["id"],
        "user_id": "user-1",
        "event_type": "view",
        "experiment_id": "e-1",
        "ttl": event["ttl"],
    }
    assignment = create_assignment("user-1", "e-1", "green")
    found = variate.dynamodb_client.get_table("assignments").query(
        IndexName="user-experiment-index",
        KeyConditionExpression="user_id = :u AND experiment_id = :e",
        ExpressionAttributeValues={":u": "user-1", ":e": "e-1"},
    )
    assert [(item["id"], item["variation"]) for item in found["Items"]] == [(assignment["id"], "green")]
    for key in ("feature-flags", "experiments", "overrides"):
        assert variate.dynamodb_client.get_table(key).name == deployment.tables[key]


@pytest.mark.parametrize("deployment", ["postgres", "aws"], indirect=True)
def test_the_guides_keys_through_its_redis_client(deployment: Deployment) -> None:
    user = some_id("user")
    connection = variate.redis_client.get_redis_connection()
    cache_experiment_assignment(user, "e-1", "green")
    assert connection.get(f"assignment:{user}:e-1") == "green"
    assert 3590 < connection.ttl(f"assignment:{user}:e-1") <= 3600
    cache_feature_flag(user, "f-1", True)
    assert connection.get(f"feature:f-1:user:{user}") == "true"
    assert 290 < connection.ttl(f"feature:f-1:user:{user}") <= 300
    check_rate_limit(f"rate:{user}", 5, 60)
    assert connection.get(f"rate:{user}") == "1"
    # and what the guide's own functions wrote before is read
    connection.set(f"feature:f-2:user:{user}", "false", ex=60)
    assert get_cached_feature_flag(user, "f-2") is False
    connection.set(f"feature:f-2:user:{user}", "on", ex=60)
    assert get_cached_feature_flag(user, "f-2") == "on"
    connection.set(f"key:{user}", json.dumps({"a": [1]}), ex=60)
    assert cache_get(f"key:{user}", lambda: None) == {"a": [1]}
    connection.set(f"key:{user}", "plain text", ex=60)
    assert cache_get(f"key:{user}", lambda: None) == "plain text"
    assert variate.redis_client.get_redis_connection(use_reader=True).ping()
    variate.redis_client.close_connections()


@in_every_profile
def test_the_guides_calls_in_a_process_of_their_own(deployment: Deployment) -> None:
    script = """
        import json
        import variate
        from variate import *

        experiment = create_experiment('Checkout', 'Shorter', [{'name': 'control'}, {'name': 'short'}], owner='ada')
        update_experiment_status(experiment['id'], 'active')
        create_assignment('user-1', experiment['id'], 'short')
        record_event('user-1', 'purchase', {'price': 9.5}, experiment_id=experiment['id'])
        if variate.default_platform().settings.profile != 'local':
            with pg_client.get_cursor() as cursor:
                cursor.execute('SELECT count(*) AS n FROM experiments')
                assert cursor.fetchone() == {'n': 1}
        if variate.default_platform().settings.profile == 'aws':
            assert dynamodb_client.get_table('events').scan()['Count'] == 1
            assert redis_client.get_redis_connection().ping()
        print(json.dumps([get_experiment(experiment['id']), get_user_events('user-1')]))
    """
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(script)],
        env={**os.environ, **deployment.environ},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert result.returncode == 0, result.stderr
    # What is said is that a table's name was not in SSM, once for each.
    said = result.stderr.splitlines()
    assert all("conventional table name" in line for line in said)
    assert len(said) == len(set(said))
    assert deployment.profile == "aws" or not said
    experiment, events = json.loads(result.stdout)
    assert get_experiment(experiment["id"]) == experiment
    assert [event["data"] for event in events["items"]] == [{"price": 9.5}]
