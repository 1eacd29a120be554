"""A design as flat fields that JSON can hold, and back: the same for callers, the stores and the functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, TypedDict

from variate.errors import InvalidInputError
from variate.model.condition import condition_record
from variate.model.design import Design, ExperimentMetric, MetricRole, PastAllocation
from variate.model.document import Json
from variate.model.instant import format_instant, parse_instant
from variate.model.layer import LayerRange
from variate.model.plan import Plan
from variate.model.reading import (
    read_keys,
    read_list,
    read_names,
    read_optional_condition,
    read_optional_instant,
    read_truth,
)

Record = dict[str, Any]


class DesignFields(TypedDict, total=False):
    """What a caller may say of an experiment's design; ``layer`` and ``layer_range`` go together."""

    hypothesis: str
    unit_type: str
    salt: str | None
    audience: Json
    traffic: float
    layer: str | None
    layer_range: tuple[float, float] | list[float] | None
    holdouts: list[str] | tuple[str, ...]
    starts_at: datetime | str | None
    ends_at: datetime | str | None
    control: str | None
    metrics: list[Any]
    plan: dict[str, Any]
    takes_new_units: bool
    keeps_outside_audience: bool
    reads_ledger: bool


def design_record(design: Design) -> Record:
    """Return the design as flat fields; ``past`` is there only where units were shared out anew."""
    layer = design.layer
    record: Record = {
        "hypothesis": design.hypothesis,
        "unit_type": design.unit_type,
        "salt": design.salt,
        "audience": None if design.audience is None else condition_record(design.audience),
        "traffic": design.traffic,
        "layer": None if layer is None else layer.layer_id,
        "layer_range": None if layer is None else [layer.start, layer.end],
        "holdouts": list(design.holdouts),
        "starts_at": None if design.starts_at is None else format_instant(design.starts_at),
        "ends_at": None if design.ends_at is None else format_instant(design.ends_at),
        "control": design.control,
        "metrics": [_metric_record(each) for each in design.metrics],
        "plan": {
            "units": design.plan.units,
            "looks": design.plan.looks,
            "alpha": design.plan.alpha,
            "spending": design.plan.spending.value,
        },
        "takes_new_units": design.takes_new_units,
        "keeps_outside_audience": design.keeps_outside_audience,
        "reads_ledger": design.reads_ledger,
    }
    if design.past:
        record["past"] = [
            {
                "weights": list(each.weights),
                "traffic": each.traffic,
                "audience": None if each.audience is None else condition_record(each.audience),
                "until": format_instant(each.until),
            }
            for each in design.past
        ]
    return record


def design_from_record(record: Mapping[str, Any]) -> Design:
    """Return the design that ``design_record`` described; a field that is not there has its default."""
    fields = {name: record[name] for name in _FIELDS if name in record}
    past = read_list("past", record.get("past", ()), _read_past)
    return replace(revised(Design(), fields), past=past)


def revised(design: Design, given: Mapping[str, Any]) -> Design:
    """Return the design with the given fields of ``DesignFields`` changed.

    Raise ``InvalidInputError`` naming the field that is not known or breaks a rule.
    """
    read_keys("", given, _FIELDS)
    changes = {name: _READ[name](name, value) for name, value in given.items() if name in _READ}
    if "layer" in given or "layer_range" in given:
        changes["layer"] = _read_layer(design, given)
    return replace(design, **changes)


def _read_layer(design: Design, given: Mapping[str, Any]) -> LayerRange | None:
    told = {name: given[name] for name in ("layer", "layer_range") if name in given}
    if all(value is None for value in told.values()):
        return None  # a layer and a range go together, so who takes one away takes both
    standing = design.layer
    layer = told.get("layer", None if standing is None else standing.layer_id)
    span = told.get("layer_range", None if standing is None else (standing.start, standing.end))
    if layer is None or span is None:
        missing = "layer" if layer is None else "layer_range"
        raise InvalidInputError(missing, "must be given too: a layer and a range go together")
    if isinstance(span, (str, Mapping)) or not hasattr(span, "__len__") or len(span) != 2:
        raise InvalidInputError("layer_range", "must be two percentages, such as [0, 50]")
    start, end = span
    return LayerRange(layer_id=layer, start=start, end=end)


def _metric_record(metric: ExperimentMetric) -> Record:
    record: Record = {"metric": metric.metric, "role": metric.role.value}
    return record if metric.margin is None else {**record, "margin": metric.margin}


def _read_plan(field: str, given: Json) -> Plan:
    return Plan(**read_keys(field, given, ("units", "looks", "alpha", "spending")))


def _read_metric(field: str, given: Json) -> ExperimentMetric:
    fields: Mapping[str, Any] = (
        {"metric": given} if isinstance(given, str) else read_keys(field, given, ("metric", "role", "margin"))
    )
    if "metric" not in fields:
        raise InvalidInputError(f"{field}.metric", "must be given")
    try:
        return ExperimentMetric(**{**fields, "role": fields.get("role", MetricRole.GOAL)})
    except InvalidInputError as error:
        raise InvalidInputError(f"{field}.{error.field}", error.rule) from error


def _read_metrics(field: str, given: Json) -> tuple[ExperimentMetric, ...]:
    return read_list(field, given, _read_metric)


def _read_past(field: str, given: Json) -> PastAllocation:
    return PastAllocation(
        weights=tuple(given["weights"]),
        traffic=given["traffic"],
        audience=read_optional_condition(f"{field}.audience", given["audience"]),
        until=parse_instant(f"{field}.until", given["until"]),
    )


def _as_given(_: str, value: Any) -> Any:
    return value  # the model checks it


_READ: dict[str, Callable[[str, Any], Any]] = {
    "hypothesis": _as_given,
    "unit_type": _as_given,
    "salt": _as_given,
    "audience": read_optional_condition,
    "traffic": _as_given,
    "holdouts": read_names,
    "starts_at": read_optional_instant,
    "ends_at": read_optional_instant,
    "control": _as_given,
    "metrics": _read_metrics,
    "plan": _read_plan,
    "takes_new_units": read_truth,
    "keeps_outside_audience": read_truth,
    "reads_ledger": read_truth,
}
_FIELDS = (*_READ, "layer", "layer_range")
