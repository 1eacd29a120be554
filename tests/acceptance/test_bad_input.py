"""Bad input: a typed error that names the field and the rule, and nothing written, in every profile."""

from __future__ import annotations

import math
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

import variate
from tests.acceptance.deployments import Deployment
from variate import (
    api_request_handler,
    batch_create_events,
    cache_experiment_assignment,
    cache_feature_flag,
    cache_get,
    check_rate_limit,
    check_sliding_rate_limit,
    create_assignment,
    create_experiment,
    create_feature_flag,
    create_override,
    get_experiment,
    get_experiment_assignments,
    get_user_assignment,
    get_user_assignments,
    get_user_events,
    list_active_experiments,
    list_experiments,
    list_overrides,
    record_event,
    transfer_experiment_ownership,
    update_experiment,
    update_experiment_status,
    update_experiment_with_override,
    update_feature_flag,
    update_feature_flag_status,
    with_retry,
)
from variate.errors import IllegalTransitionError, InvalidInputError, VariateError

VARIATIONS = [{"name": "control"}, {"name": "green"}]
NAIVE = datetime(2026, 1, 31, 9, 30)  # noqa: DTZ001 - naive is what is wrong with it
LONG = "x" * 10_240
SURROGATE = "half a pair: \ud83d"
HUGE = 10**400

Case = tuple[str, str, Callable[[], object]]


class Circular(list[object]):
    """A list that holds itself."""

    def __init__(self) -> None:
        super().__init__()
        self.append(self)


def bad_ids(field: str, call: Callable[[Any], object]) -> list[Case]:
    wrong: dict[str, object] = {
        "empty": "",
        "10 KB": LONG,
        "NUL": "a\x00b",
        "an unpaired surrogate": SURROGATE,
        "None": None,
        "a number": 7,
        "bytes": b"id",
        "a list": ["id"],
    }
    return [(f"{field} is {name}", field, lambda value=value: call(value)) for name, value in wrong.items()]


def bad_limits(name: str, call: Callable[..., object]) -> list[Case]:
    wrong: dict[str, object] = {"0": 0, "negative": -1, "10**9": 10**9, "text": "10", "a float": 2.5, "a bool": True}
    return [(f"{name}: limit {key}", "limit", lambda value=value: call(limit=value)) for key, value in wrong.items()]


def bad_last_keys(name: str, call: Callable[..., object]) -> list[Case]:
    def forged(text: str) -> str:
        return urlsafe_b64encode(text.encode()).rstrip(b"=").decode()

    wrong: dict[str, object] = {
        "text": "what is this",
        "a dict as the guide's": {"id": "a", "experiment_id": "b"},
        "empty": "",
        "an empty list": forged("[]"),
        "an object": forged('{"id": "x"}'),
        "values of other types": forged("[1, 2, 3]"),
        "nested": forged("[[[[]]]]"),
        "long": "A" * 100_000,
        "not ASCII": "schlüssel",
        "NUL": forged('["a\\u0000", "b", "c"]'),
    }
    return [
        (f"{name}: last_key {key}", "last_key", lambda value=value: call(last_key=value))
        for key, value in wrong.items()
    ]


