"""SVG as text: elements of escaped attributes and text, nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from html import escape

from variate.rendering.text import fit


def element(name: str, *children: str, **attributes: str | float) -> str:
    """Return ``<name ...>children</name>``. Children are markup already; attributes are escaped.

    An underscore at the end of an attribute's name falls away and others become hyphens; numbers keep two decimals.
    """
    # A report has ten thousand elements: a list is joined in two thirds of the time of a generator.
    given = "".join([f'{_attribute(key)}"{_value(value)}"' for key, value in attributes.items()])
    inner = "".join(children)
    return f"<{name}{given}>{inner}</{name}>" if inner else f"<{name}{given}/>"


def words(text: str) -> str:
    """Return ``text`` as markup."""
    return _words(text)


def title(text: str) -> str:
    """Return the title of an element, which a pointer over it shows and a screen reader reads."""
    return element("title", words(text))


def label(text: str, *, x: float, y: float, **attributes: str | float) -> str:
    """Return text at a place."""
    return element("text", words(text), x=x, y=y, **attributes)


def line(*, x1: float, y1: float, x2: float, y2: float, **attributes: str | float) -> str:
    """Return a line in the colour of the text, unless a style says otherwise."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, **{"stroke": "currentColor", **attributes})


def path(points: list[tuple[float, float]]) -> str:
    """Return the places as a path from one to the next."""
    return "M" + "L".join(f"{_value(x)},{_value(y)}" for x, y in points)


def strokes(lines: Iterable[tuple[float, float, float, float]], **attributes: str | float) -> str:
    """Return lines of one look, each from ``x1, y1`` to ``x2, y2``, as one element."""
    ways = [f"M{_value(x1)},{_value(y1)}L{_value(x2)},{_value(y2)}" for x1, y1, x2, y2 in lines]
    return element("path", d="".join(ways), stroke="currentColor", **attributes)


def drawing(*children: str, width: float, height: float, name: str, about: str) -> str:
    """Return a whole drawing that scales with the page; ``name`` and ``about`` are what a screen reader reads of it.

    Without a style sheet it is drawn in the colour of the text.
    """
    return element(
        "svg",
        title(name),
        element("desc", words(about)),
        *children,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_value(width)} {_value(height)}",
        width=width,
        height=height,
        role="img",
        class_="chart",
        font_family="system-ui, sans-serif",
        font_size=12,
        fill="currentColor",
    )


@lru_cache(maxsize=256)  # a drawing has few names, thousands of times
def _attribute(key: str) -> str:
    name = key if key == "viewBox" else key.removesuffix("_").replace("_", "-")
    return f" {name}="


def _value(value: str | float) -> str:
    return _words(value) if type(value) is str else f"{value:.2f}".rstrip("0").rstrip(".")


@lru_cache(maxsize=1_024)  # so does it of styles' names
def _words(text: str) -> str:
    return escape(fit(text))
