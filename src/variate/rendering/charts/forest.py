"""The forest plot: a row for each effect, its interval about a mark, beside the line of no effect."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from statistics import median

from variate.rendering.charts import svg
from variate.rendering.charts.axis import Axis, ticks
from variate.rendering.numbers import Quantity, difference_words, interval_words, tick_words
from variate.rendering.text import cut

_WIDTH = 720.0
_NAMES = 190.0
_NUMBERS = 190.0
_ROW = 24.0
_GROUP = 28.0
_TOP = 26.0
_MOST_TICKS = 7
_CHARACTER = 8.0
"""How wide a character of a tick is at most, about: fonts differ."""
_APART = 8.0
_FARTHEST = 6.0
"""How many times as far as the median row an interval may reach before the axis ends and it becomes an arrow."""


class Reading(StrEnum):
    """What an effect says, in the direction that is better for its metric."""

    BETTER = "better"
    WORSE = "worse"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestRow:
    """An effect under ``group``, a heading. An end without a bound is infinite.

    ``value`` is None where there is no number, and ``note`` says why.
    """

    group: str
    name: str
    value: float | None
    low: float = -math.inf
    high: float = math.inf
    reading: Reading = Reading.UNCLEAR
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForestChart:
    """``rows`` in order; a row's group is written above it where it is not that of the row before."""

    title: str
    rows: tuple[ForestRow, ...]
    quantity: Quantity = Quantity.LIFT


def forest_svg(chart: ForestChart) -> str:
    """Return the chart as SVG."""
    axis = forest_axis(chart.rows, start=_NAMES, end=_WIDTH - _NUMBERS)
    marks: list[str] = []
    y = _TOP
    group = ""
    for row in chart.rows:
        if row.group != group:
            group = row.group
            y += _GROUP
            name = svg.element("tspan", svg.title(group), svg.words(cut(group, columns=80)))
            marks.append(svg.element("text", name, x=0, y=y - 9, font_weight="bold"))
        marks.append(_row(row, chart.quantity, axis=axis, y=y + _ROW / 2))
        y += _ROW
    height = y + _TOP
    return svg.drawing(
        _grid(axis, chart.quantity, bottom=y),
        *marks,
        width=_WIDTH,
        height=height,
        name=chart.title,
        about=_about(chart),
    )


def forest_axis(rows: tuple[ForestRow, ...], *, start: float, end: float) -> Axis:
    """Return an axis that has 0 and all but the few rows that reach far beyond the others."""
    reaches = [reach for row in rows if row.value is not None and (reach := _reach(row)) > 0]
    far = min(max(reaches), _FARTHEST * median(reaches)) if reaches else 0.01
    ends = [end for row in rows if row.value is not None for end in (row.value, row.low, row.high)]
    near = [end for end in ends if abs(end) <= far]
    low, high = min([0.0, *near]), max([0.0, *near])
    spare = 0.06 * (high - low) or far
    return Axis(low=low - spare, high=high + spare, start=start, end=end)


def _reach(row: ForestRow) -> float:
    return max(
        (abs(end) for end in (row.value, row.low, row.high) if end is not None and math.isfinite(end)), default=0
    )


def _grid(axis: Axis, quantity: Quantity, *, bottom: float) -> str:
    parts: list[str] = []
    for tick, x, text in _ticks_apart(axis, quantity):
        look = {"class_": "zero"} if tick == 0 else {"class_": "grid", "opacity": 0.2}
        parts.append(svg.line(x1=x, y1=_TOP, x2=x, y2=bottom, **look))
        parts += [svg.label(text, x=x, y=y, text_anchor="middle", class_="tick") for y in (_TOP - 10, bottom + 16)]
    return svg.element("g", *parts, aria_hidden="true")


def _ticks_apart(axis: Axis, quantity: Quantity) -> Sequence[tuple[float, float, str]]:
    """Return ticks with their places and words: as many as do not run into each other."""
    for at_most in range(_MOST_TICKS, 0, -1):
        found = [
            (tick, axis.place(tick), tick_words(tick, of=quantity))
            for tick in ticks(axis.low, axis.high, at_most=at_most)
        ]
        if all(
            right - left >= (len(one) + len(other)) / 2 * _CHARACTER + _APART
            for (_, left, one), (_, right, other) in pairwise(found)
        ):
            break
    return found


def _row(row: ForestRow, quantity: Quantity, *, axis: Axis, y: float) -> str:
    name = svg.label(cut(row.name, columns=26), x=12, y=y + 4)
    if row.value is None:
        note = svg.label(cut(row.note, columns=48), x=axis.start + 4, y=y + 4, class_="note", font_style="italic")
        return svg.element("g", svg.title(f"{row.group}, {row.name}: {row.note}"), name, note)
    numbers = f"{difference_words(row.value, of=quantity)} {interval_words(row.low, row.high, of=quantity)}"
    return svg.element(
        "g",
        svg.title(f"{row.group}, {row.name}: {numbers}, {row.reading}"),
        # What a pointer is over need not be the thin line itself.
        svg.element("rect", x=0, y=y - _ROW / 2, width=_WIDTH, height=_ROW, fill="transparent"),
        name,
        _interval(row, axis=axis, y=y),
        _mark(row, x=axis.place(row.value), y=y) if axis.holds(row.value) else "",
        svg.label(numbers, x=_WIDTH, y=y + 4, text_anchor="end", class_="number"),
        class_=row.reading.value,
    )


def _interval(row: ForestRow, *, axis: Axis, y: float) -> str:
    low, high = axis.place(row.low), axis.place(row.high)
    lines, heads = [(low, y, high, y)], []
    for x, is_inside, way in ((low, axis.holds(row.low), -1), (high, axis.holds(row.high), 1)):
        if is_inside:
            lines.append((x, y - 4, x, y + 4))
        else:
            head = svg.path([(x + 6 * way, y), (x - 2 * way, y - 5), (x - 2 * way, y + 5)])
            heads.append(svg.element("path", d=f"{head}Z", class_="beyond"))
    return svg.strokes(lines, stroke_width=2) + "".join(heads)


def _mark(row: ForestRow, *, x: float, y: float) -> str:
    """Return a triangle that points up for better and down for worse, and a ring where it is unclear."""
    if row.reading is Reading.UNCLEAR:
        return svg.element("circle", cx=x, cy=y, r=4.5, stroke="currentColor", stroke_width=2, class_="ring")
    way = 1 if row.reading is Reading.BETTER else -1
    corners = svg.path([(x, y - 6.5 * way), (x + 6.5, y + 5 * way), (x - 6.5, y + 5 * way)])
    return svg.element("path", d=f"{corners}Z", class_="mark")


def _about(chart: ForestChart) -> str:
    counts = {each: sum(row.value is not None and row.reading is each for row in chart.rows) for each in Reading}
    without = sum(row.value is None for row in chart.rows)
    told = [f"{count} {each}" for each, count in counts.items() if count]
    told += [f"{without} without a number"] if without else []
    return f"Effects with their intervals beside the line of no effect: {', '.join(told) or 'none'}."