def definition_cases(experiment_id: str, flag_id: str) -> list[Case]:
    def create(*variations: object) -> object:
        return create_experiment("Bad", "", list(variations))  # type: ignore[arg-type] # that they are wrong is the point

    fine = {"name": "a"}
    huge = {"name": "b", "value": "x" * 100_000}
    return [
        ("no variations", "variations", create),
        ("one name twice", "variations", lambda: create(fine, fine)),
        ("weights all zero", "variations", lambda: create({"name": "a", "weight": 0}, {"name": "b", "weight": 0.0})),
        *(
            (
                f"weight {weight!r:.20}",
                "variations[1].weight",
                lambda w=weight: create(fine, {"name": "b", "weight": w}),
            )
            for weight in (-1, -0.5, math.nan, math.inf, "1", None, True, HUGE, Decimal(1))
        ),
        *(
            (f"variation name {name!r:.20}", "variations[0].name", lambda n=name: create({"name": n}))
            for name in ("", LONG, "a\x00", SURROGATE, None, 7)
        ),
        ("a variation without name", "variations[0].name", lambda: create({})),
        ("an unknown key", "variations[0].wieght", lambda: create({"name": "a", "wieght": 2})),
        ("a variation that is text", "variations[0]", lambda: create("control")),
        ("variations that are text", "variations", lambda: create_experiment("Bad", "", "ab")),  # type: ignore[arg-type] # as above
        ("variations that are one", "variations", lambda: create_experiment("Bad", "", fine)),  # type: ignore[arg-type] # as above
        ("variations that are a number", "variations", lambda: create_experiment("Bad", "", 7)),  # type: ignore[arg-type] # as above
        ("variations that are None", "variations", lambda: create_experiment("Bad", "", None)),  # type: ignore[arg-type] # as above
        ("NaN in a value", "variations[0].value", lambda: create({"name": "a", "value": {"x": math.nan}})),
        ("a value over the limit", "experiment", lambda: create(fine, huge)),
        ("101 variations", "variations", lambda: create(*({"name": f"v{n}"} for n in range(101)))),
        *(
            (f"experiment name {name!r:.20}", "experiment.name", lambda n=name: create_experiment(n, "", [fine]))
            for name in ("", "  ", LONG, "a\x00", SURROGATE, None, 7)
        ),
        *(
            (f"description {text!r:.20}", "experiment.description", lambda t=text: create_experiment("E", t, [fine]))
            for text in (None, 7, "a\x00", SURROGATE, "x" * 60_000)
        ),
        *(
            (f"owner {name!r:.20}", "experiment.owner", lambda n=name: create_experiment("E", "", [fine], owner=n))
            for name in ("", "  ", LONG, "a\x00", SURROGATE, 7)
        ),
        *(
            (f"status {status!r:.20}", "status", lambda s=status: update_experiment_status(experiment_id, s))
            for status in ("running", "", "ACTIVE", None, 7, LONG, "a\x00", SURROGATE)
        ),
        ("a transition that is none", "status", lambda: update_experiment_status(experiment_id, "paused")),
        *bad_ids("experiment_id", lambda i: update_experiment_status(i, "active")),
        *bad_ids("experiment_id", get_experiment),
        *bad_ids("experiment_id", variate.get_experiment_with_cache),
        *bad_ids("experiment_id", lambda i: transfer_experiment_ownership(i, "grace")),
        *bad_ids("new_owner", lambda o: transfer_experiment_ownership(experiment_id, o)),
        *bad_ids("experiment_id", lambda i: update_experiment(i, name="x")),
        ("an update to no variations", "variations", lambda: update_experiment(experiment_id, variations=[])),
        ("an update to a number", "variations", lambda: update_experiment(experiment_id, variations=7)),  # type: ignore[arg-type] # as above
        ("an update to text", "variations", lambda: update_experiment(experiment_id, variations="ab")),  # type: ignore[arg-type] # as above
        ("an update to one", "variations", lambda: update_experiment(experiment_id, variations=fine)),  # type: ignore[arg-type] # as above
        ("an update to a blank name", "experiment.name", lambda: update_experiment(experiment_id, name=" ")),
        (
            "an update to a negative weight",
            "variations[0].weight",
            lambda: update_experiment(experiment_id, variations=[{"name": "control", "weight": -1}]),
        ),
        *bad_ids("experiment_id", lambda i: update_experiment_with_override(i, "active", "user", "green")),
        ("override: status", "status", lambda: update_experiment_with_override(experiment_id, "on", "user", "green")),
        (
            "override: transition",
            "status",
            lambda: update_experiment_with_override(experiment_id, "completed", "u", "green"),
        ),
        (
            "override: variation",
            "variation",
            lambda: update_experiment_with_override(experiment_id, "active", "u", "red"),
        ),
        ("override: no variation", "variation", lambda: update_experiment_with_override(experiment_id, "active", "u")),
        (
            "override: no variation, no user",
            "variation",
            lambda: update_experiment_with_override(experiment_id, "active", ""),
        ),
        (
            "override: no user",
            "user_id",
            lambda: update_experiment_with_override(experiment_id, "active", variation="green"),
        ),
        *(
            case
            for case in bad_ids(
                "user_id", lambda u: update_experiment_with_override(experiment_id, "active", u, "green")
            )
        ),
        *bad_ids("user_id", lambda u: create_override(u, experiment_id, "green")),
        *bad_ids("experiment_id", lambda i: create_override("user", i, "green")),
        *bad_ids("variation", lambda v: create_override("user", experiment_id, v)),
        ("override: ttl", "ttl_days", lambda: create_override("user", experiment_id, "green", ttl_days=-1)),
        ("override: reason", "reason", lambda: create_override("user", experiment_id, "green", reason="a\x00")),
        *bad_ids("user_id", lambda u: variate.get_override(u, experiment_id)),
        *bad_ids("user_id", lambda u: variate.remove_override(u, experiment_id)),
        *(
            (f"flag name {name!r:.20}", "flag.name", lambda n=name: create_feature_flag(n, "", {}))
            for name in ("", " ", LONG, "a\x00", SURROGATE, None, 7)
        ),
        *(
            (f"flag description {text!r:.20}", "flag.description", lambda t=text: create_feature_flag("f", t, {}))
            for text in (None, 7, "a\x00", SURROGATE, "x" * 60_000)
        ),
        *(
            (f"flag rules {name}", "rules", lambda r=rules: create_feature_flag("f", "", r))
            for name, rules in bad_documents().items()
        ),
        ("flag rules of 500 KB", "rules", lambda: create_feature_flag("f", "", "x" * 500_000)),
        *(
            (f"flag status {status!r:.20}", "status", lambda s=status: create_feature_flag("f", "", {}, status=s))
            for status in ("on", "", None, True, 7)
        ),
        *(
            (f"new flag status {status!r:.20}", "status", lambda s=status: update_feature_flag_status(flag_id, s))
            for status in ("on", "", None, True, 7)
        ),
        *bad_ids("flag_id", lambda i: update_feature_flag_status(i, "active")),
        *bad_ids("flag_id", variate.get_feature_flag),
        ("flag: new rules", "rules", lambda: update_feature_flag(flag_id, rules={"x": math.inf})),
        ("flag: new name", "flag.name", lambda: update_feature_flag(flag_id, name="")),
        *bad_limits("experiments", list_experiments),
        *bad_limits("active experiments", list_active_experiments),
        *bad_limits("flags", variate.list_feature_flags),
        *bad_limits("active flags", variate.get_active_feature_flags),
        *bad_limits("overrides", lambda **k: list_overrides(experiment_id, **k)),
        *bad_limits("audit log", variate.get_audit_log),
        *bad_last_keys("experiments", list_experiments),
        *bad_last_keys("active experiments", lambda **k: list_active_experiments(limit=2, **k)),
        *bad_last_keys("flags", variate.list_feature_flags),
        *bad_last_keys("active flags", variate.get_active_feature_flags),
        *bad_last_keys("overrides", lambda **k: list_overrides(experiment_id, **k)),
        *bad_last_keys("audit log", variate.get_audit_log),
        ("experiments: status", "status", lambda: list_experiments(status="on")),
        ("experiments: owner", "owner", lambda: list_experiments(owner="a\x00")),
        ("experiments: owner surrogate", "owner", lambda: list_experiments(owner=SURROGATE)),
        ("audit log: entity", "entity_id", lambda: variate.get_audit_log(entity_id="a\x00")),
        ("audit log: entity surrogate", "entity_id", lambda: variate.get_audit_log(entity_id=SURROGATE)),
        ("audit log: kind", "entity_type", lambda: variate.get_audit_log(entity_type="a\x00")),
    ]


