"""A metric as flat fields that JSON can hold, and back: the same for callers, the stores and the functions.

Lengths of time are in hours, so that whole hours and whole days are whole numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypedDict

from variate.errors import InvalidInputError
from variate.model.document import Json
from variate.model.instant import format_instant, parse_instant
from variate.model.metric import Direction, Measure, Metric, MetricKind
from variate.model.reading import read_keys, read_names
from variate.model.rules import check_choice, check_weight

Record = dict[str, Any]

_HOUR = timedelta(hours=1)
_LENGTHS = ("window_start", "window_end", "covariate")


class MetricFields(TypedDict, total=False):
    """What a caller may say of a metric beside its kind and its names.

    A measure is an event type, or a dict of ``event_type`` and, where wanted, ``aggregation`` and ``field``.
    """

    direction: str
    measure: str | Mapping[str, Any] | None
    denominator: str | Mapping[str, Any] | None
    steps: list[str] | tuple[str, ...]
    quantile: float | None
    window_start_hours: float
    window_end_hours: float | None
    cap_quantile: float | None
    covariate_hours: float | None


def metric_record(metric: Metric) -> Record:
    """Return the metric as a dict."""
    return {
        "id": metric.id,
        "name": metric.name,
        "description": metric.description,
        "kind": metric.kind.value,
        "direction": metric.direction.value,
        "measure": _measure_record(metric.measure),
        "denominator": _measure_record(metric.denominator),
        "steps": list(metric.steps),
        "quantile": metric.quantile,
        "window_start_hours": _hours(metric.window_start),
        "window_end_hours": None if metric.window_end is None else _hours(metric.window_end),
        "cap_quantile": metric.cap_quantile,
        "covariate_hours": None if metric.covariate is None else _hours(metric.covariate),
        "revision": metric.revision,
        "created_at": format_instant(metric.created_at),
        "updated_at": format_instant(metric.updated_at),
    }


def metric_from_record(record: Mapping[str, Any]) -> Metric:
    """Return the metric that ``metric_record`` described; a field that is not there has its default."""
    return new_metric(
        record["id"],
        kind=record["kind"],
        name=record["name"],
        description=record["description"],
        at=parse_instant("created_at", record["created_at"]),
        updated_at=parse_instant("updated_at", record["updated_at"]),
        revision=record["revision"],
        given={name: record[name] for name in _READ if name in record},
    )


def new_metric(
    metric_id: str,
    *,
    kind: str,
    name: str,
    description: str,
    given: Mapping[str, Any],
    at: datetime,
    updated_at: datetime | None = None,
    revision: int = 1,
) -> Metric:
    """Return the metric with the given ``MetricFields``; raise ``InvalidInputError`` naming the field that is wrong."""
    read_keys("", given, _READ)
    fields = _read_fields(given)
    return _naming_fields(
        lambda: Metric(
            id=metric_id,
            name=name,
            description=description,
            kind=check_choice("kind", kind, MetricKind),
            revision=revision,
            created_at=at,
            updated_at=at if updated_at is None else updated_at,
            **fields,
        )
    )


def revised_metric(metric: Metric, given: Mapping[str, Any]) -> Metric:
    """Return the metric with these changed: ``kind`` and any of ``MetricFields``; raise as ``new_metric`` does."""
    read_keys("", given, (*_READ, "kind"))
    fields = _read_fields(given)
    if "kind" in given:
        fields["kind"] = check_choice("kind", given["kind"], MetricKind)
    return _naming_fields(lambda: replace(metric, **fields))


def _measure_record(measure: Measure | None) -> Record | None:
    if measure is None:
        return None
    return {"event_type": measure.event_type, "aggregation": measure.aggregation.value, "field": measure.field}


def _hours(length: timedelta) -> float:
    hours = length / _HOUR
    return int(hours) if hours.is_integer() else hours


def _read_fields(given: Mapping[str, Any]) -> dict[str, Any]:
    return {_AS_IN_MODEL.get(name, name): _READ[name](name, given[name]) for name in _READ if name in given}


def _naming_fields(make: Callable[[], Metric]) -> Metric:
    """Return what ``make`` makes; an error of the model names the field as it is given here."""
    try:
        return make()
    except InvalidInputError as error:
        if error.field in _LENGTHS:
            raise InvalidInputError(f"{error.field}_hours", error.rule) from error
        raise


def _read_measure(field: str, given: Json) -> Measure | None:
    if given is None:
        return None
    if isinstance(given, str):
        given = {"event_type": given}
    fields = read_keys(field, given, ("event_type", "aggregation", "field"))
    if "event_type" not in fields:
        raise InvalidInputError(f"{field}.event_type", "must be given")
    try:
        return Measure(**fields)
    except InvalidInputError as error:
        raise InvalidInputError(f"{field}.{error.field}", error.rule) from error


def _read_hours(field: str, given: Json) -> timedelta | None:
    if given is None:
        return None
    # What is beyond the longest window is refused by the model; here it is only kept within what a length can hold.
    return timedelta(hours=min(check_weight(field, given), 1e9))


def _read_start(field: str, given: Json) -> timedelta:
    return _read_hours(field, given) or timedelta(0)


def _read_direction(field: str, given: Json) -> Direction:
    return check_choice(field, given, Direction)


def _as_given(_: str, value: Any) -> Any:
    return value  # the model checks it


_READ: dict[str, Callable[[str, Any], Any]] = {
    "direction": _read_direction,
    "measure": _read_measure,
    "denominator": _read_measure,
    "steps": read_names,
    "quantile": _as_given,
    "window_start_hours": _read_start,
    "window_end_hours": _read_hours,
    "cap_quantile": _as_given,
    "covariate_hours": _read_hours,
}
_AS_IN_MODEL = {f"{name}_hours": name for name in _LENGTHS}
