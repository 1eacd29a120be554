"""Charts are well-formed, say in words what they show, and hold from one mark to hundreds."""

from __future__ import annotations

import itertools
import math
from datetime import date, timedelta
from xml.etree import ElementTree

import pytest

from variate.rendering.charts import (
    CumulativeChart,
    CumulativePoint,
    DayShares,
    ForestChart,
    ForestRow,
    Reading,
    SharesChart,
    cumulative_svg,
    forest_svg,
    shares_svg,
)
from variate.rendering.charts.shares import expected_band
from variate.rendering.numbers import Quantity
from variate.rendering.text import width

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "<script>alert(1)</script>\"'&\x00\u202e\ud800 | 名前 👩\u200d💻 "
DAY = date(2026, 3, 1)


def parsed(drawing: str) -> ElementTree.Element:
    """Parse the drawing strictly; every number of it is one."""
    root = ElementTree.fromstring(drawing.encode())
    for element in root.iter():
        assert element.tag.startswith(SVG)
        for name, value in element.attrib.items():
            assert "nan" not in value
            assert "inf" not in value
            assert not name.startswith("on")
            assert name not in ("style", "href")
    return root


def titles(root: ElementTree.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{SVG}title")]


def marks(root: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [element for element in root.iter() if element.get("class") == name]


def row(value: float | None, *, low: float = -1.0, high: float = 1.0, reading: Reading = Reading.UNCLEAR) -> ForestRow:
    return ForestRow(group="g", name="b", value=value, low=low, high=high, reading=reading, note="too few units")


def test_a_forest_plot_has_a_row_with_its_numbers_for_each_effect() -> None:
    rows = (row(0.05, low=0.01, high=0.09, reading=Reading.BETTER), row(None))
    root = parsed(forest_svg(ForestChart(title="Lifts", rows=rows)))
    assert titles(root) == ["Lifts", "g", "g, b: +5.00 % [+1.00, +9.00], better", "g, b: too few units"]
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert "+5.00 % [+1.00, +9.00]" in texts
    assert "too few units" in texts
    about = root.find(f"{SVG}desc")
    assert about is not None
    assert about.text == "Effects with their intervals beside the line of no effect: 1 better, 1 without a number."


def test_the_direction_of_an_effect_is_a_shape_and_not_only_a_colour() -> None:
    shapes = {
        reading: forest_svg(ForestChart(title="t", rows=(row(0.1, reading=reading),)))
        for reading in (Reading.BETTER, Reading.WORSE)
    }
    drawn = {reading: marks(parsed(drawing), "mark")[0].get("d") for reading, drawing in shapes.items()}
    assert drawn[Reading.BETTER] != drawn[Reading.WORSE]
    assert marks(parsed(forest_svg(ForestChart(title="t", rows=(row(0.1),)))), "ring")


@pytest.mark.parametrize(
    ("low", "high", "arrows"), [(-math.inf, math.inf, 2), (-math.inf, 0.2, 1), (0.0, math.inf, 1), (0.0, 0.2, 0)]
)
def test_an_interval_without_a_bound_ends_in_an_arrow(low: float, high: float, arrows: int) -> None:
    root = parsed(forest_svg(ForestChart(title="t", rows=(row(0.1, low=low, high=high),))))
    assert len(marks(root, "beyond")) == arrows


def test_one_wild_row_does_not_make_the_others_too_small_to_read() -> None:
    rows = (row(500.0, low=-900, high=900), *[row(0.05, low=0.01, high=0.09)] * 4)
    root = parsed(forest_svg(ForestChart(title="t", rows=rows)))
    places = [float(element.get("cx", "")) for element in marks(root, "ring")]
    assert len(places) == 4
    (zero,) = (float(element.get("x1", "")) for element in marks(root, "zero"))
    assert places[0] - zero > 50
    assert len(marks(root, "beyond")) == 2


@pytest.mark.parametrize("high", [0.09, 1.3, 1_200.0, 98_765.0])
def test_ticks_of_a_forest_plot_have_room_for_their_words(high: float) -> None:
    root = parsed(forest_svg(ForestChart(title="t", rows=(row(high / 2, low=0, high=high),))))
    (grid,) = (each for each in root if each.get("aria-hidden"))
    labels = [(float(each.get("x", "")), each.text or "") for each in grid.iter(f"{SVG}text") if each.get("y") == "16"]
    assert len(labels) >= 2
    for (left, one), (right, other) in itertools.pairwise(labels):
        assert right - left > 4 * (len(one) + len(other))


@pytest.mark.parametrize(
    "rows", [(), (row(None),), (row(0.0, low=0.0, high=0.0),), (row(1e300, low=-1e300, high=1e308),)]
)
def test_a_forest_plot_of_nothing_to_see_is_drawn(rows: tuple[ForestRow, ...]) -> None:
    parsed(forest_svg(ForestChart(title="t", rows=rows)))


def test_a_forest_plot_holds_five_hundred_rows_without_overlap() -> None:
    rows = tuple(
        ForestRow(group=f"metric {number // 9}", name=f"v{number % 9}", value=0.01, low=-0.02, high=0.04)
        for number in range(500)
    )
    root = parsed(forest_svg(ForestChart(title="t", rows=rows)))
    places = [float(element.get("cy", "")) for element in marks(root, "ring")]
    assert len(places) == 500
    assert min(after - before for before, after in itertools.pairwise(places)) >= 24
    assert float(root.get("height", "")) > places[-1]


def test_hostile_and_long_names_are_text_and_the_whole_of_them_is_in_the_title() -> None:
    name = HOSTILE * 20
    chart = ForestChart(title=name, rows=(ForestRow(group=name, name=name, value=0.1, low=0.0, high=0.2),))
    root = parsed(forest_svg(chart))
    assert titles(root)[2].count("👩\u200d💻") == 40
    assert "\\u202e" in titles(root)[2]
    shown = [text for element in root.iter(f"{SVG}text") if (text := element.text) and text.startswith("<script>")]
    assert [width(text) <= 26 for text in shown] == [True]
    assert "…" in shown[0]


def points(count: int) -> tuple[CumulativePoint, ...]:
    return tuple(
        CumulativePoint(
            day=DAY + timedelta(days=number),
            value=0.01,
            low=-math.inf if number == 0 else -0.1 / number,
            high=math.inf if number == 0 else 0.1 / number,
        )
        for number in range(count)
    )


def test_looks_taken_and_looks_planned_are_told_apart_without_colour() -> None:
    chart = CumulativeChart(
        title="t",
        points=points(5),
        quantity=Quantity.SHARE,
        looks=(DAY + timedelta(days=2),),
        planned_looks=(DAY + timedelta(days=7), DAY + timedelta(days=9_999)),
        end=DAY + timedelta(days=10),
    )
    root = parsed(cumulative_svg(chart))
    (taken,), (planned,) = marks(root, "look"), marks(root, "planned-look")
    assert taken[0].text == "looked at on 3 Mar 2026"
    assert planned[0].text == "a look is planned about 8 Mar 2026"
    assert taken[1].get("stroke-dasharray") != planned[1].get("stroke-dasharray")


@pytest.mark.parametrize("count", [1, 2, 14, 300])
def test_the_effect_over_time_has_a_dot_with_its_numbers_each_day(count: int) -> None:
    chart = CumulativeChart(title="t", points=points(count), quantity=Quantity.SHARE)
    root = parsed(cumulative_svg(chart))
    dots = marks(root, "dot")
    assert len(dots) == count
    assert dots[0][0].text == "1 Mar 2026: +1.00 pp unbounded"
    if count > 1:
        assert marks(root, "band")


def test_looks_and_the_planned_end_are_drawn_where_they_are() -> None:
    chart = CumulativeChart(
        title="t",
        points=points(14),
        quantity=Quantity.AMOUNT,
        looks=(DAY + timedelta(days=7), DAY - timedelta(days=3)),
        end=DAY + timedelta(days=28),
    )
    root = parsed(cumulative_svg(chart))
    assert [element[0].text for element in marks(root, "look")] == ["looked at on 8 Mar 2026"]
    look, end = float(marks(root, "look")[0][1].get("x1", "")), float(marks(root, "end")[0].get("x1", ""))
    dots = [float(dot.get("cx", "")) for dot in marks(root, "dot")]
    assert look == pytest.approx(dots[7], abs=0.01)
    assert end == pytest.approx(dots[0] + 28 * (dots[1] - dots[0]), abs=0.2)


def test_an_end_far_away_does_not_squeeze_the_days_there_are() -> None:
    chart = CumulativeChart(title="t", points=points(3), quantity=Quantity.LIFT, end=DAY + timedelta(days=900))
    root = parsed(cumulative_svg(chart))
    assert not marks(root, "end")


def test_a_course_without_days_says_so() -> None:
    assert "no day has an effect yet" in cumulative_svg(CumulativeChart(title="t", points=(), quantity=Quantity.LIFT))


def shares(units: list[tuple[int, ...]], *, expected: tuple[float, ...] = (0.5, 0.5)) -> SharesChart:
    days = tuple(DayShares(day=DAY + timedelta(days=number), units=each) for number, each in enumerate(units))
    names = tuple(f"v{place}" for place in range(len(expected)))
    return SharesChart(title="t", variations=names, expected=expected, days=days)


def test_the_band_of_a_share_is_as_wide_as_its_units_make_it() -> None:
    # The normal quantile at 0.9995 is 3.2905 in any table; a half of 10,000 has the standard error 0.005.
    low, high = expected_band(0.5, units=10_000)
    assert [low, high] == pytest.approx([0.5 - 0.0164526, 0.5 + 0.0164526], abs=1e-6)
    assert [*expected_band(0.01, units=5)] == pytest.approx([0.0, 0.1564], abs=1e-4)


def test_a_day_outside_its_band_is_another_shape_and_says_so() -> None:
    root = parsed(shares_svg(shares([(500, 510), (500, 300), (0, 0)])))
    (odd,) = marks(root, "worse")
    assert odd[0].text == "2 Mar 2026, v1: 37.50 %, 300 of 800 units; outside what is expected"
    assert len(marks(root, "dot")) == 1


def test_a_days_share_is_beside_what_was_expected_on_that_day() -> None:
    days = tuple(
        DayShares(day=DAY + timedelta(days=number), units=(900, 100), expected=expected)
        for number, expected in enumerate([(0.9, 0.1), (0.5, 0.5)])
    )
    svg = shares_svg(SharesChart(title="t", variations=("v0", "v1"), expected=(0.5, 0.5), days=days))
    (odd,) = marks(parsed(svg), "worse")
    assert (odd[0].text or "").startswith("2 Mar 2026")
    assert "1 shares are outside" in svg or "2 shares are outside" in svg
    assert "v1: 50.00 % configured, 10.00 % at first" in svg


@pytest.mark.parametrize(("variations", "panels"), [(2, 1), (3, 3), (10, 10)])
def test_each_variation_has_a_panel_but_two_need_only_one(variations: int, panels: int) -> None:
    units = [tuple(100 + place for place in range(variations))] * 300
    root = parsed(shares_svg(shares(units, expected=(1 / variations,) * variations)))
    assert len(marks(root, "zero")) == panels
    assert len(marks(root, "dot")) == 300 * panels


@pytest.mark.parametrize("units", [[], [(0, 0)]])
def test_shares_of_no_units_say_so(units: list[tuple[int, ...]]) -> None:
    assert "no unit has entered yet" in shares_svg(shares(units))