def bad_documents() -> dict[str, object]:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    return {
        "NaN": {"x": math.nan},
        "infinity": {"x": [math.inf]},
        "minus infinity": -math.inf,
        "NUL": {"x": "a\x00b"},
        "NUL in a key": {"a\x00b": 1},
        "an unpaired surrogate": {"x": SURROGATE},
        "an unpaired surrogate in a key": {SURROGATE: 1},
        "a datetime": {"x": datetime.now(UTC)},
        "a UUID": {"x": uuid.uuid4()},
        "a Decimal": {"x": Decimal("1.5")},
        "bytes": b"x",
        "a set": {1, 2},
        "an object": object(),
        "keys that are numbers": {1: "x"},
        "keys that are None": {"x": {None: 1}},
        "itself": Circular(),
        "a depth of 100,000": deep,
        "a number of 5,000 digits": {"x": 10**5_000},
    }


def hot_cases(flag_id: str) -> list[Case]:
    bad_ttls: list[object] = [0, -1, math.nan, math.inf, "60", None, True, HUGE]
    return [
        *(
            (f"ttl_days {ttl!r:.20}", "ttl_days", lambda t=ttl: create_assignment("user", "e", "v", ttl_days=t))
            for ttl in (0, -1, math.nan, math.inf, "30", True, 10**9, HUGE)
        ),
        *bad_ids("user_id", lambda u: create_assignment(u, "e", "v")),
        *bad_ids("experiment_id", lambda e: create_assignment("user", e, "v")),
        *bad_ids("variation", lambda v: create_assignment("user", "e", v)),
        *bad_ids("user_id", lambda u: get_user_assignment(u, "e")),
        *bad_ids("experiment_id", lambda e: get_user_assignment("user", e)),
        *bad_ids("experiment_id", get_experiment_assignments),
        *bad_ids("user_id", get_user_assignments),
        *bad_limits("assignments", lambda **k: get_experiment_assignments("e", **k)),
        *bad_last_keys("assignments", lambda **k: get_experiment_assignments("e", **k)),
        *bad_limits("a user's assignments", lambda **k: get_user_assignments("user", **k)),
        *bad_last_keys("a user's assignments", lambda **k: get_user_assignments("user", **k)),
        *bad_ids("user_id", lambda u: record_event(u, "view", {})),
        *bad_ids("event_type", lambda t: record_event("user", t, {})),
        *(
            case
            for case in bad_ids("experiment_id", lambda e: record_event("user", "view", {}, e))
            if "None" not in case[0]
        ),
        *(
            case
            for case in bad_ids("id", lambda i: record_event("user", "view", {}, event_id=i))
            if "None" not in case[0]
        ),
        *(
            (f"event data {name}", "data", lambda d=data: record_event("user", "view", d))
            for name, data in bad_documents().items()
        ),
        ("event data over 400 KB", "data", lambda: record_event("user", "view", {"x": "y" * 400_001})),
        ("event data over 400 KB in UTF-8", "data", lambda: record_event("user", "view", {"x": "é" * 210_000})),
        *(
            (f"event ttl_days {ttl!r:.20}", "ttl_days", lambda t=ttl: record_event("user", "view", {}, ttl_days=t))
            for ttl in (0, -1, math.nan, math.inf, "30", True, 10**9, HUGE)
        ),
        *(
            (f"timestamp {moment!r:.40}", "timestamp", lambda m=moment: record_event("user", "view", {}, timestamp=m))
            for moment in (
                NAIVE,
                "2026-01-31T09:30:00",
                "yesterday",
                "",
                1_700_000_000,
                datetime.min.replace(tzinfo=timezone(timedelta(hours=1))),
                datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))),
                "0001-01-01T00:00:00+01:00",
                "9999-12-31T23:59:59-01:00",
                "2026-01-31T09:30:00Z\x00",
            )
        ),
        *bad_ids("user_id", get_user_events),
        *(case for case in bad_ids("event_type", lambda t: get_user_events("user", t)) if "None" not in case[0]),
        ("start_time naive", "start_time", lambda: get_user_events("user", start_time=NAIVE)),
        ("start_time without offset", "start_time", lambda: get_user_events("user", start_time="2026-01-31T09:30:00")),
        ("end_time naive", "end_time", lambda: get_user_events("user", end_time=NAIVE)),
        ("end_time is no time", "end_time", lambda: get_user_events("user", end_time="now")),
        ("end_time beyond time", "end_time", lambda: get_user_events("user", end_time="9999-12-31T23:59:59-01:00")),
        *bad_limits("events", lambda **k: get_user_events("user", **k)),
        *bad_last_keys("events", lambda **k: get_user_events("user", **k)),
        ("a batch that is text", "events", lambda: batch_create_events("events")),  # type: ignore[arg-type] # as above
        ("a batch that is one event", "events", lambda: batch_create_events({"user_id": "u"})),  # type: ignore[arg-type] # as above
        ("a batch that is None", "events", lambda: batch_create_events(None)),  # type: ignore[arg-type] # as above
        *bad_ids("user_id", lambda u: cache_experiment_assignment(u, "e", "v")),
        *bad_ids("experiment_id", lambda e: cache_experiment_assignment("user", e, "v")),
        *bad_ids("variation", lambda v: cache_experiment_assignment("user", "e", v)),
        *bad_ids("feature_id", lambda f: cache_feature_flag("user", f, True)),
        *(
            (f"cached value {name}", "value", lambda v=value: cache_feature_flag("user", flag_id, v))
            for name, value in bad_documents().items()
        ),
        *((f"ttl {t!r:.20}", "ttl", lambda t=t: cache_experiment_assignment("u", "e", "v", ttl=t)) for t in bad_ttls),
        *((f"flag ttl {t!r:.20}", "ttl", lambda t=t: cache_feature_flag("u", "f", True, ttl=t)) for t in bad_ttls),
        *((f"cache_get ttl {t!r:.20}", "ttl", lambda t=t: cache_get("key", lambda: 1, ttl=t)) for t in bad_ttls),
        *bad_ids("key", lambda k: cache_get(k, lambda: 1)),
        *(
            (f"fetched {name}", "value", lambda v=value: cache_get(f"key-{uuid.uuid4()}", lambda: v))
            for name, value in bad_documents().items()
        ),
        *bad_ids("key", lambda k: check_rate_limit(k, 1, 1)),
        *(
            (f"max_requests {n!r:.20}", "max_requests", lambda n=n, check=check: check("key", n, 1))
            for n in (0, -1, 1.5, "10", None, True, 10**9, HUGE)
            for check in (check_rate_limit, check_sliding_rate_limit)
        ),
        *(
            (f"window_seconds {n!r:.20}", "window_seconds", lambda n=n, check=check: check("key", 1, n))
            for n in (0, -1, 1.5, "10", None, True, 10**9, HUGE)
            for check in (check_rate_limit, check_sliding_rate_limit)
        ),
        ("a request that is text", "request", lambda: api_request_handler("GET /")),  # type: ignore[call-overload] # as above
        ("a request that is text, decorated", "request", lambda: api_request_handler(lambda request: 1)("GET /")),
        *(
            (f"max_retries {n!r:.20}", "max_retries", lambda n=n: with_retry(lambda: 1, max_retries=n))
            for n in (-1, 1.5, "3", None, True)
        ),
        *(
            (f"base_delay {n!r:.20}", "base_delay", lambda n=n: with_retry(lambda: 1, base_delay=n))
            for n in (-1, math.nan, math.inf, "0.1", None, True, HUGE)
        ),
        ("nothing to call", "func", lambda: with_retry(None)),  # type: ignore[arg-type, misc] # as above
    ]


