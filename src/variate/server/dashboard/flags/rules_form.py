"""The form of a flag's rules and of what it serves: what stands in it, and what was typed there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from variate.errors import InvalidInputError
from variate.model import Json
from variate.model.condition import condition_record
from variate.model.record import plain_number
from variate.model.targeting import FlagRule, Serve, ServeExperiment, ServeRollout, ServeVariation
from variate.model.targeting_record import rules_record
from variate.server.dashboard.conditions.builder import Builder, condition_of, view
from variate.server.dashboard.form import Form
from variate.server.dashboard.visit import Visit

AS_IN_FLAG = "flag"
"""What is chosen of an environment where it is to be as in the flag itself."""
AS_JSON = "rules_json"
"""The field that has all rules as JSON, where they are too many to be rows of a form."""
MOST_ROWS = 50
"""So many make a page of under 100 ms."""
_CONDITION = re.compile(r"(rules\[\d+\]\.condition)\.?(.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """A variation's share in a rollout, as it was typed or stands; without one it is empty."""

    row: int
    name: str
    weight: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeFields:
    """What is served, as the fields under ``prefix`` have it; those of the other kinds are kept beside."""

    prefix: str
    kind: str
    variation: str
    weights: Sequence[Weight]
    experiment: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFields:
    """A rule, as the fields of its row have it."""

    row: int
    name: str
    condition: Builder
    serve: ServeFields


def rule_fields(visit: Visit, standing: Sequence[FlagRule], names: Sequence[str]) -> list[RuleFields]:
    """Return the rules as they were typed, else as they stand."""
    form = visit.form
    return [
        _rule_fields(visit, row, None if form.sent else standing[row], names)
        for row in form.rows("rules", standing=len(standing))
    ]


def _rule_fields(visit: Visit, row: int, standing: FlagRule | None, names: Sequence[str]) -> RuleFields:
    place, form = f"rules[{row}]", visit.form
    condition = None if standing is None or standing.condition is None else condition_record(standing.condition)
    return RuleFields(
        row=row,
        name=form.text(f"{place}.name", "" if standing is None else standing.name),
        condition=view(form, f"{place}.condition", condition, visit),
        serve=serve_fields(form, f"{place}.serve", None if standing is None else standing.serve, names),
    )


def serve_fields(
    form: Form, prefix: str, standing: Serve | None, names: Sequence[str], *, kind: str | None = None
) -> ServeFields:
    """Return what is served as it was typed, else as it stands; ``kind`` is what stands for the kind where given."""
    if form.has(f"{prefix}.kind"):
        return ServeFields(
            prefix=prefix,
            kind=form.text(f"{prefix}.kind"),
            variation=form.text(f"{prefix}.variation"),
            weights=_typed_weights(form, prefix, names),
            experiment=form.text(f"{prefix}.experiment"),
        )
    shares = dict(standing.weights) if isinstance(standing, ServeRollout) else {}
    ordered = [*shares, *(name for name in names if name not in shares)]
    kinds = {ServeRollout: "rollout", ServeExperiment: "experiment"}
    return ServeFields(
        prefix=prefix,
        kind=kind or kinds.get(type(standing), "variation"),
        variation=standing.variation if isinstance(standing, ServeVariation) else names[0],
        weights=[
            Weight(row=row, name=name, weight=str(plain_number(shares[name])) if name in shares else "")
            for row, name in enumerate(ordered)
        ],
        experiment=standing.experiment_id if isinstance(standing, ServeExperiment) else "",
    )


def _typed_weights(form: Form, prefix: str, names: Sequence[str]) -> list[Weight]:
    rows = form.rows(f"{prefix}.rollout")
    typed = [
        Weight(
            row=row,
            name=form.raw(f"{prefix}.rollout[{row}].name"),
            weight=form.text(f"{prefix}.rollout[{row}].weight"),
        )
        for row in rows
    ]
    missing = [name for name in names if name not in {each.name for each in typed}]
    fresh = max(rows, default=-1) + 1
    return typed + [Weight(row=fresh + place, name=name, weight="") for place, name in enumerate(missing)]


def rules_text(form: Form, standing: Sequence[FlagRule]) -> str | None:
    """Return the rules as JSON where they are more than a form has rows; else None."""
    if form.sent:
        return form.raw(AS_JSON) if form.has(AS_JSON) else None
    if len(standing) <= MOST_ROWS:
        return None
    return json.dumps(rules_record(tuple(standing)), ensure_ascii=False, indent=2)


def rules_of(form: Form) -> Json:
    """Return the rules that were typed, in order; one without a name is given the next that is free."""
    if form.has(AS_JSON):
        rules = form.json(AS_JSON)
        return [] if rules is None else rules
    form.compact("rules")
    rows = form.rows("rules")
    typed = [form.text(f"rules[{row}].name") for row in rows]
    free = (name for number in range(1, len(rows) * 2 + 1) if (name := f"rule {number}") not in typed)
    return [
        {
            "name": name or next(free),
            "condition": condition_of(form, f"rules[{row}].condition"),
            "serve": serve_of(form, f"rules[{row}].serve"),
        }
        for row, name in zip(rows, typed, strict=True)
    ]


def serve_of(form: Form, prefix: str) -> Json:
    """Return what is to be served, as the platform takes it; None where it is to be as in the flag."""
    kind = form.text(f"{prefix}.kind")
    if kind == AS_IN_FLAG:
        return None
    if kind == "experiment":
        return {"experiment": form.text(f"{prefix}.experiment")}
    if kind != "rollout":
        return form.raw(f"{prefix}.variation")
    weights = [
        (form.raw(f"{prefix}.rollout[{row}].name"), form.number(f"{prefix}.rollout[{row}].weight"))
        for row in form.rows(f"{prefix}.rollout")
    ]
    return {"rollout": [[name, weight] for name, weight in weights if weight is not None]}


@contextmanager
def named_as_typed(form: Form, environment: str | None) -> Iterator[None]:
    """Have what the platform finds wrong named as the form's fields are: those of an environment, weights, conditions.

    A weight is named in words, as its field has a number; so are a condition's parts, and of rules as JSON all.
    """
    try:
        yield
    except InvalidInputError as error:
        field, rule = error.field.removeprefix(f"environments.{environment}."), error.rule
        before, _, weight = field.partition(".rollout.")
        within = _CONDITION.fullmatch(field)
        if form.has(AS_JSON) and field.startswith("rules"):
            field, rule = AS_JSON, f"{field} {rule}"
        elif weight:
            field, rule = f"{before}.rollout", f"of {weight} {rule}"
        elif within is not None:
            field, rule = within[1], f"{within[2]} {rule}"
        raise InvalidInputError(field, rule) from error
