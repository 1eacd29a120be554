"""A flag's targeting as fields that JSON can hold, and back: the same for callers, the stores and the functions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict

from variate.errors import InvalidInputError
from variate.model.condition import condition_record
from variate.model.document import MAX_DEPTH, Document, Json
from variate.model.instant import format_instant
from variate.model.reading import (
    read_keys,
    read_list,
    read_names,
    read_optional_condition,
    read_optional_instant,
    read_truth,
)
from variate.model.rules import check_choice, check_distinct, shown
from variate.model.targeting import (
    EnvironmentState,
    FlagRule,
    FlagType,
    FlagVariation,
    Prerequisite,
    Serve,
    ServeExperiment,
    ServeRollout,
    ServeVariation,
    Targeting,
)

Record = dict[str, Any]
_ON_OFF = ({"name": "on", "value": True}, {"name": "off", "value": False})


class TargetingFields(TypedDict, total=False):
    """What a caller may say of a flag's targeting, besides its ``rules``."""

    type: str
    schema: Json
    variations: list[Any]
    default: Json
    off: str
    prerequisites: list[Any]
    environments: dict[str, Any]
    starts_at: datetime | str | None
    ends_at: datetime | str | None
    salt: str | None
    owner: str | None
    tags: list[str]


TARGETING_FIELDS = tuple(TargetingFields.__annotations__)


def read_targeting(given: Mapping[str, Any], rules: Json) -> Targeting:
    """Return the targeting these fields and rules describe; raise ``InvalidInputError`` naming the field that is wrong.

    ``type`` follows from the variations where it is not given. A boolean flag without variations has ``on`` (true) and
    ``off`` (false), which are also its ``default`` and ``off`` where those are not given.
    """
    read_keys("", given, TARGETING_FIELDS)
    told = given.get("type")
    kind = None if told is None else check_choice("type", told, FlagType)
    listed = given.get("variations")
    if listed is None and kind not in (None, FlagType.BOOLEAN):
        raise InvalidInputError("variations", f"must be given for a flag of type {kind}")
    variations = read_list("variations", _ON_OFF if listed is None else listed, _read_variation)
    names = {each.name for each in variations}
    schema = given.get("schema")
    return Targeting(
        type=_type_of(variations) if kind is None else kind,
        schema=None if schema is None else Document.of(schema, field="schema", max_depth=MAX_DEPTH),
        variations=variations,
        rules=read_rules("rules", rules),
        default=_read_serve("default", _required(given, "default", "on", names)),
        off=_read_name("off", _required(given, "off", "off", names)),
        prerequisites=read_list("prerequisites", given.get("prerequisites", ()), _read_prerequisite),
        environments=_read_environments(given.get("environments", {})),
        starts_at=read_optional_instant("starts_at", given.get("starts_at")),
        ends_at=read_optional_instant("ends_at", given.get("ends_at")),
        salt=given.get("salt"),
        owner=given.get("owner"),
        tags=read_names("tags", given.get("tags", ())),
    )


def targeting_record(targeting: Targeting) -> Record:
    """Return the fields of ``TargetingFields``, in canonical form; the rules are beside them: see ``rules_record``."""
    return {
        "type": targeting.type.value,
        "schema": None if targeting.schema is None else targeting.schema.value,
        "variations": [
            {"name": each.name, "value": each.value.value, "description": each.description}
            for each in targeting.variations
        ],
        "default": serve_record(targeting.default),
        "off": targeting.off,
        "prerequisites": [
            {"flag": each.flag_id, "variations": list(each.variations)} for each in targeting.prerequisites
        ],
        "environments": {name: _environment_record(state) for name, state in sorted(targeting.environments.items())},
        "starts_at": None if targeting.starts_at is None else format_instant(targeting.starts_at),
        "ends_at": None if targeting.ends_at is None else format_instant(targeting.ends_at),
        "salt": targeting.salt,
        "owner": targeting.owner,
        "tags": list(targeting.tags),
    }


def read_rules(field: str, given: Json) -> tuple[FlagRule, ...]:
    """Return the rules of a list of ``{"condition": ..., "serve": ..., "name": ...}``; an empty dict is no rules."""
    if given in ({}, None):
        return ()
    rules = read_list(field, given, lambda place, item: read_keys(place, item, ("name", "condition", "serve")))
    return tuple(_read_rule(f"{field}[{place}]", place, rule) for place, rule in enumerate(rules))


def rules_record(rules: tuple[FlagRule, ...]) -> list[Record]:
    """Return the rules as a list of dicts, in canonical form."""
    return [
        {
            "name": rule.name,
            "condition": None if rule.condition is None else condition_record(rule.condition),
            "serve": serve_record(rule.serve),
        }
        for rule in rules
    ]


def serve_record(serve: Serve) -> Json:
    """Return a variation's name, ``{"rollout": {name: weight}}`` or ``{"experiment": id}``."""
    if isinstance(serve, ServeVariation):
        return serve.variation
    if isinstance(serve, ServeRollout):
        return {"rollout": [[name, weight] for name, weight in serve.weights]}
    return {"experiment": serve.experiment_id}