def failures(cases: list[Case]) -> list[str]:
    """Return what each call did wrong that did not raise the error it should, naming the field and the rule."""
    found = []
    for name, field, call in cases:
        try:
            result = call()
        except InvalidInputError as error:
            if error.field != field:
                found.append(f"{name}: names the field {error.field!r}, not {field!r}")
            elif not error.rule or len(str(error)) > 2_000:
                found.append(f"{name}: has no readable rule: {str(error)[:80]!r}")
        except Exception as error:
            found.append(f"{name}: raises {type(error).__name__}: {error!s:.120}")
        else:
            found.append(f"{name}: is taken: {result!r:.80}")
    return found


def test_bad_definitions_are_refused_and_nothing_is_written(deployment: Deployment) -> None:
    experiment_id = create_experiment("Good", "", VARIATIONS, owner="ada")["id"]
    flag_id = create_feature_flag("good", "", {})["id"]
    before = deployment.contents()
    assert failures(definition_cases(experiment_id, flag_id)) == []
    assert deployment.contents() == before


def test_bad_records_are_refused_and_nothing_is_written(deployment: Deployment) -> None:
    create_experiment("Good", "", VARIATIONS)
    before = deployment.contents()
    assert failures(hot_cases("flag")) == []
    assert deployment.contents() == before


