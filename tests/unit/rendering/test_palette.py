"""The colours of reports and of the dashboard stand in one place."""

from __future__ import annotations

import re
from importlib.resources import files

from variate.rendering.environment import style

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


def test_dark_is_the_same_by_the_system_and_by_choice_and_as_whole_as_light() -> None:
    light, by_system, by_choice = (
        dict(re.findall(r"--([a-z-]+):\s*(#[0-9a-f]{6});", block))
        for block in re.findall(r":root[^{]*\{([^}]*)\}", style("palette.css"))
    )
    assert by_system == by_choice
    assert light.keys() == by_choice.keys()
