"""Whatever ends between two writes, what is found afterwards is the old state or the new one, everywhere the same."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import pytest

import variate
from tests.acceptance.deployments import Deployment
from tests.acceptance.sabotage import FAULTS, CrashError, Fault, Moment, sabotaged
from variate.errors import StoreUnavailableError, VariateError
from variate.platform import Platform
from variate.platform.backends import Backends
from variate.platform.profiles import open_backends

VARIATIONS = [{"name": "control"}, {"name": "green"}]

State = dict[str, Any]


@dataclass(frozen=True)
class Operation:
    """A change, what is there before it, and how one sees that it was made."""

    prepare: Callable[[Platform], str]
    change: Callable[[Platform, str], object]
    is_done: Callable[[State], bool]
    audited: int = 1
    """How many audit entries the change makes."""


def draft(platform: Platform) -> str:
    made = platform.create_experiment("Crash", variations=VARIATIONS, owner="ada")
    platform.get_experiment_with_cache(made.id)
    return made.id


def overridden(platform: Platform) -> str:
    experiment_id = draft(platform)
    platform.create_override("user-1", experiment_id, "control")
    return experiment_id


def nothing(platform: Platform) -> str:
    return str(uuid.uuid4())


def new_flag(platform: Platform) -> str:
    return platform.create_feature_flag("crash", rules={"a": 1}).id


OPERATIONS = {
    "create_experiment": Operation(
        nothing,
        lambda platform, i: platform.create_experiment("Crash", variations=VARIATIONS, experiment_id=i),
        lambda after: after["experiment"] == ("draft", None, "Crash", 2),
    ),
    "update_experiment": Operation(
        draft,
        lambda platform, i: platform.update_experiment(i, name="New", variations=[*VARIATIONS, {"name": "red"}]),
        lambda after: after["experiment"] == ("draft", "ada", "New", 3),
    ),
    "update_experiment_status": Operation(
        draft,
        lambda platform, i: platform.update_experiment_status(i, "active"),
        lambda after: after["experiment"] == ("active", "ada", "Crash", 2),
    ),
    "transfer_experiment_ownership": Operation(
        draft,
        lambda platform, i: platform.transfer_experiment_ownership(i, "grace"),
        lambda after: after["experiment"] == ("draft", "grace", "Crash", 2),
    ),
    "update_experiment_with_override": Operation(
        draft,
        lambda platform, i: platform.update_experiment_with_override(i, "active", unit="user-1", variation="green"),
        lambda after: (after["experiment"][0], after["override"]) == ("active", "green"),
        audited=2,
    ),
    "create_override": Operation(
        draft,
        lambda platform, i: platform.create_override("user-1", i, "green"),
        lambda after: after["override"] == "green",
    ),
    "create_override over another": Operation(
        overridden,
        lambda platform, i: platform.create_override("user-1", i, "green"),
        lambda after: after["override"] == "green",
    ),
    "remove_override": Operation(
        overridden,
        lambda platform, i: platform.remove_override("user-1", i),
        lambda after: after["override"] is None,
    ),
    "create_feature_flag": Operation(
        nothing,
        lambda platform, i: platform.create_feature_flag("crash", rules={}, flag_id=i),
        lambda after: after["flag"] == ("inactive", {}),
    ),
    "update_feature_flag": Operation(
        new_flag,
        lambda platform, i: platform.update_feature_flag(i, rules={"a": 2}),
        lambda after: after["flag"] == ("inactive", {"a": 2}),
    ),
    "update_feature_flag_status": Operation(
        new_flag,
        lambda platform, i: platform.update_feature_flag_status(i, "active"),
        lambda after: after["flag"] == ("active", {"a": 1}),
    ),
}


def state_of(deployment: Deployment, watching: Platform, entity_id: str) -> State:
    """Return what another process finds, once it has delivered what was pending; check that the copies agree."""
    if deployment.profile != "local":
        return _state(watching, entity_id)
    with deployment.platform() as platform:  # a cache of its own, as in a process that was just started
        return _state(platform, entity_id)


def _state(platform: Platform, entity_id: str) -> State:
    platform.relay.deliver()
    backends = platform._backends
    for outbox in backends.outboxes:
        assert list(outbox.pending(limit=10)) == []
    source = platform.get_experiment(entity_id)
    assert backends.serving.get(entity_id) == source
    assert platform.get_experiment_with_cache(entity_id) == source
    override = platform.get_override("user-1", entity_id)
    flag = platform.get_feature_flag(entity_id)
    return {
        "experiment": source and (source.status, source.owner, source.name, len(source.variations)),
        "override": override and override.value,
        "flag": flag and (flag.status, flag.rules.value),
        "actions": [entry.action for entry in platform.audit_log(entity_id=entity_id)],
    }


SLOW = {"update_experiment", "create_override over another"}
"""They go the ways that others here go."""


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.slow) if n in SLOW else n for n in OPERATIONS])
def test_a_fault_at_any_write_leaves_the_old_state_or_the_new(deployment: Deployment, name: str) -> None:
    operation = OPERATIONS[name]
    with deployment.backends() as working, deployment.platform() as watching:
        entity_id = operation.prepare(watching)
        old = state_of(deployment, watching, entity_id)
        for error, moment in FAULTS:
            for number in range(1, 30):
                entity_id = operation.prepare(watching)
                fault = Fault(at=number, moment=moment, error=error)
                acknowledged = _changed(deployment, sabotaged(working, fault), operation, entity_id)
                after = state_of(deployment, watching, entity_id)
                story = f"{error.__name__} {moment} {fault.writes[-1]}"
                # The first write is the one that counts: before it nothing has happened, after it all of it has.
                if acknowledged or number > 1 or moment is Moment.AFTER:
                    assert operation.is_done(after), (story, after)
                    assert len(after["actions"]) == len(old["actions"]) + operation.audited, story
                else:
                    assert after == old, story
                if not fault.struck:
                    assert acknowledged
                    assert number > 1, "there was nothing to fail"
                    break
            else:
                pytest.fail("it never ended")


def _changed(deployment: Deployment, backends: Backends, operation: Operation, entity_id: str) -> bool:
    """Make the change in a process of its own, as far as the stores can tell; return whether it was acknowledged."""
    acknowledged = False
    with (
        suppress(CrashError, VariateError),
        Platform(deployment.settings, replace(backends, close=lambda: None)) as platform,
    ):
        operation.change(platform, entity_id)
        acknowledged = True
    return acknowledged


def test_an_outage_of_every_store_but_the_source_does_not_lose_a_change(deployment: Deployment) -> None:
    with deployment.platform() as platform:
        experiment_id = draft(platform)
    backends = open_backends(deployment.settings)
    away = _Away()
    backends = sabotaged(backends, away)
    with Platform(deployment.settings, backends) as platform:
        platform.update_experiment_with_override(experiment_id, "active", unit="user-1", variation="green")
    assert away.refused
    with deployment.platform() as watching:
        after = state_of(deployment, watching, experiment_id)
    assert (after["experiment"][0], after["override"]) == ("active", "green")


class _Away(Fault):
    """Everything but the experiments and their outbox is away."""

    def __init__(self) -> None:
        super().__init__(at=0, moment=Moment.BEFORE, error=StoreUnavailableError)
        self.refused: list[str] = []

    def around(self, name: str, call: Callable[[], Any]) -> Any:
        if name.startswith("experiments."):
            return call()
        self.refused.append(name)
        raise StoreUnavailableError(name)


def start_child(deployment: Deployment, script: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script), *arguments],
        env={**os.environ, **deployment.environ},
        stdout=subprocess.PIPE,
        text=True,
    )


def kill_after(child: subprocess.Popen[str], *, lines: int) -> list[str]:
    """Read so many lines of the child's, kill it in the midst of the next, and return all it said."""
    assert child.stdout is not None
    said = [child.stdout.readline() for _ in range(lines)]
    child.send_signal(signal.SIGKILL)
    said += child.stdout.readlines()
    assert child.wait(10) == -signal.SIGKILL
    child.stdout.close()
    # What was written to the pipe in part was not acknowledged.
    return [line.rstrip("\n") for line in said if line.endswith("\n")]