def test_every_error_is_a_variate_error_and_says_what_to_do(deployment: Deployment) -> None:
    experiment_id = create_experiment("Good", "", VARIATIONS)["id"]
    with pytest.raises(IllegalTransitionError, match="draft cannot become completed; .* active, archived") as caught:
        update_experiment_status(experiment_id, "completed")
    assert isinstance(caught.value, VariateError)
    assert (caught.value.field, caught.value.code) == ("status", "illegal_transition")
    with pytest.raises(InvalidInputError, match="draft, active, paused, completed, archived"):
        update_experiment_status(experiment_id, "running")
    with pytest.raises(InvalidInputError, match="control, green"):
        update_experiment_with_override(experiment_id, "active", "user-1", "red")


def test_the_life_of_an_experiment_allows_these_moves_and_no_others(deployment: Deployment) -> None:
    moves = {
        "draft": {"active", "archived"},
        "active": {"paused", "completed"},
        "paused": {"active", "completed"},
        "completed": {"archived"},
        "archived": set[str](),
    }
    ways = {"draft": [], "active": ["active"], "paused": ["active", "paused"], "completed": ["active", "completed"]}
    ways["archived"] = ["archived"]
    for status, way in ways.items():
        for wanted in moves.keys() - {status}:
            experiment_id = create_experiment("Moving", "", VARIATIONS)["id"]
            for step in way:
                update_experiment_status(experiment_id, step)
            if wanted in moves[status]:
                assert (update_experiment_status(experiment_id, wanted) or {})["status"] == wanted
            else:
                with pytest.raises(IllegalTransitionError):
                    update_experiment_status(experiment_id, wanted)
                assert (get_experiment(experiment_id) or {})["status"] == status


