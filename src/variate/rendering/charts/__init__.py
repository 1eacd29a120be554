"""Charts as SVG text: no script, nothing from elsewhere, read by people who see, print or listen."""

from variate.rendering.charts.cumulative import CumulativeChart, CumulativePoint, cumulative_svg
from variate.rendering.charts.forest import ForestChart, ForestRow, Reading, forest_svg
from variate.rendering.charts.shares import DayShares, SharesChart, shares_svg

__all__ = [
    "CumulativeChart",
    "CumulativePoint",
    "DayShares",
    "ForestChart",
    "ForestRow",
    "Reading",
    "SharesChart",
    "cumulative_svg",
    "forest_svg",
    "shares_svg",
]
