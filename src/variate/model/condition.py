"""A condition: whom a rule is for, as data. Built from JSON by ``read_condition``, and given back as such.

{"attribute": "country", "operator": "in", "value": ["US"]}
{"all": [...]}    {"any": [...]}    {"not": {...}}
{"audience": "beta"}    {"percentage": 20, "salt": "wave-1"}
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias, TypeVar

from variate.errors import InvalidInputError
from variate.model.document import Json
from variate.model.operators import Operand, Operator, check_operand, takes_value, what_it_takes
from variate.model.percentage import percent_buckets
from variate.model.rules import check_id, shown

MAX_CONDITION_DEPTH = 20
"""How deep conditions may be within each other; a comparison by itself is 1 deep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The attribute compared with a value. Dots in ``attribute`` lead through dicts within each other."""

    depth: ClassVar[int] = 1

    attribute: str
    operator: Operator
    value: Operand = None
    _kinds: tuple[type, ...] = field(init=False, repr=False)  # 1 equals True in Python, but not as an operand

    def __post_init__(self) -> None:
        path = check_id("condition.attribute", self.attribute).split(".")
        if not all(path):
            raise InvalidInputError("condition.attribute", "must have a name before, after and between dots")
        if len(path) > MAX_CONDITION_DEPTH:
            raise InvalidInputError("condition.attribute", f"must be at most {MAX_CONDITION_DEPTH} names long")
        object.__setattr__(self, "operator", _check_operator(self.operator))
        value = check_operand("condition.value", self.operator, self.value)
        object.__setattr__(self, "value", value)
        object.__setattr__(self, "_kinds", tuple(map(type, value if isinstance(value, tuple) else (value,))))

    @property
    def path(self) -> tuple[str, ...]:
        """The names that lead to the attribute."""
        return tuple(self.attribute.split("."))


@dataclass(frozen=True, slots=True)
class AllOf:
    """Matches where each of the conditions does."""

    conditions: tuple[Condition, ...]
    depth: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "conditions", _check_group("condition.all", self.conditions))
        object.__setattr__(self, "depth", _depth_over(self.conditions))


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Matches where at least one of the conditions does."""

    conditions: tuple[Condition, ...]
    depth: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "conditions", _check_group("condition.any", self.conditions))
        object.__setattr__(self, "depth", _depth_over(self.conditions))


@dataclass(frozen=True, slots=True)
class Negation:
    """Matches where the condition does not, whatever the reason."""

    condition: Condition
    depth: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check_condition("condition.not", self.condition)
        object.__setattr__(self, "depth", _depth_over((self.condition,)))


