"""The form of a flag's definition: what stands in it, and what was typed there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from variate.definition.flag_references import targeting_of
from variate.errors import InvalidInputError
from variate.model import FeatureFlag, Json
from variate.model.targeting import FlagType, ServeVariation, Targeting
from variate.model.targeting_record import TARGETING_FIELDS, read_targeting
from variate.server.dashboard.form import Form

FREE_FORM = "free-form"
"""What is chosen in the place of a type where the rules are the caller's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VariationStanding:
    """A variation as the form has it: its value is text where the flag is of strings, and else JSON."""

    name: str
    value: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the form has before somebody types. ``default`` is None where it is no single variation."""

    kind: str
    rules: str
    variations: Sequence[VariationStanding]
    default: str | None
    off: str
    schema: str
    prerequisites: Sequence[tuple[str, str]]
    owner: str
    tags: str
    salt: str


def standing_of(flag: FeatureFlag | None, targeting: Targeting | None) -> Standing:
    """Return what stands in the form: of no flag, one that is on and off; of a free-form one, in case it is typed."""
    shown = read_targeting({}, []) if targeting is None else targeting
    is_free = flag is not None and targeting is None
    default = shown.default.variation if isinstance(shown.default, ServeVariation) else None
    return Standing(
        kind=FREE_FORM if is_free else shown.type.value,
        rules=_pretty(flag.rules.value) if is_free and flag is not None else "",
        variations=[
            VariationStanding(
                name=each.name, value=_value_text(shown.type, each.value.value), description=each.description
            )
            for each in shown.variations
        ],
        default=default if flag is not None else "off",
        off=shown.off,
        schema="" if shown.schema is None else _pretty(shown.schema.value),
        prerequisites=[(each.flag_id, "\n".join(each.variations)) for each in shown.prerequisites],
        owner=shown.owner or "",
        tags="\n".join(shown.tags),
        salt=shown.salt or "",
    )


def definition_of(form: Form) -> dict[str, Any]:
    """Return what was typed as the platform takes it; raise ``InvalidInputError`` naming the form's field."""
    described = {"description": form.raw("description")}
    if form.text("type") == FREE_FORM:
        rules = form.json("rules")
        if rules is None:
            raise InvalidInputError("rules", 'must be given: any JSON, such as {"min_age": 18}')
        return {**described, "rules": rules}
    form.compact("variations")
    form.compact("prerequisites")
    kind = form.text("type")
    given: dict[str, Any] = {
        **described,
        "type": kind,
        "variations": [_variation(form, kind, f"variations[{row}]") for row in form.rows("variations")],
        "off": form.text("off"),
        "schema": form.json("schema") if kind == FlagType.JSON else None,
        "prerequisites": [
            {
                "flag": form.text(f"prerequisites[{row}].flag"),
                "variations": form.lines(f"prerequisites[{row}].variations"),
            }
            for row in form.rows("prerequisites")
        ],
        "owner": form.text("owner") or None,
        "tags": form.lines("tags"),
        "salt": form.text("salt") or None,
    }
    if form.has("was_free_form"):
        given["rules"] = []
    if form.has("default"):
        given["default"] = form.text("default")
    return given


def is_of(given: Mapping[str, Any], flag: FeatureFlag) -> bool:
    """Whether the flag is as it was made from this, and nobody changed it since."""
    typed = {name: given[name] for name in TARGETING_FIELDS if name in given}
    rules = given.get("rules", [])
    return (
        (flag.name, flag.description, flag.status, flag.revision)
        == (given["name"], given["description"], given["status"], 1)
        and (flag.rules.value == rules)
        and (flag.targeting is None if not typed else targeting_of(flag) == read_targeting(typed, rules))
    )


def _variation(form: Form, kind: str, row: str) -> dict[str, Json]:
    return {
        "name": form.text(f"{row}.name"),
        "value": _value(form, kind, f"{row}.value"),
        "description": form.text(f"{row}.description"),
    }


def _value(form: Form, kind: str, field: str) -> Json:
    if kind == FlagType.STRING:
        return form.raw(field)
    text = form.text(field)
    if kind == FlagType.BOOLEAN:
        if text.lower() not in ("true", "false"):
            raise InvalidInputError(field, "must be true or false")
        return text.lower() == "true"
    if not text:
        raise InvalidInputError(field, "must be given")
    return form.json(field)


def _value_text(kind: FlagType, value: Json) -> str:
    if kind is FlagType.STRING:
        return str(value)
    return _pretty(value) if isinstance(value, (dict, list)) else json.dumps(value, ensure_ascii=False)


def _pretty(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
