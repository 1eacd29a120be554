"""What was typed of an experiment, as the platform takes it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from variate.errors import InvalidInputError
from variate.model import Experiment, Json
from variate.model.design import Design, ExperimentMetric
from variate.model.design_record import DesignFields, design_record, revised
from variate.model.record import plain_number
from variate.server.dashboard.conditions.builder import condition_of
from variate.server.dashboard.experiments.fixed import NOTHING, Fixed
from variate.server.dashboard.form import Form

_ROW = re.compile(r"(variations|metrics)\[(\d+)\](.*)")
_SCHEDULE = ("starts_at", "ends_at")
_ALLOTS = ("traffic", "audience", "keeps_outside_audience")
"""What of a design says who gets what, beside the weights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """``words`` are the name, the description and the owner; None for variations that stay. ``rows`` has the form's row
    of each variation and metric in order, None of one that is not among the rows."""

    words: Mapping[str, str]
    variations: Sequence[Mapping[str, Any]] | None
    design: DesignFields
    rows: Mapping[str, Sequence[int | None]]

    @contextmanager
    def named(self) -> Iterator[None]:
        """Have what is wrong with a variation or a metric named by its row in the form."""
        try:
            yield
        except InvalidInputError as error:
            found = _ROW.fullmatch(error.field)
            if found is None:
                raise
            kind, place, rest = found[1], int(found[2]), found[3]
            rows = self.rows[kind]
            row = rows[place] if place < len(rows) else None
            raise InvalidInputError(kind if row is None else f"{kind}[{row}]{rest}", error.rule) from error

    def allots_anew(self, before: Experiment) -> bool:
        """Whether it changes who gets what: then those who are in the experiment may be touched."""
        after = revised(before.design, self.design)
        weights = {each["name"]: each["weight"] for each in self.variations or ()}
        return any(getattr(after, name) != getattr(before.design, name) for name in _ALLOTS) or any(
            each.weight != weights.get(each.name, each.weight) for each in before.variations
        )

    def digest(self, revision: int) -> str:
        """Return what stands for this change of the experiment at this revision."""
        told = json.dumps([revision, self.variations, self.design], default=str, sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()

    def is_of(self, experiment: Experiment) -> bool:
        """Whether the experiment is all that was typed and nothing else has become of it: it was made of this form."""
        made = [(each.name, each.description, each.value.value, each.weight) for each in experiment.variations]
        wanted = [
            tuple(each[key] for key in ("name", "description", "value", "weight")) for each in self.variations or ()
        ]
        said = (self.words["name"], self.words["description"], self.words["owner"] or None)
        return (
            experiment.revision == 1
            and (experiment.name, experiment.description, experiment.owner) == said
            and made == wanted
            and design_record(experiment.design) == design_record(revised(Design(), self.design))
        )


def read_typed(form: Form, before: Experiment | None = None, fixed: Fixed = NOTHING) -> Typed:
    """Return what was typed for a new experiment, or for a change of the one that stands, without what is ``fixed``.

    Raise ``InvalidInputError`` where a field cannot be read, with all that cannot be noted in the form.
    """
    rows: dict[str, Sequence[int | None]] = {"variations": [], "metrics": []}
    design: dict[str, Any] = {}
    for name, read in _READ.items():
        if name not in fixed.fields:
            with form.noting():
                design.update(read(form, name))
    for name in _SCHEDULE:
        if name not in fixed.fields:
            with form.noting():
                design[name] = form.moment(name, None if before is None else getattr(before.design, name))
    variations = None
    if not fixed.variations_stand:
        rows["variations"] = form.rows("variations")
        variations = [_variation(form, row) for row in form.rows("variations")]
        design["control"] = _control(form)
    elif before is not None and "variations" not in fixed.fields:
        standing = [*enumerate(before.variations)]
        rows["variations"] = [place for place, _ in standing]
        variations = [{"name": each.name, "weight": _weight(form, place)} for place, each in standing]
    if "metrics" not in fixed.fields:
        filled = [row for row in form.rows("metrics") if _is_filled(form, f"metrics[{row}]")]
        rows["metrics"] = [*(None for _ in fixed.metrics), *filled]
        design["metrics"] = [*map(_metric_given, fixed.metrics), *(_metric(form, row) for row in filled)]
    form.check()
    words = {name: form.text(name) for name in ("name", "description", "owner") if name not in fixed.fields}
    return Typed(words=words, variations=variations, design=design, rows=rows)  # type: ignore[arg-type]  # made by name


def number_text(number: float) -> str:
    """Return the number as it is typed: 50, not 50.0."""
    return str(plain_number(number))


def _weight(form: Form, row: int) -> float:
    with form.noting():
        return form.needed(f"variations[{row}].weight")
    return 0


def _variation(form: Form, row: int) -> dict[str, Any]:
    field = f"variations[{row}]"
    value: Json = {}
    with form.noting():
        value = form.json(f"{field}.value") if form.text(f"{field}.value") else {}
    return {
        "name": form.text(f"{field}.name"),
        "description": form.text(f"{field}.description"),
        "value": value,
        "weight": _weight(form, row),
    }


def _control(form: Form) -> str | None:
    """Return the name of the variation that was chosen; None stands for the first one, as on the platform."""
    rows = form.rows("variations")
    chosen = next((row for row in rows[1:] if form.text("control") == str(row)), None)
    return None if chosen is None else form.text(f"variations[{chosen}].name")


def _metric(form: Form, row: int) -> dict[str, Any]:
    field = f"metrics[{row}]"
    given: dict[str, Any] = {"metric": form.text(f"{field}.metric"), "role": form.text(f"{field}.role")}
    with form.noting():
        margin = form.number(f"{field}.margin")
        if margin is not None:
            given["margin"] = margin
    return given


def _is_filled(form: Form, field: str) -> bool:
    return bool(form.text(f"{field}.metric") or form.text(f"{field}.margin"))


def _metric_given(metric: ExperimentMetric) -> dict[str, Any]:
    return {"metric": metric.metric, "role": metric.role.value, "margin": metric.margin}


def _text(form: Form, name: str) -> dict[str, Any]:
    return {name: form.text(name)}


def _text_or_none(form: Form, name: str) -> dict[str, Any]:
    return {name: form.text(name) or None}


def _ticked(form: Form, name: str) -> dict[str, Any]:
    return {name: form.ticked(name)}


def _layer(form: Form, name: str) -> dict[str, Any]:
    ends = [form.number(f"layer_range[{end}]") for end in (0, 1)]
    layer = form.text(name) or None
    if ends == [None, None]:
        return {"layer": layer, "layer_range": None}
    for end, typed in enumerate(ends):
        if typed is None:
            raise InvalidInputError(f"layer_range[{end}]", "must be given: a range has two ends")
    return {"layer": layer, "layer_range": ends}


def _plan(form: Form, name: str) -> dict[str, Any]:
    """Return the plan; what is left empty has its default."""
    plan: dict[str, Any] = {"units": None, "spending": form.text("plan.spending") or None}
    for field, read in (("units", form.whole), ("looks", form.whole), ("alpha", form.number)):
        with form.noting():
            plan[field] = read(f"plan.{field}")
    return {name: {field: value for field, value in plan.items() if value is not None or field == "units"}}


_READ: dict[str, Callable[[Form, str], dict[str, Any]]] = {
    "hypothesis": _text,
    "audience": lambda form, name: {name: condition_of(form, name)},
    "traffic": lambda form, name: {name: form.needed(name)},
    "keeps_outside_audience": _ticked,
    "layer": _layer,
    "holdouts": lambda form, name: {name: form.all(name)},
    "unit_type": _text,
    "salt": _text_or_none,
    "plan": _plan,
}
