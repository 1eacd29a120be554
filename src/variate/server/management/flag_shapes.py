"""Flags as they are sent and answered."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from variate.server.management.paging import listed
from variate.server.management.shapes import MOMENT, Definition, Given, NewId, Told, absent, example

FlagStatus = Literal["active", "inactive", "archived"]
FlagType = Literal["boolean", "string", "number", "json"]

_SERVE = 'A variation\'s name, `{"rollout": {"on": 20, "off": 80}}` or `{"experiment": "..."}`.'
_RULES = "A list of rules `{name, condition, serve}`, the first that matches decides; any JSON where free-form."
_RULE = {
    "name": "beta testers",
    "condition": {"attribute": "beta", "operator": "equals", "value": True},
    "serve": "on",
}
_ON_OFF = [
    {"name": "on", "value": True, "description": ""},
    {"name": "off", "value": False, "description": ""},
]
_STATE = {"enabled": True, "rules": None, "default": {"rollout": [["on", 20], ["off", 80]]}, "off": None}


class FlagVariationGiven(Given):
    """A value that the flag may have."""

    name: str
    value: Any
    description: str = absent("What it is, in words.")


class PrerequisiteGiven(Given):
    """Another flag, and what it has to give."""

    flag: str
    variations: list[str]


class EnvironmentStateGiven(Given):
    """What is different in one environment; what is null is as in the flag itself."""

    model_config = example(enabled=True, default={"rollout": {"on": 20, "off": 80}})

    enabled: bool | None = absent("Whether it is switched on here.")
    rules: list[dict[str, Any]] | None = absent("The rules here.")
    default: str | dict[str, Any] | None = absent(f"What it serves where no rule decides. {_SERVE}")
    off: str | None = absent("The variation that it serves while it is off.")
    starts_at: str | None = absent(f"From when on. {MOMENT}")
    ends_at: str | None = absent(f"Until when. {MOMENT}")


class TargetingGiven(Given):
    """What a flag may have. With any of these but `rules` it has variations, and is evaluated."""

    type: FlagType = absent("Follows from the variations unless given.")
    schema_: dict[str, Any] | None = absent("A JSON Schema that every value has to meet.", alias="schema")
    variations: list[FlagVariationGiven] = absent("`on` (true) and `off` (false) unless given.")
    rules: Any = absent(_RULES)
    default: str | dict[str, Any] = absent(f"What it serves where no rule decides. {_SERVE}")
    off: str = absent("The variation that it serves while it is off.")
    prerequisites: list[PrerequisiteGiven] = absent("Flags that have to give one of some variations.")
    environments: dict[str, EnvironmentStateGiven] = absent("What is different where.")
    starts_at: str | None = absent(f"From when on. {MOMENT}")
    ends_at: str | None = absent(f"Until when. {MOMENT}")
    salt: str | None = absent("What rollouts are salted with; the flag's id where it is null.")
    owner: str | None = absent("Whose it is.")
    tags: list[str] = absent("By which people find it.")

    @property
    def given(self) -> dict[str, Any]:
        """What was sent, without what was not."""
        return self.model_dump(exclude_unset=True, by_alias=True)


class NewFlag(TargetingGiven):
    """A new flag."""

    model_config = example(
        id="new-checkout",
        name="New checkout",
        status="active",
        variations=_ON_OFF,
        rules=[_RULE],
        default="off",
        off="off",
        environments={"dev": {"enabled": True}},
        tags=["checkout"],
    )

    id: NewId = absent("Its id; a UUID unless given.")
    name: str
    description: str = absent("What it is, in words.")
    status: FlagStatus = absent("`inactive` unless given.")


class FlagChange(TargetingGiven):
    """What is to change."""

    model_config = example(description="The checkout of this year", default={"rollout": {"on": 20, "off": 80}})

    name: str = absent("Its name.")
    description: str = absent("What it is, in words.")


class FlagStatusChange(Given):
    """Whether the flag is in use."""

    model_config = example(status="inactive")

    status: FlagStatus


class Promotion(Given):
    """From which environment to which."""

    model_config = example(source="dev", target="prod")

    source: str
    target: str


class FlagVariation(Told):
    """A value that the flag may have."""

    name: str
    value: Any
    description: str


class Prerequisite(Told):
    """Another flag, and what it has to give."""

    flag: str
    variations: list[str]


class EnvironmentState(Told):
    """What is different in one environment; what is null is as in the flag itself."""

    enabled: bool
    rules: list[Any] | None
    default: Any = Field(description=_SERVE)
    off: str | None
    starts_at: str | None
    ends_at: str | None


class Flag(Definition):
    """A flag. One whose rules are free-form has none of the members of targeting."""

    model_config = example(
        id="new-checkout",
        name="New checkout",
        description="",
        rules=[_RULE],
        status="active",
        revision=1,
        created_at="2026-11-02T09:00:00.000000Z",
        updated_at="2026-11-02T09:00:00.000000Z",
        type="boolean",
        schema=None,
        variations=_ON_OFF,
        default="off",
        off="off",
        prerequisites=[],
        environments={"dev": {**_STATE, "starts_at": None, "ends_at": None}},
        starts_at=None,
        ends_at=None,
        salt=None,
        owner=None,
        tags=["checkout"],
    )

    rules: Any = Field(description=_RULES)
    status: FlagStatus
    type: FlagType | None = None
    schema_: Any = Field(default=None, alias="schema", description="A JSON Schema that every value has to meet.")
    variations: list[FlagVariation] | None = None
    default: Any = Field(default=None, description=_SERVE)
    off: str | None = None
    prerequisites: list[Prerequisite] | None = None
    environments: dict[str, EnvironmentState] | None = None
    starts_at: str | None = None
    ends_at: str | None = None
    salt: str | None = None
    owner: str | None = None
    tags: list[str] | None = None


class ListedFlag(Flag):
    """A flag in a list."""

    stale: str | None = Field(
        default=None, description="Why it has done its work, in words; only there where stale flags were asked for."
    )


FlagList = listed(ListedFlag, "FlagList")
