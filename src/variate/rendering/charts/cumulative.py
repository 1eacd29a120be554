"""The effect over time: what was known at the end of each day, in its band, from the first day to the planned end."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta

from variate.rendering.charts import svg
from variate.rendering.charts.axis import Axis, day_ticks, day_words, full_day_words, ticks
from variate.rendering.numbers import Quantity, difference_words, interval_words, tick_words

_WIDTH, _HEIGHT = 720.0, 260.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 64.0, 26.0, 14.0, 30.0
_DOTTED = 60
"""The most points that get a dot each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CumulativePoint:
    """What was known at the end of ``day``; an end without a bound is infinite."""

    day: date
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CumulativeChart:
    """``points`` in order of their days. ``looks`` are days on which somebody looked; ``end`` is the planned one.

    ``planned_looks`` are the days about which the plan has further ones.
    """

    title: str
    points: tuple[CumulativePoint, ...]
    quantity: Quantity
    looks: tuple[date, ...] = ()
    planned_looks: tuple[date, ...] = ()
    end: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Days:
    first: date
    axis: Axis

    def place(self, day: date) -> float:
        return self.axis.place((day - self.first).days)


def cumulative_svg(chart: CumulativeChart) -> str:
    """Return the chart as SVG."""
    if not chart.points:
        return svg.drawing(
            svg.label("no day has an effect yet", x=0, y=24),
            width=_WIDTH,
            height=40,
            name=chart.title,
            about="No days.",
        )
    first, last = chart.points[0].day, chart.points[-1].day
    until = max([last, *chart.looks, *([chart.end] if chart.end else [])])
    until = min(until, first + 4 * max(last - first, timedelta(days=7)))
    span = max((until - first).days, 1)
    days = _Days(first=first, axis=Axis(low=0, high=span, start=_LEFT + 6, end=_WIDTH - _RIGHT))
    levels = _levels(chart.points)
    return svg.drawing(
        _grid(chart, days=days, levels=levels, until=first + timedelta(days=span)),
        _plan(chart, days=days, until=until),
        _band(chart.points, days=days, levels=levels),
        _course(chart, days=days, levels=levels),
        width=_WIDTH,
        height=_HEIGHT,
        name=chart.title,
        about=_about(chart),
    )


def _levels(points: tuple[CumulativePoint, ...]) -> Axis:
    """Return an axis with 0 and every value, on which the band of the first few days may run off the drawing."""
    last = points[-1]
    values = [0.0, *(point.value for point in points)]
    ends = [end for end in (last.low, last.high) if math.isfinite(end)]
    low, high = min(values + ends), max(values + ends)
    middle = points[len(points) // 4]
    ends = [end for end in (middle.low, middle.high) if math.isfinite(end)]
    low, high = min([low, *ends]), max([high, *ends])
    spare = 0.08 * (high - low) or abs(high) or 1.0
    return Axis(low=low - spare, high=high + spare, start=_HEIGHT - _BOTTOM, end=_TOP)


def _grid(chart: CumulativeChart, *, days: _Days, levels: Axis, until: date) -> str:
    parts: list[str] = []
    for tick in ticks(levels.low, levels.high, at_most=6):
        y = levels.place(tick)
        look = {"class_": "zero"} if tick == 0 else {"class_": "grid", "opacity": 0.2}
        parts.append(svg.line(x1=_LEFT, y1=y, x2=_WIDTH - _RIGHT, y2=y, **look))
        text = tick_words(tick, of=chart.quantity)
        parts.append(svg.label(text, x=_LEFT - 6, y=y + 4, text_anchor="end", class_="tick"))
    for day in day_ticks(days.first, until):
        x = days.place(day)
        parts.append(svg.label(day_words(day), x=x, y=_HEIGHT - 10, text_anchor="middle", class_="tick"))
        parts.append(svg.line(x1=x, y1=_HEIGHT - _BOTTOM, x2=x, y2=_HEIGHT - _BOTTOM + 4, class_="grid"))
    return svg.element("g", *parts, aria_hidden="true")


def _plan(chart: CumulativeChart, *, days: _Days, until: date) -> str:
    """Return a short line for each look, a dotted one for each that is planned, a long one for the planned end."""
    bottom = _HEIGHT - _BOTTOM
    looks = [(look, f"looked at on {full_day_words(look)}", "look", "none") for look in chart.looks]
    looks += [
        (look, f"a look is planned about {full_day_words(look)}", "planned-look", "2 2") for look in chart.planned_looks
    ]
    parts = [
        svg.element(
            "g",
            svg.title(told),
            svg.line(x1=x, y1=bottom - 10, x2=x, y2=bottom, stroke_width=2, stroke_dasharray=dashes),
            class_=kind,
        )
        for look, told, kind, dashes in looks
        if days.first <= look <= until
        for x in [days.place(look)]
    ]
    if chart.end is not None and days.first <= chart.end <= until:
        x = days.place(chart.end)
        parts += [
            svg.line(x1=x, y1=_TOP, x2=x, y2=bottom, stroke_dasharray="5 4", class_="end"),
            svg.label("planned end", x=x - 5, y=_TOP + 10, text_anchor="end", class_="tick"),
        ]
    return "".join(parts)


def _band(points: tuple[CumulativePoint, ...], *, days: _Days, levels: Axis) -> str:
    if len(points) == 1:
        x = days.place(points[0].day)
        low, high = levels.place(points[0].low), levels.place(points[0].high)
        return svg.line(x1=x, y1=low, x2=x, y2=high, stroke_width=3, class_="band-edge")
    upper = [(days.place(point.day), levels.place(point.high)) for point in points]
    lower = [(days.place(point.day), levels.place(point.low)) for point in points]
    edges = [
        svg.element("path", d=svg.path(edge), fill="none", stroke="currentColor", class_="band-edge")
        for edge in (upper, lower)
    ]
    area = svg.element("path", d=f"{svg.path(upper + lower[::-1])}Z", class_="band", fill_opacity=0.15)
    return area + "".join(edges)


def _course(chart: CumulativeChart, *, days: _Days, levels: Axis) -> str:
    places = [(days.place(point.day), levels.place(point.value)) for point in chart.points]
    course = svg.element(
        "path", d=svg.path(places), fill="none", stroke="currentColor", stroke_width=2, class_="course"
    )
    radius = 3.5 if len(places) <= _DOTTED else 2.0
    dots = [
        svg.element("circle", svg.title(_told(point, chart.quantity)), cx=x, cy=y, r=radius, class_="dot")
        for point, (x, y) in zip(chart.points, places, strict=True)
    ]
    return course + "".join(dots)


def _told(point: CumulativePoint, quantity: Quantity) -> str:
    interval = interval_words(point.low, point.high, of=quantity)
    return f"{full_day_words(point.day)}: {difference_words(point.value, of=quantity)} {interval}"


def _about(chart: CumulativeChart) -> str:
    last = _told(chart.points[-1], chart.quantity)
    return f"The effect with its band over {len(chart.points)} days. Last, {last}."
