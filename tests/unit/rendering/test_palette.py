"""The colours of reports and of the dashboard stand in one place."""

from __future__ import annotations

import re
from importlib.resources import files

from variate.rendering.environment import style
from variate.server.dashboard.assets import asset

_SHEETS = [
    *files("variate.server.dashboard").joinpath("static").iterdir(),
    *files("variate.rendering").joinpath("templates").iterdir(),
]


def _defined(text: str) -> set[str]:
    """Return the names that get a colour, but for paper's."""
    on_screen = re.sub(r"@media print \{(?:[^{}]|\{[^{}]*\})*\}", "", text)
    return {name for name, value in re.findall(r"--([a-z-]+):\s*([^;]+);", on_screen) if "#" in value}


def test_colours_are_defined_by_the_palette_alone() -> None:
    sheets = {each.name: each.read_text("utf-8") for each in _SHEETS if each.name.endswith(".css")}
    assert _defined(sheets.pop("palette.css")) >= {"ground", "text", "better", "worse", "course", "on-course"}
    assert {name: found for name, text in sheets.items() if (found := _defined(text))} == {}
    used = set(re.findall(r"var\(--([a-z-]+)", "".join(sheets.values())))
    assert used - {"tone"} <= _defined(style("palette.css")), "every colour that is used is there"


def test_the_dashboard_has_the_palette_of_reports() -> None:
    assert asset("palette.css").endswith("/palette.css")
    assert style("palette.css").count("light-dark(") == len(_defined(style("palette.css")))