@dataclass(frozen=True, slots=True)
class InAudience:
    """Matches the units of an audience."""

    depth: ClassVar[int] = 1

    audience_id: str

    def __post_init__(self) -> None:
        check_id("condition.audience", self.audience_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentage:
    """Matches this share of the units: those whose bucket under ``salt`` is among the first ``buckets``."""

    depth: ClassVar[int] = 1

    percentage: float
    salt: str

    def __post_init__(self) -> None:
        percent_buckets("condition.percentage", self.percentage)
        if self.percentage == int(self.percentage):
            object.__setattr__(self, "percentage", int(self.percentage))
        check_id("condition.salt", self.salt)

    @property
    def buckets(self) -> int:
        """How many of the 10,000 buckets the percentage is."""
        return percent_buckets("condition.percentage", self.percentage)


Condition: TypeAlias = Comparison | AllOf | AnyOf | Negation | InAudience | Percentage

T = TypeVar("T")


def audiences_of(condition: Condition) -> frozenset[str]:
    """Return the ids of the audiences that ``condition`` itself names."""
    match condition:
        case InAudience(audience_id):
            return frozenset({audience_id})
        case AllOf(conditions) | AnyOf(conditions):
            return frozenset().union(*map(audiences_of, conditions))
        case Negation(inner):
            return audiences_of(inner)
        case _:
            return frozenset()


def condition_record(condition: Condition) -> Json:
    """Return the JSON that ``read_condition`` makes ``condition`` of."""
    match condition:
        case Comparison(attribute=attribute, operator=operator, value=value):
            record: dict[str, Json] = {"attribute": attribute, "operator": str(operator)}
            if takes_value(operator):
                record["value"] = list(value) if isinstance(value, tuple) else value
            return record
        case AllOf(conditions):
            return {"all": [condition_record(each) for each in conditions]}
        case AnyOf(conditions):
            return {"any": [condition_record(each) for each in conditions]}
        case Negation(inner):
            return {"not": condition_record(inner)}
        case InAudience(audience_id):
            return {"audience": audience_id}
        case Percentage(percentage=percentage, salt=salt):
            return {"percentage": percentage, "salt": salt}


def read_condition(field: str, given: Json) -> Condition:
    """Return the condition that the JSON value ``given`` is.

    Raise ``InvalidInputError`` where it is none; its field leads from ``field`` to the place, as in
    ``audience.all[1].value``.
    """
    return _read(field, given, MAX_CONDITION_DEPTH)


def _read(field: str, given: Json, depth: int) -> Condition:
    if not isinstance(given, dict):
        example = '{"attribute": "country", "operator": "in", "value": ["US"]}'
        raise InvalidInputError(field, f"must be an object such as {example}, not {type(given).__name__}")
    if depth < 1:
        raise InvalidInputError(field, _TOO_DEEP)
    form = next((key for key in _KEYS if key in given), None)
    if form is None:
        raise InvalidInputError(field, f"must have one of the keys {', '.join(_KEYS)}")
    for key in given:
        if key not in _KEYS[form]:
            known = ", ".join(_KEYS[form])
            raise InvalidInputError(field, f"must not have the key {shown(key)} beside {form!r}: known here is {known}")
    return _READERS[form](field, given, depth)


def _read_comparison(field: str, given: dict[str, Json], _depth: int) -> Comparison:
    if "operator" not in given:
        raise InvalidInputError(f"{field}.operator", f"must be given, one of {', '.join(Operator)}")
    operator = _within(field, lambda: _check_operator(given["operator"]))
    if "value" in given and not takes_value(operator):
        raise InvalidInputError(f"{field}.value", f"must not be given: {operator} takes no value")
    if "value" not in given and takes_value(operator):
        raise InvalidInputError(f"{field}.value", f"must be given: {operator} takes {what_it_takes(operator)}")
    attribute, value = given["attribute"], given.get("value")
    return _within(field, lambda: Comparison(attribute=attribute, operator=operator, value=value))


def _read_group(field: str, given: Json, depth: int) -> tuple[Condition, ...]:
    if not isinstance(given, list):
        raise InvalidInputError(field, f"must be a list of conditions, not {type(given).__name__}")
    return tuple(_read(f"{field}[{index}]", each, depth - 1) for index, each in enumerate(given))


def _read_all(field: str, given: dict[str, Json], depth: int) -> AllOf:
    conditions = _read_group(f"{field}.all", given["all"], depth)
    return _within(field, lambda: AllOf(conditions))


def _read_any(field: str, given: dict[str, Json], depth: int) -> AnyOf:
    conditions = _read_group(f"{field}.any", given["any"], depth)
    return _within(field, lambda: AnyOf(conditions))


def _read_not(field: str, given: dict[str, Json], depth: int) -> Negation:
    return Negation(_read(f"{field}.not", given["not"], depth - 1))


def _read_audience(field: str, given: dict[str, Json], _depth: int) -> InAudience:
    return _within(field, lambda: InAudience(given["audience"]))


def _read_percentage(field: str, given: dict[str, Json], _depth: int) -> Percentage:
    if "salt" not in given:
        raise InvalidInputError(f"{field}.salt", "must be given: shares drawn under different salts are independent")
    return _within(field, lambda: Percentage(percentage=given["percentage"], salt=given["salt"]))


_KEYS: dict[str, tuple[str, ...]] = {
    "attribute": ("attribute", "operator", "value"),
    "all": ("all",),
    "any": ("any",),
    "not": ("not",),
    "audience": ("audience",),
    "percentage": ("percentage", "salt"),
}
_READERS: dict[str, Callable[[str, dict[str, Json], int], Condition]] = {
    "attribute": _read_comparison,
    "all": _read_all,
    "any": _read_any,
    "not": _read_not,
    "audience": _read_audience,
    "percentage": _read_percentage,
}
_OPERATORS = frozenset(map(str, Operator))
_LONGEST_MISTYPED = 100
_TOO_DEEP = f"must be nested at most {MAX_CONDITION_DEPTH} deep, and not contain itself"


def _within(field: str, build: Callable[[], T]) -> T:
    """Return what is built; the field of its error begins at ``field`` instead of at the value itself."""
    try:
        return build()
    except InvalidInputError as error:
        raise InvalidInputError(field + error.field.removeprefix("condition"), error.rule) from None


def _check_operator(value: object) -> Operator:
    if isinstance(value, str) and value in _OPERATORS:
        return Operator(value)
    hint = ""
    if isinstance(value, str) and len(value) <= _LONGEST_MISTYPED:
        from difflib import get_close_matches  # noqa: PLC0415 - only who mistypes waits for it

        hint = "".join(f" (did you mean {close}?)" for close in get_close_matches(value, _OPERATORS, n=1))
    raise InvalidInputError("condition.operator", f"must be one of {', '.join(Operator)}, not {shown(value)}{hint}")


def _check_condition(field: str, value: object) -> None:
    if not isinstance(value, Condition):
        raise InvalidInputError(field, f"must be a condition, not {type(value).__name__}")


def _check_group(field: str, conditions: object) -> tuple[Condition, ...]:
    if not isinstance(conditions, (list, tuple)):
        raise InvalidInputError(field, f"must be conditions, not {type(conditions).__name__}")
    if not conditions:
        raise InvalidInputError(field, "must not be empty")
    for index, each in enumerate(conditions):
        _check_condition(f"{field}[{index}]", each)
    return tuple(conditions)


def _depth_over(conditions: Iterable[Condition]) -> int:
    depth = 1 + max(each.depth for each in conditions)
    if depth > MAX_CONDITION_DEPTH:
        raise InvalidInputError("condition", _TOO_DEEP)
    return depth