def test_a_batch_stores_the_good_events_and_says_why_not_the_others(deployment: Deployment) -> None:
    good = {"user_id": "user-1", "event_type": "view", "data": {"n": 1}}
    bad: list[tuple[str, Any]] = [
        ("event", None),
        ("event", "text"),
        ("user_id", {"event_type": "view", "data": {}}),
        ("data", {"user_id": "u", "event_type": "view"}),
        ("user_id", {**good, "user_id": ""}),
        ("user_id", {**good, "user_id": LONG}),
        ("event_type", {**good, "event_type": "a\x00"}),
        ("data", {**good, "data": {"x": math.nan}}),
        ("data", {**good, "data": "x" * 400_001}),
        ("data", {**good, "data": SURROGATE}),
        ("timestamp", {**good, "timestamp": NAIVE}),
        ("timestamp", {**good, "timestamp": datetime.min.replace(tzinfo=timezone(timedelta(hours=1)))}),
        ("ttl_days", {**good, "ttl_days": -1}),
        ("ttl_days", {**good, "ttl_days": HUGE}),
        ("id", {**good, "id": ""}),
        ("id", {**good, "id": LONG}),
        ("experiment_id", {**good, "experiment_id": 7}),
        ("userid", {**good, "userid": "misspelt"}),
    ]
    batch: list[Any] = []
    for place, (_, event) in enumerate(bad):
        batch += [event, {**good, "id": f"good-{place}"}]
    verdicts = batch_create_events(batch)
    assert [verdict["status"] for verdict in verdicts] == ["rejected", "accepted"] * len(bad)
    assert [verdict["field"] for verdict in verdicts[::2]] == [field for field, _ in bad]
    assert all(verdict["reason"] for verdict in verdicts[::2])
    stored = get_user_events("user-1", limit=100)["items"]
    assert [event["id"] for event in stored] == [f"good-{place}" for place in reversed(range(len(bad)))]
    # the same again is known by its ids
    again = batch_create_events(batch)
    assert [verdict["status"] for verdict in again] == ["rejected", "duplicate"] * len(bad)
    assert len(get_user_events("user-1", limit=100)["items"]) == len(bad)