def _required(given: Mapping[str, Any], name: str, usual: str, names: set[str]) -> Any:
    if given.get(name) is not None:
        return given[name]
    if names == {"on", "off"}:
        return usual
    raise InvalidInputError(name, "must be given: the flag has other variations than on and off")


def _type_of(variations: tuple[FlagVariation, ...]) -> FlagType:
    kinds = {type(each.value.value) for each in variations}
    if kinds == {bool}:
        return FlagType.BOOLEAN
    if kinds == {str}:
        return FlagType.STRING
    return FlagType.NUMBER if kinds and kinds <= {int, float} else FlagType.JSON


def _read_variation(field: str, given: Json) -> FlagVariation:
    fields = read_keys(field, given, ("name", "value", "description"))
    for name in ("name", "value"):
        if name not in fields:
            raise InvalidInputError(f"{field}.{name}", "must be given")
    value = Document.of(fields["value"], field=f"{field}.value", max_depth=MAX_DEPTH)
    try:
        return FlagVariation(name=fields["name"], value=value, description=fields.get("description", ""))
    except InvalidInputError as error:
        raise InvalidInputError(f"{field}.{error.field}", error.rule) from error


def _read_rule(field: str, place: int, fields: Mapping[str, Any]) -> FlagRule:
    if "serve" not in fields:
        raise InvalidInputError(f"{field}.serve", "must be given: a variation, a rollout or an experiment")
    return FlagRule(
        name=fields.get("name", f"rule {place + 1}"),
        condition=read_optional_condition(f"{field}.condition", fields.get("condition")),
        serve=_read_serve(f"{field}.serve", fields["serve"]),
    )


def _read_serve(field: str, given: Json) -> Serve:
    if isinstance(given, str):
        return ServeVariation(variation=given)
    fields = read_keys(field, given, ("rollout", "experiment"))
    if len(fields) != 1:
        raise InvalidInputError(field, 'must be a variation, {"rollout": {...}} or {"experiment": "..."}')
    if "experiment" in fields:
        return ServeExperiment(experiment_id=fields["experiment"])
    shares = fields["rollout"]
    # A list of pairs in the stores: the order decides who is added by a greater weight, and JSON keeps none in a dict.
    pairs = list(shares.items()) if isinstance(shares, Mapping) else shares
    if not isinstance(pairs, list) or not all(isinstance(pair, (list, tuple)) and len(pair) == 2 for pair in pairs):
        raise InvalidInputError(f"{field}.rollout", 'must be a dict of weights, such as {"on": 20, "off": 80}')
    weights = tuple((_read_name(f"{field}.rollout", name), weight) for name, weight in pairs)
    check_distinct(f"{field}.rollout", [name for name, _ in weights])
    return ServeRollout(weights=weights)


def _read_name(field: str, given: Json) -> str:
    if not isinstance(given, str):
        raise InvalidInputError(field, f"must be the name of a variation, not {shown(given)}")
    return given


def _read_prerequisite(field: str, given: Json) -> Prerequisite:
    fields = read_keys(field, given, ("flag", "variations"))
    for name in ("flag", "variations"):
        if name not in fields:
            raise InvalidInputError(f"{field}.{name}", "must be given")
    return Prerequisite(flag_id=fields["flag"], variations=read_names(f"{field}.variations", fields["variations"]))


def _read_environments(given: Json) -> dict[str, EnvironmentState]:
    if not isinstance(given, Mapping):
        raise InvalidInputError("environments", f"must be a dict, not {type(given).__name__}")
    return {name: _read_environment(f"environments.{name}", state) for name, state in given.items()}


def _read_environment(field: str, given: Json) -> EnvironmentState:
    fields = read_keys(field, given, ("enabled", "rules", "default", "off", "starts_at", "ends_at"))
    enabled, rules, default, off = (fields.get(name) for name in ("enabled", "rules", "default", "off"))
    state: dict[str, Any] = {
        "enabled": enabled is None or read_truth(f"{field}.enabled", enabled),
        "rules": None if rules is None else read_rules(f"{field}.rules", rules),
        "default": None if default is None else _read_serve(f"{field}.default", default),
        "off": None if off is None else _read_name(f"{field}.off", off),
        "starts_at": read_optional_instant(f"{field}.starts_at", fields.get("starts_at")),
        "ends_at": read_optional_instant(f"{field}.ends_at", fields.get("ends_at")),
    }
    try:
        return EnvironmentState(**state)
    except InvalidInputError as error:
        raise InvalidInputError(f"{field}.{error.field}", error.rule) from error


def _environment_record(state: EnvironmentState) -> Record:
    return {
        "enabled": state.enabled,
        "rules": None if state.rules is None else rules_record(state.rules),
        "default": None if state.default is None else serve_record(state.default),
        "off": state.off,
        "starts_at": None if state.starts_at is None else format_instant(state.starts_at),
        "ends_at": None if state.ends_at is None else format_instant(state.ends_at),
    }
