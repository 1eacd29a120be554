"""Templates of reports: whatever people named their things is text, never markup."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from variate.rendering.text import fit


@cache
def environment() -> Environment:
    """Return what reads the templates."""
    return Environment(
        loader=PackageLoader("variate.rendering"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_fit,
    )


def compile_all() -> None:
    """Compile every template, so that nobody waits for that who looks at a report for the first time."""
    for name in environment().list_templates(extensions=["j2"]):
        environment().get_template(name)


@cache
def style(name: str) -> str:
    """Return one of the style sheets.

    ``palette.css`` has the colours, ``page.css`` is a page's own, ``report.css`` is of the parts of a report.
    """
    return files("variate.rendering").joinpath("templates", name).read_text("utf-8")


def _fit(value: Any) -> Any:
    return fit(value) if type(value) is str else value  # markup is of a type of its own
