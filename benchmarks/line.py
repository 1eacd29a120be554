"""A line of the table: a figure of ours, the bare driver's beside it, and whether that meets the aim."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Aim:
    """A bound on a line's ratio; on its figure where it has no ratio, or the aim is ``of_figure``."""

    bound: float
    at_least: bool = False
    of_figure: bool = False

    def met_by(self, value: float) -> bool:
        """Whether the value is within the bound."""
        return value >= self.bound if self.at_least else value <= self.bound

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {self.bound:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """``ours`` and ``bare`` are in ``unit``. The ratio is the median of pairwise ratios, not that of the medians."""

    what: str
    unit: str
    ours: float | None = None
    bare: float | None = None
    ratio: float | None = None
    aim: Aim | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the aim is met; None where there is none, or nothing was measured."""
        if self.aim is None:
            return None
        value = self.ours if self.ratio is None or self.aim.of_figure else self.ratio
        return None if value is None else self.aim.met_by(value)

    @property
    def cells(self) -> tuple[str, ...]:
        """The line as the table prints it."""
        verdict = {True: "met", False: "NOT MET", None: ""}[self.met]
        return (
            self.what,
            self.unit,
            _figure(self.ours),
            _figure(self.bare),
            "" if self.ratio is None else _ratio(self.ratio),
            "" if self.aim is None else str(self.aim),
            "; ".join(filter(None, (verdict, self.note))),
        )


def _figure(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _ratio(value: float) -> str:
    return f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"
