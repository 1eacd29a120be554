"""What is asked of a file: which columns hold what, and what is measured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from variate.errors import InvalidInputError
from variate.model.metric import Direction, MetricKind
from variate.model.rules import check_choice, check_distinct, check_id, check_name, shown

ROW = "row"
"""As the unit's column, where the file has none of this name: each row is a unit of its own."""
ROWS = "rows"
"""As a ratio's lower column or a covariate, where the file has none of this name: how many rows a unit has."""

MAX_METRICS = 200
MAX_COVARIATES = 20

_KINDS = (MetricKind.PROPORTION, MetricKind.MEAN, MetricKind.RATIO, MetricKind.QUANTILE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMetric:
    """What is measured, by the columns of a file. The rows of a unit are added up.

    ``kind`` None is told by the data: a proportion where ``column`` has no number but 0 and 1, else a mean. A
    proportion is the share of units whose value is not 0. A ratio is ``column`` over ``denominator``. A quantile is of
    the rows, which are clustered in units.

    A unit with no number in any row of ``column`` (nor, for a ratio, of ``denominator``) is not in; one without a
    covariate is, with a constant in its place and a variable that says so.
    """

    name: str
    column: str
    kind: MetricKind | None = None
    denominator: str | None = None
    covariates: tuple[str, ...] = ()
    quantile: float | None = None
    cap_quantile: float | None = None
    direction: Direction = Direction.INCREASE

    def __post_init__(self) -> None:
        check_id("metric", self.name)
        if self.kind is not None:
            object.__setattr__(self, "kind", check_choice("metric.kind", self.kind, MetricKind))
        object.__setattr__(self, "direction", check_choice("metric.direction", self.direction, Direction))
        field = f"metric {self.name!r}"
        if self.kind is not None and self.kind not in _KINDS:
            raise InvalidInputError(field, f"must be a proportion, mean, ratio or quantile of a file, not {self.kind}")
        _check_columns(field, self.columns)
        self._check_has(field, "denominator", self.denominator, MetricKind.RATIO)
        self._check_has(field, "quantile", self.quantile, MetricKind.QUANTILE)
        if self.cap_quantile is not None and self.kind not in (None, MetricKind.MEAN, MetricKind.RATIO):
            raise InvalidInputError(field, f"has a cap, which is of means and ratios, not of a {self.kind}")
        for what, share in (("quantile", self.quantile), ("cap", self.cap_quantile)):
            if share is not None and not 0 < share < 1:
                raise InvalidInputError(field, f"has a {what} that must be between 0 and 1, not {shown(share)}")
        if self.covariates and self.kind is MetricKind.QUANTILE:
            raise InvalidInputError(field, "is a quantile, which has no covariate")
        if len(self.covariates) > MAX_COVARIATES:
            raise InvalidInputError(field, f"has more than {MAX_COVARIATES} covariates")
        check_distinct(f"{field}: covariates", self.covariates)
        for own in self.covariates:
            if own in (self.column, self.denominator):
                raise InvalidInputError(field, f"has itself as a covariate, {own!r}, where one is known from before")

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it reads."""
        lower = () if self.denominator is None else (self.denominator,)
        return (self.column, *lower, *self.covariates)

    def _check_has(self, field: str, what: str, share: object, kind: MetricKind) -> None:
        if (share is not None) != (self.kind is kind):
            raise InvalidInputError(field, f"must have a {what} where it is a {kind}, and only there")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileQuestion:
    """What is asked of ``source``: the path of a CSV file (with a header) or of a Parquet file, or an Arrow table.

    ``variations`` are the expected ones; rows with another are counted and left out. Without them, all that there are
    are expected. ``control`` comes first; None is the first of ``variations``, or where there are none the first by the
    alphabet whose name sounds like it. ``dimensions`` and ``day`` (a date, a moment or a number of days from 1970; a
    moment without an offset is in UTC) are of a unit's first day, where it has several rows.
    """

    source: Path | Any
    unit: str
    variation: str
    metrics: tuple[FileMetric, ...]
    control: str | None = None
    variations: tuple[str, ...] = ()
    dimensions: tuple[str, ...] = ()
    day: str | None = None

    def __post_init__(self) -> None:
        _check_columns("unit", (self.unit,))
        _check_columns("variation", (self.variation,))
        _check_columns("dimension", self.dimensions)
        if self.day is not None:
            _check_columns("day", (self.day,))
        for name in self.variations:
            check_name("variation", name)
        check_distinct("variation", self.variations)
        check_distinct("dimension", self.dimensions)
        for name in self.dimensions:
            if name in (self.unit, self.variation):
                raise InvalidInputError(
                    "dimension", f"must be another column than the unit's and the variation's: {name!r}"
                )
        check_distinct("metric", [metric.name for metric in self.metrics])
        if not 1 <= len(self.metrics) <= MAX_METRICS:
            raise InvalidInputError("metric", f"must be from 1 to {MAX_METRICS}, not {len(self.metrics)}")
        if self.control is not None and self.variations and self.control not in self.variations:
            expected = ", ".join(self.variations)
            raise InvalidInputError("control", f"must be one of {expected}, not {self.control!r}")

    @property
    def numbers(self) -> tuple[str, ...]:
        """The columns that hold numbers, each once."""
        return tuple(dict.fromkeys(column for metric in self.metrics for column in metric.columns))

    @property
    def texts(self) -> tuple[str, ...]:
        """The columns that hold names, each once; the unit's is not among them."""
        return tuple(dict.fromkeys((self.variation, *self.dimensions)))


def _check_columns(field: str, columns: tuple[str, ...]) -> None:
    for column in columns:
        if not column:
            raise InvalidInputError(field, "must name a column")
