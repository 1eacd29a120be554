"""The sample ratio over time: each day's share of units a variation, beside the share that was configured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import NormalDist

from variate.rendering.charts import svg
from variate.rendering.charts.axis import Axis, day_ticks, day_words, full_day_words, ticks
from variate.rendering.numbers import Quantity, count_words, share_words, tick_words
from variate.rendering.text import cut

_WIDTH, _PANEL = 720.0, 120.0
_LEFT, _RIGHT, _HEAD, _FOOT = 64.0, 18.0, 34.0, 30.0
_EXPECTED = 0.999
"""How much of the time a day's share lies in its band while nothing is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayShares:
    """How many units entered on ``day``, a number for each variation.

    ``expected`` are the shares of that day, where they differ from the chart's.
    """

    day: date
    units: tuple[int, ...]
    expected: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SharesChart:
    """``days`` in order. ``expected`` is the configured share of each variation, 1 in all."""

    title: str
    variations: tuple[str, ...]
    expected: tuple[float, ...]
    days: tuple[DayShares, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Panel:
    """One variation's: its share each day, and the band that this day's units make likely."""

    name: str
    expected: float
    days: Sequence[tuple[date, int, int]]
    """The day, the units of this variation, and those of all."""
    shares: Sequence[float]
    """What is expected of each of the days."""

    def bands(self) -> list[tuple[float, float]]:
        return [expected_band(share, units=units) for (_, _, units), share in zip(self.days, self.shares, strict=True)]


def expected_band(share: float, *, units: int) -> tuple[float, float]:
    """Return between what a share of so many units lies 999 times in 1,000, by the normal approximation."""
    half = NormalDist().inv_cdf((1 + _EXPECTED) / 2) * math.sqrt(share * (1 - share) / units)
    return max(0.0, share - half), min(1.0, share + half)


def shares_svg(chart: SharesChart) -> str:
    """Return the chart as SVG: a panel a variation, but one for the two shares of two variations."""
    entered = [each for each in chart.days if sum(each.units)]
    days = [(each.day, each.units, sum(each.units)) for each in entered]
    panels = [
        _Panel(
            name=name,
            expected=share,
            days=[(day, units[place], total) for day, units, total in days],
            shares=[each.expected[place] if each.expected else share for each in entered],
        )
        for place, (name, share) in enumerate(zip(chart.variations, chart.expected, strict=True))
    ]
    # Of two shares each says what the other does.
    shown = panels[1:] if len(panels) == 2 else panels
    if not days:
        none = svg.label("no unit has entered yet", x=0, y=24)
        return svg.drawing(none, width=_WIDTH, height=40, name=chart.title, about="No days.")
    height = len(shown) * (_HEAD + _PANEL) + _FOOT
    drawn = [_panel(panel, top=place * (_HEAD + _PANEL) + _HEAD) for place, panel in enumerate(shown)]
    first, last = days[0][0], days[-1][0]
    return svg.drawing(
        *drawn, _dates(first, last, y=height), width=_WIDTH, height=height, name=chart.title, about=_about(panels)
    )


def _x_axis(first: date, last: date) -> Axis:
    return Axis(low=0, high=max((last - first).days, 1), start=_LEFT + 8, end=_WIDTH - _RIGHT - 8)


def _panel(panel: _Panel, *, top: float) -> str:
    first, last = panel.days[0][0], panel.days[-1][0]
    across = _x_axis(first, last)
    shares = [units / total for _, units, total in panel.days]
    bands = panel.bands()
    levels = _levels(shares, bands, bottom=top + _PANEL, top=top)
    before = "" if len(set(panel.shares)) == 1 else f", {share_words(panel.shares[0])} at first"
    heading = f"{cut(panel.name, columns=60)}: {share_words(panel.expected)} configured{before}"
    parts = [svg.label(heading, x=0, y=top - 9, font_weight="bold")]
    for tick in ticks(levels.low, levels.high, at_most=4):
        y = levels.place(tick)
        parts.append(svg.line(x1=_LEFT, y1=y, x2=_WIDTH - _RIGHT, y2=y, class_="grid", opacity=0.2))
        text = tick_words(tick, of=Quantity.LIFT).lstrip("+")
        parts.append(svg.label(text, x=_LEFT - 6, y=y + 4, text_anchor="end", class_="tick"))
    middle = levels.place(panel.expected)
    parts.append(svg.line(x1=_LEFT, y1=middle, x2=_WIDTH - _RIGHT, y2=middle, class_="zero"))
    places = [across.place((day - first).days) for day, _, _ in panel.days]
    bars = [(x, levels.place(low), x, levels.place(high)) for x, (low, high) in zip(places, bands, strict=True)]
    parts.append(svg.strokes(bars, stroke_opacity=0.2, class_="band-bar", stroke_width=_bar(panel)))
    for (day, units, total), x, share, (low, high) in zip(panel.days, places, shares, bands, strict=True):
        counts = f"{count_words(units)} of {count_words(total)} units"
        told = f"{full_day_words(day)}, {panel.name}: {share_words(share)}, {counts}"
        parts.append(_mark(x, levels.place(share), told, is_inside=low <= share <= high))
    return "".join(parts)


def _bar(panel: _Panel) -> float:
    days = (panel.days[-1][0] - panel.days[0][0]).days + 1
    return min(12.0, max(1.0, 0.7 * (_WIDTH - _LEFT - _RIGHT) / days))


def _mark(x: float, y: float, told: str, *, is_inside: bool) -> str:
    """Return a dot for a share in its band, and a larger diamond for one outside."""
    if is_inside:
        return svg.element("circle", svg.title(told), cx=x, cy=y, r=3, class_="dot")
    corners = svg.path([(x, y - 7), (x + 7, y), (x, y + 7), (x - 7, y)])
    return svg.element("path", svg.title(f"{told}; outside what is expected"), d=f"{corners}Z", class_="worse")


def _levels(shares: list[float], bands: list[tuple[float, float]], *, bottom: float, top: float) -> Axis:
    """Return an axis with every share; a band of a day of few units may run off it."""
    lows, highs = sorted(low for low, _ in bands), sorted(high for _, high in bands)
    low = min([*shares, lows[len(lows) // 4]])
    high = max([*shares, highs[-1 - len(highs) // 4]])
    spare = 0.1 * (high - low) or 0.01
    return Axis(low=low - spare, high=high + spare, start=bottom, end=top)


def _dates(first: date, last: date, *, y: float) -> str:
    across = _x_axis(first, last)
    labels = [
        svg.label(day_words(day), x=across.place((day - first).days), y=y - 10, text_anchor="middle", class_="tick")
        for day in day_ticks(first, last)
    ]
    return svg.element("g", *labels, aria_hidden="true")


def _about(panels: list[_Panel]) -> str:
    outside = sum(
        not low <= units / total <= high
        for panel in panels
        for (_, units, total), (low, high) in zip(panel.days, panel.bands(), strict=True)
    )
    days = len(panels[0].days)
    return f"Each day's share of units a variation, over {days} days; {outside} shares are outside their band."
