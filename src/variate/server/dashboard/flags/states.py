"""What a flag is in each environment, as people read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from variate.model import FeatureFlag, FlagStatus, Json, format_instant
from variate.model.targeting import EnvironmentState, FlagRule, ServeExperiment, Targeting
from variate.model.targeting_record import rules_record, serve_record
from variate.rendering.definition_words import condition_words, json_words, serve_words

_AS_EVERYWHERE = EnvironmentState()
_MOST_CHARACTERS = 120
_FIELDS = ("rules", "default", "off", "starts_at", "ends_at")


class State(NamedTuple):
    """Whether it is on, in a tone of the badges and in words."""

    tone: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleShown:
    """A rule: for whom, what it serves, and the experiment that it serves, where it does."""

    name: str
    who: str
    serves: str
    experiment_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentShown:
    """A flag in one environment: ``own`` names the fields in which it is otherwise there than in the flag itself."""

    name: str
    state: State
    is_enabled: bool
    rules: Sequence[RuleShown]
    default: str
    off: str
    off_value: str
    starts_at: datetime | None
    ends_at: datetime | None
    own: Sequence[str]
    record: Json
    """All that counts there, to be compared with another environment."""


def environments_shown(
    flag: FeatureFlag, targeting: Targeting, names: Sequence[str], *, now: datetime
) -> list[EnvironmentShown]:
    """Return what the flag is in each of the environments."""
    return [_shown(flag, targeting, name, now) for name in names]


def _shown(flag: FeatureFlag, targeting: Targeting, name: str, now: datetime) -> EnvironmentShown:
    here = targeting.environments.get(name, _AS_EVERYWHERE)
    rules = targeting.rules if here.rules is None else here.rules
    default = targeting.default if here.default is None else here.default
    off = targeting.off if here.off is None else here.off
    starts_at, ends_at = here.starts_at or targeting.starts_at, here.ends_at or targeting.ends_at
    return EnvironmentShown(
        name=name,
        state=_state(flag.status, is_enabled=here.enabled, starts_at=starts_at, ends_at=ends_at, now=now),
        is_enabled=here.enabled,
        rules=[rule_shown(each) for each in rules],
        default=serve_words(default),
        off=off,
        off_value=value_words(targeting, off),
        starts_at=starts_at,
        ends_at=ends_at,
        own=[field for field in _FIELDS if getattr(here, field) is not None],
        record={
            "enabled": here.enabled,
            "rules": rules_record(rules),
            "default": serve_record(default),
            "off": off,
            "starts_at": None if starts_at is None else format_instant(starts_at),
            "ends_at": None if ends_at is None else format_instant(ends_at),
        },
    )


def rule_shown(rule: FlagRule) -> RuleShown:
    """Return the rule in words."""
    return RuleShown(
        name=rule.name,
        who="everybody" if rule.condition is None else condition_words(rule.condition),
        serves=serve_words(rule.serve),
        experiment_id=rule.serve.experiment_id if isinstance(rule.serve, ServeExperiment) else None,
    )


def value_words(targeting: Targeting, variation: str) -> str:
    """Return the variation's value as JSON, cut where it is long."""
    text = next((json_words(each.value.value) for each in targeting.variations if each.name == variation), "")
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}..."


def status_state(flag: FeatureFlag) -> State:
    """Return the flag's status alone, where it has no environments: free-form, or such that it cannot be read."""
    return _state(flag.status, is_enabled=True, starts_at=None, ends_at=None, now=flag.updated_at)


def _state(
    status: FlagStatus, *, is_enabled: bool, starts_at: datetime | None, ends_at: datetime | None, now: datetime
) -> State:
    if status is not FlagStatus.ACTIVE:
        return State("none", "archived" if status is FlagStatus.ARCHIVED else "off")
    if not is_enabled:
        return State("none", "off here")
    if starts_at is not None and now < starts_at:
        return State("warning", "not yet on")
    if ends_at is not None and now >= ends_at:
        return State("warning", "ended")
    return State("course", "on")
