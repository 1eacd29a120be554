"""A file's metrics on the command line: ``mean:revenue,cap=0.999``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import click

from variate.errors import InvalidInputError
from variate.model.design import ExperimentMetric, MetricRole
from variate.model.metric import Direction, MetricKind
from variate.stores.duckdb.file_question import FileMetric

HELP = """\b
What --metric takes, each SPEC a metric:
  revenue                  a proportion where the column has only 0 and 1
                           (TRUE, yes ...), else a mean
  mean:revenue             the mean a unit
  proportion:bought        the share of units whose value is not 0
  ratio:revenue/orders     the sum of one column over that of another
  ratio:revenue/rows       ... over how many rows the unit has
  quantile:latency_ms@0.9  a quantile of the rows, clustered by unit
and after it, as far as wanted:
  ,name=Revenue            what the report calls it
  ,cap=0.999               cut greater values to this quantile of all units
  ,direction=decrease      less is better
  ,role=guardrail          goal (if not given), secondary or guardrail
  ,margin=0.01             how much worse a guardrail may be"""

_KINDS = ("mean", "proportion", "ratio", "quantile")
_OPTIONS = ("name", "cap", "direction", "role", "margin")


@dataclass(frozen=True, slots=True)
class Specified:
    """A metric as the command line gives it: how it is measured, and what it is to the report."""

    metric: FileMetric
    role: ExperimentMetric


def metric_spec(text: str) -> Specified:
    """Return the metric of ``[KIND:]COLUMN[,OPTION=VALUE]...``; see ``HELP``."""
    try:
        return specified(text)
    except InvalidInputError as error:
        raise click.BadParameter(f"{text!r}: {error}") from error


def specified(text: str) -> Specified:
    """Return the metric that the text is of; raise ``InvalidInputError`` where it is of none."""
    rest, options = _options(text)
    kind, column, given = _measured(rest)
    name = options.get("name", rest if kind is None else rest.partition(":")[2])
    if "cap" in options:
        given["cap_quantile"] = _number("cap", options["cap"])
    metric = FileMetric(
        name=name,
        column=column,
        kind=kind,
        direction=Direction(_choice("direction", options.get("direction", Direction.INCREASE), tuple(Direction))),
        **given,
    )
    role = ExperimentMetric(
        metric=name,
        role=MetricRole(_choice("role", options.get("role", MetricRole.GOAL), tuple(MetricRole))),
        margin=_number("margin", options["margin"]) if "margin" in options else None,
    )
    return Specified(metric, role)


def with_covariates(metrics: Sequence[Specified], covariates: Sequence[str]) -> list[Specified]:
    """Return the metrics with their covariates, each ``METRIC=COL``: of the metric of this name, or of this column."""
    columns: dict[str, list[str]] = {each.metric.name: [] for each in metrics}
    names = {each.metric.column: each.metric.name for each in reversed(metrics)} | {name: name for name in columns}
    for text in covariates:
        ends = [place for place, letter in enumerate(text) if letter == "="]
        end = next((place for place in ends if text[:place] in names), None)
        if end is None or not text[end + 1 :]:
            expected = ", ".join(columns)
            raise InvalidInputError("--covariate", f"{text!r} must be METRIC=COL, and METRIC one of {expected}")
        columns[names[text[:end]]].append(text[end + 1 :])
    return [replace(each, metric=replace(each.metric, covariates=tuple(columns[each.metric.name]))) for each in metrics]


def _options(text: str) -> tuple[str, dict[str, str]]:
    """Take the options off the end; a column may have commas in its name."""
    options: dict[str, str] = {}
    while True:
        rest, comma, last = text.rpartition(",")
        name, equals, value = last.partition("=")
        if not (comma and equals and name.strip() in _OPTIONS):
            return text, options
        options.setdefault(name.strip(), value)
        text = rest


def _measured(text: str) -> tuple[MetricKind | None, str, dict[str, Any]]:
    word, colon, column = text.partition(":")
    if not colon or word not in _KINDS:
        return None, text, {}
    kind = MetricKind(word)
    if kind is MetricKind.RATIO:
        upper, slash, lower = column.partition("/")
        if not (slash and upper and lower):
            raise InvalidInputError("ratio", "must be ratio:COLUMN/COLUMN")
        return kind, upper, {"denominator": lower}
    if kind is MetricKind.QUANTILE:
        named, at, share = column.rpartition("@")
        if not (at and named):
            raise InvalidInputError("quantile", "must be quantile:COLUMN@SHARE, such as quantile:latency_ms@0.9")
        return kind, named, {"quantile": _number("quantile", share)}
    return kind, column, {}


def _number(option: str, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise InvalidInputError(option, f"must be a number, not {text!r}") from error


def _choice(option: str, text: str, choices: Sequence[str]) -> str:
    if text not in choices:
        raise InvalidInputError(option, f"must be one of {', '.join(choices)}, not {text!r}")
    return text
