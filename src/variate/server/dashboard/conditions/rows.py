"""A condition as rows in groups, as they are typed, and back: exactly the same condition.

What rows cannot show as it is, such as a text of several lines or groups too deep, is no rows at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from variate.errors import InvalidInputError
from variate.model import Json
from variate.model.condition import read_condition
from variate.model.operators import Operator, takes_value
from variate.server.dashboard.conditions.operands import (
    EMPTY,
    Kind,
    Shape,
    Typed,
    is_trimmed_line,
    number,
    operand,
    shape_of,
    typed,
)
from variate.server.dashboard.form import Form

MAX_NESTED = 2
"""How many groups may be within each other below the first."""
MAX_ROWS = 200
"""More rows than this nobody reads: that is for JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparing:
    """A row that compares an attribute. ``name`` is what its fields begin with."""

    name: str
    attribute: str = ""
    operator: str = Operator.EQUALS
    typed: Typed = EMPTY
    row: str = "comparison"

    @property
    def shape(self) -> Shape:
        """What is typed for the operator."""
        return shape_of(self.operator)


@dataclass(frozen=True, slots=True, kw_only=True)
class Belonging:
    """A row that asks for an audience, or for being outside of one."""

    name: str
    audience: str = ""
    inside: bool = True
    row: str = "audience"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A row that takes a share of the units."""

    name: str
    percentage: str = ""
    salt: str = ""
    row: str = "percentage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """A group of rows and groups, of which ``match`` hold.

    ``alone`` says that one row by itself is no group, so that it need not be written as one.
    """

    name: str
    match: str = "all"
    alone: bool = True
    items: tuple[Item, ...] = ()
    row: str = "group"


Item: TypeAlias = Comparing | Belonging | Share | Rows

_GROUPS = {"all": ("all", False), "any": ("any", False), "none": ("any", True), "not_all": ("all", True)}
"""The key that a condition has, and whether it is denied, by how a group matches."""


@dataclass(slots=True)
class _Unshown:
    """Counts the rows that are left."""

    rows: int = field(default=MAX_ROWS)


def typed_rows(form: Form, name: str) -> Rows:
    """Return the rows as they stand in a form that was sent."""
    items: list[Item] = []
    for index in form.rows(f"{name}.items"):
        item = f"{name}.items[{index}]"
        match form.raw(item):
            case "group":
                items.append(typed_rows(form, item))
            case "audience":
                items.append(
                    Belonging(
                        name=item, audience=form.text(f"{item}.audience"), inside=form.raw(f"{item}.inside") != "no"
                    )
                )
            case "percentage":
                items.append(
                    Share(name=item, percentage=form.text(f"{item}.percentage"), salt=form.text(f"{item}.salt"))
                )
            case _:
                items.append(_typed_comparison(form, item))
    alone = not form.has(f"{name}.alone") or form.raw(f"{name}.alone") == "yes"
    return Rows(name=name, match=form.raw(f"{name}.match") or "all", alone=alone, items=tuple(items))


def rows_of(name: str, condition: Json) -> Rows | None:
    """Return the rows of a condition that was read before, None where rows cannot show it as it is."""
    left = _Unshown()
    group = _group(name, condition, left, MAX_NESTED)
    if group is not None:
        return group
    item = _row(f"{name}.items[0]", condition, left)
    return None if item is None else Rows(name=name, items=(item,))


def condition_of_rows(group: Rows, wrong: dict[str, str]) -> Json:
    """Return the condition that the rows are; what is wrong with them is put into ``wrong``, by field."""
    found = [_record(item, wrong) for item in group.items]
    if not found:
        wrong[group.name] = "must have a row, or be removed"
        return None
    key, denied = _GROUPS.get(group.match, ("", False))
    if not key:
        wrong[f"{group.name}.match"] = f"must be one of {', '.join(_GROUPS)}"
    is_alone = group.alone and len(found) == 1 and group.match in ("all", "none")
    record = found[0] if is_alone else {key: found}
    return {"not": record} if denied else record


def _typed_comparison(form: Form, name: str) -> Comparing:
    given = Typed(form.raw(f"{name}.value"), form.raw(f"{name}.kind") or Kind.TEXT, form.raw(f"{name}.listed") == "yes")
    operator = form.raw(f"{name}.operator") or Operator.EQUALS
    return Comparing(name=name, attribute=form.text(f"{name}.attribute"), operator=operator, typed=given)


def _record(item: Item, wrong: dict[str, str]) -> Json:
    if isinstance(item, Rows):
        return condition_of_rows(item, wrong)
    try:
        record = _record_of_row(item)
        read_condition("row", record)
    except InvalidInputError as error:
        place, _, index = error.field.removeprefix("row").lstrip(".").partition("[")
        rule = f"{error.rule} (value {int(index[:-1]) + 1})" if index else error.rule
        wrong[f"{item.name}.{place.removeprefix('not.')}" if place else item.name] = rule
        return None
    return record


def _record_of_row(item: Comparing | Belonging | Share) -> Json:
    if isinstance(item, Belonging):
        record: Json = {"audience": item.audience}
        return record if item.inside else {"not": record}
    if isinstance(item, Share):
        return {"percentage": number("percentage", item.percentage), "salt": item.salt}
    if not item.attribute:
        raise InvalidInputError("attribute", "must be given")
    record = {"attribute": item.attribute, "operator": item.operator}
    if item.shape is not Shape.NONE:
        record["value"] = operand(item.operator, item.typed)
    return record


def _group(name: str, condition: Json, left: _Unshown, depth: int) -> Rows | None:
    """Return the group that the condition is, None where it is none or cannot be shown."""
    denied = "not" in condition
    inner = condition["not"] if denied else condition
    key = next((key for key in ("all", "any") if key in inner), None)
    if key is None:
        if not denied or "audience" in inner:
            return None
        item = _row(f"{name}.items[0]", inner, left)
        return None if item is None else Rows(name=name, match="none", items=(item,))
    match = next(match for match, made in _GROUPS.items() if made == (key, denied))
    items = tuple(_items(name, inner[key], left, depth))
    return Rows(name=name, match=match, alone=False, items=items) if len(items) == len(inner[key]) else None


def _items(name: str, conditions: list[Json], left: _Unshown, depth: int) -> Iterator[Item]:
    """Yield what can be shown, up to the first that cannot."""
    for index, condition in enumerate(conditions):
        item: Item | None = _row(f"{name}.items[{index}]", condition, left)
        if item is None and depth > 0:
            item = _group(f"{name}.items[{index}]", condition, left, depth - 1)
        if item is None:
            return
        yield item


def _row(name: str, condition: Json, left: _Unshown) -> Comparing | Belonging | Share | None:
    """Return the row that the condition is, None where it is none or cannot be shown."""
    left.rows -= 1
    if left.rows < 0:
        return None
    inner = condition.get("not", condition)
    if "audience" in inner and is_trimmed_line(inner["audience"]):
        return Belonging(name=name, audience=inner["audience"], inside=inner is condition)
    if "percentage" in condition and is_trimmed_line(condition["salt"]):
        return Share(name=name, percentage=f"{condition['percentage']}", salt=condition["salt"])
    if "attribute" in condition and is_trimmed_line(condition["attribute"]):
        operator = Operator(condition["operator"])
        shown = typed(operator, condition["value"] if takes_value(operator) else None)
        if shown is not None:
            return Comparing(name=name, attribute=condition["attribute"], operator=operator, typed=shown)
    return None
