"""Units as rows of SQL: what all sums are made from, whether a file or events say what units did."""

from __future__ import annotations

from dataclasses import dataclass

NO_DAY = -1
"""The day of what has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitRows:
    """A row a unit. ``relation`` is what stands after FROM; the rest is SQL over its columns.

    ``variation`` is a place in the question's variations and NULL for what does not count; ``day`` is days from 1970,
    and None where nothing has a day; ``period`` is that of ``Cells``, and None where there is but one; ``dimensions``
    are names with the text they have, NULL for none.
    """

    relation: str
    variation: str
    day: str | None
    dimensions: tuple[tuple[str, str], ...]
    period: str | None = None

    @property
    def groups(self) -> str:
        """What SQL selects to tell the finest cells apart: ``v``, ``day``, ``period`` and ``g0`` ..."""
        dimensions = [f"{text} AS g{place}" for place, (_, text) in enumerate(self.dimensions)]
        days = [] if self.day is None else [f"{self.day} AS day"]
        periods = [] if self.period is None else [f"{self.period} AS period"]
        return ", ".join([f"{self.variation} AS v", *days, *periods, *dimensions])


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricColumns:
    """A metric's variables as SQL over unit rows: doubles, NULL where there is none.

    The first ``needed`` of ``variables`` (y; a ratio's d) a unit must have to be in; the others are covariates. Those
    that are ``capped`` are cut, each to its own quantile, where the metric has a cap.
    """

    metric_id: str
    variables: tuple[str, ...]
    columns: tuple[str, ...]
    needed: int
    cap_quantile: float | None = None
    capped: tuple[str, ...] = ("y",)
    waiting: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRows:
    """A row an event, for quantiles; SQL as in ``UnitRows``. ``unit`` tells clusters apart, ``value`` is a double.

    Without a ``unit`` each event is one of its own.
    """

    metric_id: str
    relation: str
    unit: str | None
    value: str
    variation: str
    dimensions: tuple[tuple[str, str], ...]
    quantile: float
    waiting: int = 0
    unmeasured: int = 0
