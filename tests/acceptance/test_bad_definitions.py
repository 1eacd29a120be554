"""Bad experiments, flags and overrides: an error that names the field and the rule, and nothing written."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

import variate
from tests.acceptance import bad_values as bad
from tests.acceptance.bad_values import Case, cases, failures
from tests.acceptance.deployments import Deployment
from variate.errors import IllegalTransitionError, InvalidInputError, VariateError

VARIATIONS = [{"name": "control"}, {"name": "green"}]
GOOD = {"name": "good"}


def create(*variations: Any) -> object:
    return variate.create_experiment("Bad", "", variations)


def variation_cases() -> list[Case]:
    weights = [-1, -0.5, math.nan, math.inf, "1", None, True, bad.HUGE, bad.ENDLESS, Decimal(1), [1]]
    return [
        Case("no variations", "variations", create),
        Case("one name twice", "variations", lambda: create(GOOD, GOOD)),
        Case("all weights zero", "variations", lambda: create({**GOOD, "weight": 0}, {"name": "b", "weight": 0.0})),
        Case("101 of them", "variations", lambda: create(*({"name": f"v{n}"} for n in range(101)))),
        Case("an unknown key", "variations[0].wieght", lambda: create({"name": "a", "wieght": 2})),
        Case("no name", "variations[0].name", lambda: create({})),
        Case("more than is served", "experiment", lambda: create(GOOD, {"name": "b", "value": "x" * 130_000})),
        *cases("weight", "variations[1].weight", weights, lambda w: create(GOOD, {"name": "b", "weight": w})),
        *cases("name", "variations[0].name", bad.IDS, lambda n: create({"name": n})),
        *cases("description", "variations[0].description", bad.TEXTS, lambda d: create({**GOOD, "description": d})),
        *cases("value", "variations[0].value", bad.bad_documents(), lambda v: create({**GOOD, "value": v})),
        *cases("variation", "variations[0]", ["control", None, 7, ["name"]], create),
        *cases("variations", "variations", ["ab", GOOD, 7, None], lambda v: variate.create_experiment("Bad", "", v)),
    ]


def experiment_cases(experiment_id: str) -> list[Case]:
    known = experiment_id

    def update(**given: Any) -> object:
        return variate.update_experiment(known, **given)

    return [
        *cases("name", "experiment.name", [*bad.NAMES, None], lambda n: variate.create_experiment(n, "", [GOOD])),
        *cases("text", "experiment.description", bad.TEXTS, lambda d: variate.create_experiment("E", d, [GOOD])),
        *cases("owner", "experiment.owner", bad.NAMES, lambda o: variate.create_experiment("E", "", [GOOD], owner=o)),
        *cases("status", "status", bad.STATUSES, lambda s: variate.update_experiment_status(known, s)),
        *cases("status", "status", ["paused", "completed"], lambda s: variate.update_experiment_status(known, s)),
        *cases("status of", "experiment_id", bad.IDS, lambda i: variate.update_experiment_status(i, "active")),
        *cases("get", "experiment_id", bad.IDS, variate.get_experiment),
        *cases("get from the cache", "experiment_id", bad.IDS, variate.get_experiment_with_cache),
        *cases("transfer of", "experiment_id", bad.IDS, lambda i: variate.transfer_experiment_ownership(i, "grace")),
        *cases("transfer to", "new_owner", bad.NAMES, lambda o: variate.transfer_experiment_ownership(known, o)),
        *cases("update of", "experiment_id", bad.IDS, lambda i: variate.update_experiment(i, name="x")),
        *cases("update to", "variations", [[], 7, "ab", GOOD], lambda v: update(variations=v)),
        *cases("update to the name", "experiment.name", bad.NAMES, lambda n: update(name=n)),
        *cases(
            "update to the weight",
            "variations[0].weight",
            [-1, math.nan],
            lambda w: update(variations=[{"name": "control", "weight": w}]),
        ),
    ]


def override_cases(experiment_id: str) -> list[Case]:
    known = experiment_id

    def update(status: Any, *given: Any, **named: Any) -> object:
        return variate.update_experiment_with_override(known, status, *given, **named)

    def create_override(**given: Any) -> object:
        wanted = {"user_id": "user-1", "experiment_id": known, "variation": "green", **given}
        return variate.create_override(**wanted)

    ids = [value for value in bad.IDS if value is not None]
    return [
        *cases("both of", "experiment_id", bad.IDS, lambda i: variate.update_experiment_with_override(i, "active")),
        *cases("both to", "status", [*bad.STATUSES, "completed"], lambda s: update(s, "user-1", "green")),
        *cases("both with", "variation", ["red", *ids], lambda v: update("active", "user-1", v)),
        *cases("both for", "user_id", ids, lambda u: update("active", u, "green")),
        Case("both without variation", "variation", lambda: update("active", "user-1")),
        Case("both without variation or user", "variation", lambda: update("active", "")),
        Case("both without user", "user_id", lambda: update("active", variation="green")),
        *cases("override for", "user_id", bad.IDS, lambda u: create_override(user_id=u)),
        *cases("override of", "experiment_id", bad.IDS, lambda i: create_override(experiment_id=i)),
        *cases("override with", "variation", ["red", *bad.IDS], lambda v: create_override(variation=v)),
        *cases("override for days", "ttl_days", bad.DAYS, lambda d: create_override(ttl_days=d)),
        *cases("override because", "reason", bad.TEXTS, lambda r: create_override(reason=r)),
        *cases("get override", "user_id", bad.IDS, lambda u: variate.get_override(u, known)),
        *cases("get override of", "experiment_id", bad.IDS, lambda i: variate.get_override("user-1", i)),
        *cases("remove override", "user_id", bad.IDS, lambda u: variate.remove_override(u, known)),
        *cases("overrides of", "experiment_id", bad.IDS, variate.list_overrides),
    ]


def flag_cases(flag_id: str) -> list[Case]:
    documents = [*bad.bad_documents(), "x" * 130_000]
    make, statuses = variate.create_feature_flag, [*bad.STATUSES, "draft"]
    return [
        *cases("name", "flag.name", [*bad.NAMES, None], lambda n: make(n, "", {})),
        *cases("description", "flag.description", bad.TEXTS, lambda d: make("f", d, {})),
        *cases("rules", "rules", documents, lambda r: make("f", "", r)),
        *cases("status", "status", statuses, lambda s: make("f", "", {}, status=s)),
        *cases("new status", "status", statuses, lambda s: variate.update_feature_flag_status(flag_id, s)),
        *cases("status of", "flag_id", bad.IDS, lambda i: variate.update_feature_flag_status(i, "active")),
        *cases("get", "flag_id", bad.IDS, variate.get_feature_flag),
        *cases("new rules", "rules", documents, lambda r: variate.update_feature_flag(flag_id, rules=r)),
        *cases("new name", "flag.name", bad.NAMES, lambda n: variate.update_feature_flag(flag_id, name=n)),
    ]


def metric_cases() -> list[Case]:
    make, change = variate.create_metric, variate.update_metric
    texts = [text for text in bad.TEXTS if text is not None]
    names = [name for name in bad.NAMES if name is not None]
    lengths = [each for each in bad.DAYS if each != 0]
    shares = [0, 1, -1, *bad.DAYS[2:6], bad.HUGE, bad.ENDLESS]
    return [
        *cases("id", "metric.id", bad.IDS, lambda i: make(i, "mean", measure="a")),
        *cases("kind", "kind", ["share", "", 7, None], lambda k: make("n", k, measure="a")),
        *cases("name", "metric.name", names, lambda n: make("n", "mean", n, measure="a")),
        *cases("description", "metric.description", texts, lambda d: make("n", "mean", None, d, measure="a")),
        *cases("measure", "measure", [None, 7, ["a"], b"a"], lambda m: make("n", "mean", measure=m)),
        *cases("event", "measure.event_type", bad.IDS, lambda e: make("n", "mean", measure={"event_type": e})),
        *cases("steps", "steps", [None, 7, "ab", [], ["a"]], lambda s: make("n", "funnel", steps=s)),
        *cases("quantile", "quantile", shares, lambda q: make("n", "quantile", measure="a", quantile=q)),
        *cases(
            "window", "window_end_hours", [0, *lengths], lambda h: make("n", "mean", measure="a", window_end_hours=h)
        ),
        *cases("new window", "window_start_hours", lengths, lambda h: change("m", window_start_hours=h)),
        *cases("new covariate", "covariate_hours", [0, *lengths], lambda h: change("m", covariate_hours=h)),
        *cases("new cap", "cap_quantile", shares, lambda q: change("m", cap_quantile=q)),
        *cases("change of", "metric_id", bad.IDS, lambda i: change(i, name="x")),
        *cases("get", "metric_id", bad.IDS, variate.get_metric),
        *cases("remove", "metric_id", bad.IDS, variate.remove_metric),
    ]


def page_cases(name: str, read: Callable[..., object]) -> list[Case]:
    return [
        *cases(f"{name} limit", "limit", bad.LIMITS, lambda n: read(limit=n)),
        *cases(f"{name} last_key", "last_key", bad.LAST_KEYS, lambda k: read(last_key=k)),
        *cases(f"{name} page", "last_key", bad.LAST_KEYS, lambda k: read(limit=2, last_key=k)),
    ]


def list_cases(experiment_id: str) -> list[Case]:
    lists: dict[str, Callable[..., object]] = {
        "experiments": variate.list_experiments,
        "active experiments": variate.list_active_experiments,
        "flags": variate.list_feature_flags,
        "metrics": variate.list_metrics,
        "active flags": variate.get_active_feature_flags,
        "overrides": lambda **given: variate.list_overrides(experiment_id, **given),
        "audit log": variate.get_audit_log,
    }
    found = [case for name, read in lists.items() for case in page_cases(name, read)]
    ids = [value for value in bad.IDS if value is not None]
    return [
        *found,
        *cases("experiments of status", "status", bad.STATUSES[:3], lambda s: variate.list_experiments(status=s)),
        *cases("experiments of", "owner", bad.NAMES, lambda o: variate.list_experiments(owner=o)),
        *cases("log of", "entity_id", ids, lambda i: variate.get_audit_log(entity_id=i)),
        *cases("log of kind", "entity_type", ids, lambda t: variate.get_audit_log(entity_type=t)),
    ]


@pytest.mark.parametrize(
    "made", [variation_cases, experiment_cases, override_cases, flag_cases, metric_cases, list_cases]
)
def test_a_bad_definition_is_refused_and_nothing_is_written(
    deployment: Deployment, made: Callable[..., list[Case]]
) -> None:
    experiment_id = variate.create_experiment("Good", "", VARIATIONS, owner="ada")["id"]
    flag_id = variate.create_feature_flag("good", "", {})["id"]
    variate.create_metric("m", "mean", measure="order")
    before = deployment.contents()
    given = {"experiment_id": experiment_id, "flag_id": flag_id}
    assert failures(made(*(given[name] for name in made.__annotations__ if name in given))) == ""
    assert deployment.contents() == before


def test_every_error_is_a_variate_error_and_says_what_to_do(deployment: Deployment) -> None:
    experiment_id = variate.create_experiment("Good", "", VARIATIONS)["id"]
    legal = "draft cannot become completed; from draft it may become active, archived"
    with pytest.raises(IllegalTransitionError, match=legal) as caught:
        variate.update_experiment_status(experiment_id, "completed")
    assert isinstance(caught.value, VariateError)
    assert (caught.value.field, caught.value.code) == ("status", "illegal_transition")
    with pytest.raises(InvalidInputError, match="draft, active, paused, completed, archived"):
        variate.update_experiment_status(experiment_id, "running")
    with pytest.raises(InvalidInputError, match="control, green"):
        variate.update_experiment_with_override(experiment_id, "active", "user-1", "red")


def test_the_life_of_an_experiment_allows_these_moves_and_no_others(deployment: Deployment) -> None:
    ways: dict[str, list[str]] = {
        "draft": [],
        "active": ["active"],
        "paused": ["active", "paused"],
        "completed": ["active", "completed"],
        "archived": ["archived"],
    }
    moves = {
        "draft": {"active", "archived"},
        "active": {"paused", "completed"},
        "paused": {"active", "completed"},
        "completed": {"archived"},
        "archived": set[str](),
    }
    for status, way in ways.items():
        experiment_id = variate.create_experiment("Moving", "", VARIATIONS)["id"]
        for step in way:
            variate.update_experiment_status(experiment_id, step)
        for wanted in ways.keys() - moves[status] - {status}:
            with pytest.raises(IllegalTransitionError):
                variate.update_experiment_status(experiment_id, wanted)
        assert (variate.get_experiment(experiment_id) or {})["status"] == status
        for wanted in moves[status]:
            moving = variate.create_experiment("Moving", "", VARIATIONS)["id"]
            for step in [*way, wanted]:
                variate.update_experiment_status(moving, step)
            assert (variate.get_experiment(moving) or {})["status"] == wanted
