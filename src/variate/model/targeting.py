"""What a flag serves to whom: typed variations, ordered rules, a default, an off value, and each environment's own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import TypeAlias

from variate.errors import InvalidInputError
from variate.model.condition import Condition
from variate.model.document import Document
from variate.model.experiment import MAX_VARIATIONS
from variate.model.instant import check_schedule
from variate.model.rules import check_distinct, check_id, check_name, check_text, check_weight, shown
from variate.model.snapshot import check_environment

MAX_RULES = 1_000
MAX_TAGS = 100


class FlagType(StrEnum):
    """What kind of value every variation of a flag has."""

    BOOLEAN = "boolean"
    STRING = "string"
    NUMBER = "number"
    JSON = "json"


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagVariation:
    """One of the values a flag can have."""

    name: str
    value: Document
    description: str = ""

    def __post_init__(self) -> None:
        check_id("name", self.name)
        check_text("description", self.description)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeVariation:
    """Every unit gets this variation."""

    variation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeRollout:
    """Units are shared out by weight; each keeps its place, so a greater weight of the first only adds units to it."""

    weights: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeExperiment:
    """A unit in the experiment gets the flag's variation of the same name; others go on to the next rule."""

    experiment_id: str


Serve: TypeAlias = ServeVariation | ServeRollout | ServeExperiment


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagRule:
    """Units for which ``condition`` is true (None: all) get what ``serve`` says; the first that matches decides."""

    name: str
    condition: Condition | None = None
    serve: Serve


@dataclass(frozen=True, slots=True, kw_only=True)
class Prerequisite:
    """Another flag that has to give one of ``variations``, or this one is off."""

    flag_id: str
    variations: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentState:
    """What is different in one environment. What is None there is as in the flag itself."""

    enabled: bool = True
    rules: tuple[FlagRule, ...] | None = None
    default: Serve | None = None
    off: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.enabled, bool):
            raise InvalidInputError("enabled", f"must be true or false, not {type(self.enabled).__name__}")
        check_schedule(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Targeting:
    """A flag's typed part; true once built: every variation that is named is there, and of the flag's type."""

    type: FlagType
    schema: Document | None = None
    variations: tuple[FlagVariation, ...]
    rules: tuple[FlagRule, ...] = ()
    default: Serve
    off: str
    prerequisites: tuple[Prerequisite, ...] = ()
    environments: Mapping[str, EnvironmentState] = field(default_factory=lambda: MappingProxyType({}))
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    salt: str | None = None
    owner: str | None = None
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self._check_variations()
        self._check_rules("", self.rules)
        self._check_default("default", self.default)
        self._check_name("off", self.off)
        for index, prerequisite in enumerate(self.prerequisites):
            check_id(f"prerequisites[{index}].flag", prerequisite.flag_id)
            if not prerequisite.variations:
                raise InvalidInputError(f"prerequisites[{index}].variations", "must name at least one variation")
        if self.schema is not None and self.type is not FlagType.JSON:
            raise InvalidInputError("schema", "is for flags of type json")
        if self.salt is not None:
            check_id("salt", self.salt)
        if self.owner is not None:
            check_name("owner", self.owner)
        if len(self.tags) > MAX_TAGS or len(set(self.tags)) < len(self.tags):
            raise InvalidInputError("tags", f"must be at most {MAX_TAGS} different ones")
        for tag in self.tags:
            check_name("tags", tag)
        check_schedule(self)
        for environment, state in self.environments.items():
            check_environment("environments", environment)
            place = f"environments.{environment}."
            self._check_rules(place, state.rules or ())
            if state.default is not None:
                self._check_default(f"{place}default", state.default)
            if state.off is not None:
                self._check_name(f"{place}off", state.off)

    @property
    def names(self) -> list[str]:
        """The variations' names, in order."""
        return [each.name for each in self.variations]

    @property
    def conditions(self) -> list[Condition]:
        """Every condition of the flag, in whichever environment."""
        return [rule.condition for rule in self._all_rules() if rule.condition is not None]

    @property
    def experiments(self) -> set[str]:
        """The id of every experiment that the flag serves, in whichever environment."""
        serves = (rule.serve for rule in self._all_rules())
        return {serve.experiment_id for serve in serves if isinstance(serve, ServeExperiment)}

    def _all_rules(self) -> Iterator[FlagRule]:
        yield from self.rules
        for state in self.environments.values():
            yield from state.rules or ()

    def _check_variations(self) -> None:
        if not 1 <= len(self.variations) <= MAX_VARIATIONS:
            raise InvalidInputError("variations", f"must be from 1 to {MAX_VARIATIONS}, not {len(self.variations)}")
        check_distinct("variations", self.names)
        for place, each in enumerate(self.variations):
            if not is_of_type(self.type, each.value):
                raise InvalidInputError(f"variations[{place}].value", f"must be a {self.type}, as the flag is")

    def _check_rules(self, place: str, rules: tuple[FlagRule, ...]) -> None:
        if len(rules) > MAX_RULES:
            raise InvalidInputError(f"{place}rules", f"must be at most {MAX_RULES}, not {len(rules)}")
        names = [check_name(f"{place}rules[{index}].name", rule.name) for index, rule in enumerate(rules)]
        check_distinct(f"{place}rules", names)
        for index, rule in enumerate(rules):
            self._check_serve(f"{place}rules[{index}].serve", rule.serve)

    def _check_default(self, place: str, serve: Serve) -> None:
        if isinstance(serve, ServeExperiment):
            raise InvalidInputError(place, "must be a variation or a rollout: it is for whom no rule decided")
        self._check_serve(place, serve)

    def _check_serve(self, place: str, serve: Serve) -> None:
        if isinstance(serve, ServeVariation):
            self._check_name(place, serve.variation)
        elif isinstance(serve, ServeRollout):
            for name, weight in serve.weights:
                self._check_name(f"{place}.rollout", name)
                check_weight(f"{place}.rollout.{name}", weight)
            if not any(weight > 0 for _, weight in serve.weights):
                raise InvalidInputError(f"{place}.rollout", "must have at least one weight above zero")
            if self._leaves_open(serve):
                raise InvalidInputError(
                    f"{place}.rollout",
                    'must name the others too, such as {"on": 20, "off": 80}: a weight is a share of their sum',
                )
        else:
            check_id(f"{place}.experiment", serve.experiment_id)

    def _leaves_open(self, serve: ServeRollout) -> bool:
        """Whether it weighs one variation of several alone: all units get it, where a share of them may be meant."""
        return len(serve.weights) == 1 < len(self.variations) and serve.weights[0][1] != 100

    def _check_name(self, place: str, name: str) -> None:
        if name not in self.names:
            raise InvalidInputError(place, f"must be one of the variations {', '.join(self.names)}, not {shown(name)}")


def is_of_type(kind: FlagType, value: Document) -> bool:
    """Return whether the value is of this kind; every value is JSON."""
    found = value.value
    if kind is FlagType.BOOLEAN:
        return isinstance(found, bool)
    if kind is FlagType.STRING:
        return isinstance(found, str)
    if kind is FlagType.NUMBER:
        return isinstance(found, (int, float)) and not isinstance(found, bool)
    return True