def test_a_bad_batch_leaves_nothing(deployment: Deployment) -> None:
    list_active_experiments()
    before = deployment.contents()
    [verdict] = batch_create_events([{"user_id": "", "event_type": "view", "data": {}, "id": "e-1"}])
    assert verdict == {"id": "e-1", "status": "rejected", "field": "user_id", "reason": "must not be empty"}
    assert deployment.contents() == before


def test_what_is_odd_but_good_goes_in_and_comes_out_unchanged(deployment: Deployment) -> None:
    odd = [
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
    ]
    for name in odd:
        experiment = create_experiment(name if name.strip() else "x", name, [{"name": name, "value": name}])
        assert get_experiment(experiment["id"]) == experiment
        assert create_assignment(name, name, name) == get_user_assignment(name, name)
        assert get_experiment_assignments(name)["items"][0]["user_id"] == name
        event = record_event(name, name, {name: name}, experiment_id=name, event_id=f"{name[:900]}")
        assert get_user_events(name, event_type=name)["items"] == [event]
        flag = create_feature_flag(name if name.strip() else "x", name, {name: [name]})
        assert variate.get_feature_flag(flag["id"]) == flag
        assert cache_experiment_assignment(name, name, name)
        assert variate.get_cached_experiment_assignment(name, name) == name
        assert cache_feature_flag(name, name, {name: name})
        assert variate.get_cached_feature_flag(name, name) == {name: name}
        assert check_rate_limit(f"{uuid.uuid4()}{name}"[:256], 1, 60)[0]


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00Z", "0987-06-05T04:03:02.000001Z", "9999-12-31T23:59:59.999999Z"]
)
def test_the_ends_of_time_are_moments_like_others(deployment: Deployment, moment: str) -> None:
    event = record_event("user-1", "view", {}, timestamp=moment)
    now = record_event("user-1", "view", {})
    assert datetime.fromisoformat(event["timestamp"]) == datetime.fromisoformat(moment)
    expected = [now, event] if moment < now["timestamp"] else [event, now]
    assert get_user_events("user-1")["items"] == expected


@pytest.mark.parametrize("size", [390_000])
def test_the_biggest_event_that_is_taken_is_stored(deployment: Deployment, size: int) -> None:
    data = "x" * (size - 2)
    longest = "u" * 1_024
    event = record_event(longest, "t" * 1_024, data, experiment_id="e" * 1_024, event_id="i" * 1_024)
    assert get_user_events(longest)["items"] == [event]


def test_the_widest_experiment_that_is_taken_is_stored_and_served(deployment: Deployment) -> None:
    variations = [{"name": f"v{n}", "value": "é" * 150, "weight": n + 0.5} for n in range(100)]
    experiment = create_experiment("Wide", "", variations)
    active = update_experiment_status(experiment["id"], "active")
    with deployment.backends() as backends:
        copy = backends.serving.get(experiment["id"])
    assert active is not None
    assert copy is not None
    assert (copy.revision, len(copy.variations)) == (active["revision"], 100)
