"""Templates: whatever people named their things is text on a page, never markup."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from variate._version import __version__
from variate.model import format_instant
from variate.rendering.text import cut, escaped
from variate.server.dashboard.assets import asset
from variate.server.dashboard.changes_shown import MOST_DIFFERENCES
from variate.server.dashboard.field_names import field_words, label_of
from variate.server.dashboard.segments import NEW, New, segment_of

_COMPACT_COLUMNS = 240
_NAME = re.compile(r"[a-z]+[_.\[\d]")
"""Text that begins with a field or the like, such as ``variations[0].weight``."""


def render(template: str, context: Mapping[str, Any]) -> str:
    """Return the page, or the part of one that what is live sends anew."""
    return _environment().get_template(template).render(context)


def compile_all() -> None:
    """Compile every template, so that nobody waits for that who looks at a page for the first time."""
    for name in _environment().list_templates():
        _environment().get_template(name)


def path_of(*parts: str | New, **query: object) -> str:
    """Return the path of these parts, each of which may be an id, with what is asked; None is not asked.

    Where something new is made is at ``NEW``: the text ``new`` is an id like others.
    """
    asked = urlencode({name: str(value) for name, value in query.items() if value is not None and value != ""})
    path = "/" + "/".join(quote(segment_of(part), safe="") for part in parts)
    return f"{path}?{asked}" if asked else path


def instant(moment: datetime | None) -> Markup | str:
    """Return the moment, to the minute, in UTC, as an element that programs can read."""
    if moment is None:
        return "-"
    whole = format_instant(moment)
    shown = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M")
    return Markup('<time datetime="{}" title="{}">{} UTC</time>').format(whole, whole, shown)


_LATEST = datetime.max.replace(tzinfo=UTC)


def typed_moment(moment: datetime) -> str:
    """Return the moment as a field of a moment holds it: never before it, and no finer than browsers are."""
    finer = min(timedelta(microseconds=-moment.microsecond % 1000), _LATEST - moment)
    typed = (moment + finer).astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
    return typed.removesuffix(".000")


def exact_instant(moment: datetime) -> Markup:
    """Return the moment, to the second, in UTC, where many follow each other within a minute."""
    shown = moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    return Markup('<time datetime="{}">{} UTC</time>').format(format_instant(moment), shown)


def for_input(moment: datetime | None) -> str:
    """Return the moment as a field of the type ``datetime-local`` has it, in UTC."""
    return "" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")


def ago(moment: datetime | None, now: datetime) -> str:
    """Return how long ago that was, in the largest unit that fits."""
    if moment is None:
        return "never"
    seconds = max(0, int((now - moment).total_seconds()))
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        count = seconds // size
        if count:
            return f"{count:,} {unit}{'' if count == 1 else 's'} ago"
    return "just now"


def exact(value: object) -> Markup:
    """Return the value as it is, as a form sends it back; half a character, which no page can hold, is written out."""
    return Markup(str(escape(value)).encode(errors="backslashreplace").decode())  # noqa: S704 - it is escaped


def compact(text: str) -> str:
    """Return the text, of a long one its beginning and its end, where a row of a table has room for it."""
    return cut(text, columns=_COMPACT_COLUMNS)


def sentence(text: str) -> str:
    """Return what the platform says of an error, as a sentence begins and ends: a name of ours stays as it is spelt."""
    if not text:
        return ""
    whole = text if _NAME.match(text) else f"{text[:1].upper()}{text[1:]}"
    return whole if whole.endswith((".", "!", "?")) else f"{whole}."


def count(number: float, one: str, many: str | None = None) -> str:
    """Return the number with its noun: 1 experiment, 1,000 experiments."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("variate.server.dashboard"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_fit,
        auto_reload=False,
        cache_size=-1,
    )
    environment.globals |= {
        "asset": asset,
        "MOST_DIFFERENCES": MOST_DIFFERENCES,
        "NEW": NEW,
        "path_of": path_of,
        "label_of": label_of,
        "new_id": lambda: str(uuid4()),
        "variate_version": __version__,
        "zip": zip,
    }
    environment.filters |= {
        "instant": instant,
        "exact_instant": exact_instant,
        "typed_moment": typed_moment,
        "ago": ago,
        "for_input": for_input,
        "count": count,
        "compact": compact,
        "sentence": sentence,
        "field_words": field_words,
        "exact": exact,
    }
    return environment


def _fit(value: Any) -> Any:
    # Markup is of a type of its own. Blanks stay: they count in a field, and stand between words.
    return escaped(value) if type(value) is str else value
