"""Which flags have done their work, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from variate.definition.stale_flags import StaleFlags
from variate.model import ExperimentStatus, FeatureFlag, FlagStatus, format_instant
from variate.testing.builders import build_flag
from variate.testing.clocks import START

NOW = START + timedelta(days=40)
ON_OFF = [{"name": "on", "value": True}, {"name": "off", "value": False}]
GERMANS = {"attribute": "country", "operator": "equals", "value": "DE"}
LATER = format_instant(NOW + timedelta(seconds=1))
STATUSES = {"runs": ExperimentStatus.ACTIVE, "over": ExperimentStatus.COMPLETED}
EARLIER = format_instant(NOW - timedelta(days=1))


def built(targeting: dict[str, Any] | None, rules: Any = (), *, status: FlagStatus = FlagStatus.ACTIVE) -> FeatureFlag:
    given = None if targeting is None else {"type": "boolean", "variations": ON_OFF, "off": "off", **targeting}
    return build_flag("f", targeting=given, rules=[*rules] if given else rules, status=status)


def reason(
    targeting: dict[str, Any] | None, rules: Any = (), *, status: FlagStatus = FlagStatus.ACTIVE, days: int = 40
) -> str | None:
    """Return why the flag is stale, ``days`` after its last change, beside a running and a completed experiment."""
    return StaleFlags().reason(
        built(targeting, rules, status=status),
        environments=("dev", "prod"),
        status_of=STATUSES.get,
        at=START + timedelta(days=days),
    )


def rule(serve: Any, condition: Any = None) -> dict[str, Any]:
    return {"name": "r", "condition": condition, "serve": serve}


ON: dict[str, Any] = {"default": "on"}
STALE: dict[str, tuple[dict[str, Any], list[Any], str]] = {
    "the default alone": (ON, [], "gives everybody 'on' in every environment, unchanged for 40 days"),
    "a rule for all before another default": ({"default": "off"}, [rule("on")], "'on'"),
    "a rule that serves what the others get": (ON, [rule("on", GERMANS)], "'on'"),
    "a rollout of one": ({"default": {"rollout": {"on": 100, "off": 0}}}, [], "'on'"),
    "off in every environment": ({**ON, "environments": {n: {"enabled": False} for n in ("dev", "prod")}}, [], "'off'"),
    "its time is over": ({**ON, "ends_at": EARLIER}, [], "'off'"),
    "an experiment that is over": (ON, [rule({"experiment": "over"}, GERMANS)], "'over', which is completed"),
    "an environment of no more": ({**ON, "environments": {"gone": {"enabled": False}}}, [], "'on'"),
}
IN_WORK: dict[str, tuple[dict[str, Any], list[Any]]] = {
    "a rule for some": (ON, [rule("off", GERMANS)]),
    "a rollout": ({"default": {"rollout": {"on": 50, "off": 50}}}, []),
    "one environment is not like the other": ({**ON, "environments": {"dev": {"enabled": False}}}, []),
    "an experiment that runs": (ON, [rule({"experiment": "runs"})]),
    "an experiment that is not there": (ON, [rule({"experiment": "none"})]),
    "a start to come": ({**ON, "starts_at": LATER}, []),
    "an end to come in an environment": ({**ON, "environments": {"prod": {"ends_at": LATER}}}, []),
    "a prerequisite": ({**ON, "prerequisites": [{"flag": "other", "variations": ["on"]}]}, []),
    "what cannot be read": ({"default": "unheard of"}, []),
}


@pytest.mark.parametrize("name", STALE)
def test_a_flag_that_decides_nothing_any_more_is_stale(name: str) -> None:
    targeting, rules, words = STALE[name]
    found = reason(targeting, rules)
    assert found is not None
    assert words in found
    assert reason(targeting, rules, days=29) is None
    assert reason(targeting, rules, status=FlagStatus.ARCHIVED) is None


@pytest.mark.parametrize("name", IN_WORK)
def test_a_flag_that_decides_something_is_not(name: str) -> None:
    assert reason(*IN_WORK[name]) is None


def test_one_switched_off_for_long_is_stale_whatever_its_rules() -> None:
    for targeting, rules in ((None, {"percent": 5}), IN_WORK["a rule for some"]):
        assert "switched off everywhere" in (reason(targeting, rules, status=FlagStatus.INACTIVE) or "")


@pytest.mark.parametrize(("rules", "stale"), [(True, True), (3, True), ("x", True), ({"a": 1}, False), ([1], False)])
def test_free_form_rules_are_judged_where_they_are_one_plain_value(rules: Any, stale: bool) -> None:
    assert (reason(None, rules) is not None) is stale


def test_what_is_kept_of_a_flag_is_of_its_revision_and_of_the_environments_there_are() -> None:
    stale = StaleFlags()

    def found(flag: FeatureFlag, *environments: str) -> str | None:
        return stale.reason(flag, environments=environments, status_of=STATUSES.get, at=NOW)

    first = built(ON)
    assert found(first, "dev", "prod") is not None
    changed = replace(built({**ON, "environments": {"prod": {"enabled": False}}}), revision=first.revision + 1)
    assert found(changed, "dev", "prod") is None
    assert found(changed, "dev") is not None
    anew = replace(changed, revision=first.revision, updated_at=first.updated_at + timedelta(seconds=1))
    assert found(anew, "dev", "prod") is None


def test_a_schedule_that_was_to_come_is_over_when_it_is() -> None:
    stale, flag = StaleFlags(), built({**ON, "ends_at": LATER})
    found = [
        stale.reason(flag, environments=("prod",), status_of=STATUSES.get, at=NOW + timedelta(seconds=after))
        for after in (0, 2)
    ]
    assert found == [None, "It gives everybody 'off' in every environment, unchanged for 40 days."]
