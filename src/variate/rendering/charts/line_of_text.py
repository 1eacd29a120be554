"""An interval as a few characters, for where there is nothing but text."""

from __future__ import annotations

from variate.rendering.charts.axis import Axis
from variate.rendering.charts.forest import ForestRow, Reading

_MARKS = {Reading.BETTER: "▲", Reading.WORSE: "▼", Reading.UNCLEAR: "○"}


def interval_text(row: ForestRow, *, axis: Axis) -> str:
    """Return the row on an axis from the first column to the last: ``   ┊ ├──▲──┤  ``.

    An arrowhead says that the interval goes on beyond the axis. A row without a number has only the line of no effect.
    """
    columns = [" "] * (round(axis.end) + 1)
    columns[round(axis.place(0))] = "┊"
    if row.value is None:
        return "".join(columns)
    low, high = round(axis.place(row.low)), round(axis.place(row.high))
    columns[low : high + 1] = "─" * (high + 1 - low)
    columns[low] = "├" if axis.holds(row.low) else "◄"
    columns[high] = "┤" if axis.holds(row.high) else "►"
    if axis.holds(row.value):
        columns[round(axis.place(row.value))] = _MARKS[row.reading]
    return "".join(columns)
