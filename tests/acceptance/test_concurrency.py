"""Many callers at once through the public functions: threads of one process, and processes on the same stores."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
import uuid
from collections import Counter

import pytest

import variate
from tests.acceptance.callers import all_at_once
from tests.acceptance.deployments import Deployment
from variate.model import Experiment
from variate.stores.sql import SqlExperimentStore

VARIATIONS = [{"name": "control"}, {"name": "green"}]


def test_fifty_threads_that_create_one_assignment_all_get_the_one_that_stands(deployment: Deployment) -> None:
    names = ["control", "green"]
    made = all_at_once(50, lambda n: variate.create_assignment("user-1", "e-1", names[n % 2]))
    assert all(assignment == made[0] for assignment in made)
    assert variate.get_user_assignment("user-1", "e-1") == made[0]
    assert variate.get_experiment_assignments("e-1")["items"] == [made[0]]


def test_fifty_callers_at_a_limit_of_ten_let_ten_through(deployment: Deployment) -> None:
    for check in (variate.check_rate_limit, variate.check_sliding_rate_limit):
        key = f"rate-{uuid.uuid4()}"
        answers = all_at_once(50, lambda _, check=check, key=key: check(key, 10, 60))  # type: ignore[misc] # bound per round
        assert Counter(allowed for allowed, _, _ in answers) == {True: 10, False: 40}


def test_the_source_is_read_once_for_all_who_ask_the_cache(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads, lock, read = Counter[str](), threading.Lock(), SqlExperimentStore.get

    def count(store: SqlExperimentStore, experiment_id: str) -> Experiment | None:
        with lock:
            reads[experiment_id] += 1
        return read(store, experiment_id)

    # Before the platform is opened, which takes hold of the method.
    monkeypatch.setattr(SqlExperimentStore, "get", count)
    experiment = variate.create_experiment("Hot", "", VARIATIONS)
    reads.clear()
    found = all_at_once(30, lambda _: variate.get_experiment_with_cache(experiment["id"]))
    assert found == [experiment] * 30
    assert reads[experiment["id"]] == 1
    mine = found[0] or {}
    mine["name"] = "changed by its caller"
    assert variate.get_experiment_with_cache(experiment["id"]) == experiment


def test_of_many_transitions_at_once_each_is_made_once_and_logged_once(deployment: Deployment) -> None:
    experiment_id = variate.create_experiment("Busy", "", VARIATIONS)["id"]
    all_at_once(10, lambda _: variate.update_experiment_status(experiment_id, "active"))
    log = variate.get_audit_log(entity_id=experiment_id)["items"]
    assert [entry["action"] for entry in log] == ["status_change", "created"]
    assert (variate.get_experiment(experiment_id) or {})["revision"] == 2


def test_of_overrides_made_at_once_one_stands_and_all_are_logged(deployment: Deployment) -> None:
    experiment_id = variate.create_experiment("Forced", "", VARIATIONS)["id"]
    names = ["control", "green"]
    all_at_once(8, lambda n: variate.create_override("user-1", experiment_id, names[n % 2]))
    log = variate.get_audit_log(entity_id=experiment_id)["items"]
    assert Counter(entry["action"] for entry in log) == {"override_added": 8, "created": 1}
    [override] = variate.list_overrides(experiment_id)["items"]
    assert override["value"] == log[0]["data"]["value"], "the latest counts"


def test_flags_changed_at_once_lose_no_change(deployment: Deployment) -> None:
    flag = variate.create_feature_flag("Busy", "", {})
    all_at_once(6, lambda n: variate.update_feature_flag(flag["id"], rules={"n": n}))
    log = variate.get_audit_log(entity_id=flag["id"])["items"]
    assert [entry["action"] for entry in log] == ["updated"] * 6 + ["created"]
    assert (variate.get_feature_flag(flag["id"]) or {})["revision"] == 7
    befores = [entry["data"]["before"] for entry in log[:-1]]
    afters = [entry["data"]["after"] for entry in log[:-1]]
    assert befores[:-1] == afters[1:]


def test_threads_that_record_the_same_event_store_it_once(deployment: Deployment) -> None:
    all_at_once(20, lambda n: variate.record_event("user-1", "view", {"n": n}, event_id="the-one"))
    assert [event["id"] for event in variate.get_user_events("user-1")["items"]] == ["the-one"]


def test_two_processes_that_begin_together_lose_no_event(deployment: Deployment) -> None:
    """On SQLite both find no file, make and migrate it, and write to it at once."""
    script = """
        import sys, variate
        name = sys.argv[1]
        sys.stdin.readline()
        for n in range(30):
            variate.record_event("user-1", "single", {"n": n}, event_id=f"{name}-{n}")
        for batch in range(3):
            ids = [f"{name}-{batch}-{n}" for n in range(100)]
            events = [{"id": i, "user_id": "user-1", "event_type": "batch", "data": {}} for i in ids]
            assert {v["status"] for v in variate.batch_create_events(events)} == {"accepted"}
    """
    each = 30 + 3 * 100
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(script), name],
            env={**os.environ, **deployment.environ},
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for name in ("one", "two")
    ]
    ends = [process.communicate("go\n", timeout=60)[1] for process in _started(processes)]
    assert [(process.returncode, end) for process, end in zip(processes, ends, strict=True)] == [(0, "")] * 2
    found, last_key = list[str](), None
    while True:
        page = variate.get_user_events("user-1", limit=1_000, last_key=last_key)
        found += [event["id"] for event in page["items"]]
        last_key = page["last_key"]
        if last_key is None:
            break
    assert len(found) == len(set(found)) == 2 * each


def _started(processes: list[subprocess.Popen[str]]) -> list[subprocess.Popen[str]]:
    """Let them all go, before the end of any is awaited."""
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return processes