def test_a_process_killed_while_it_changes_statuses_leaves_both_stores_alike(deployment: Deployment) -> None:
    script = """
        import itertools, sys, variate
        for n in itertools.count():
            status = "paused" if n % 2 else "active"
            variate.update_experiment_with_override(sys.argv[1], status, user_id=f"user-{n}", variation="green")
            print(status, flush=True)
    """
    experiment_id = variate.create_experiment("Killed", "", VARIATIONS)["id"]
    said = kill_after(start_child(deployment, script, experiment_id), lines=7)
    with deployment.platform() as platform, deployment.backends() as backends:
        platform.relay.deliver()
        source = platform.get_experiment(experiment_id)
        assert source is not None
        assert backends.serving.get(experiment_id) == source
        log = list(platform.audit_log(entity_id=experiment_id, limit=1_000))
        forced = {override.unit for override in platform.list_overrides(experiment_id, limit=1_000)}
    moves = [entry.data["new_status"] for entry in reversed(log) if entry.action == "status_change"]
    logged = [entry.data["user_id"] for entry in reversed(log) if entry.action == "override_added"]
    # All that was acknowledged is there, at most the one in the midst besides, and each record knows of the same.
    assert len(moves) in {len(said), len(said) + 1}
    assert moves[: len(said)] == said
    assert source.status == moves[-1]
    assert source.revision == 1 + len(moves)
    assert logged == [f"user-{n}" for n in range(len(moves))]
    assert forced == set(logged)


@pytest.mark.parametrize("deployment", ["local", "postgres_alone"], indirect=True)
def test_a_process_killed_while_it_takes_events_loses_none_it_acknowledged(deployment: Deployment) -> None:
    script = """
        import itertools, variate
        for batch in itertools.count():
            events = [{"id": f"{batch}-{n}", "user_id": "user-1", "event_type": "e", "data": n} for n in range(200)]
            variate.batch_create_events(events)
            print(batch, flush=True)
    """
    variate.list_active_experiments()
    acknowledged = len(kill_after(start_child(deployment, script), lines=8))
    for batch in range(acknowledged + 1):
        events = [{"id": f"{batch}-{n}", "user_id": "user-1", "event_type": "e", "data": n} for n in range(200)]
        verdicts = variate.batch_create_events(events)
        if batch < acknowledged:
            assert {verdict["status"] for verdict in verdicts} == {"duplicate"}
    found, last_key = list[str](), None
    while True:
        page = variate.get_user_events("user-1", limit=1_000, last_key=last_key)
        found += [event["id"] for event in page["items"]]
        last_key = page["last_key"]
        if last_key is None:
            break
    assert sorted(found) == sorted(f"{batch}-{n}" for batch in range(acknowledged + 1) for n in range(200))
