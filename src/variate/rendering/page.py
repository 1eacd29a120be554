"""A report as one HTML page that needs nothing else: no script, no network, its numbers inside."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from functools import cache
from typing import Any

from markupsafe import Markup

from variate.analysis.report import Report
from variate.analysis.report_record import report_record
from variate.rendering.environment import environment, style
from variate.rendering.report_markup import body_markup, facts_markup, verdict_markup
from variate.rendering.report_parts import report_parts

MOST_CHARTS = 60
"""How many charts over time a page has at most; 10 variations of 50 metrics would make 450."""


def report_page(report: Report) -> str:
    """Return the report as an HTML page. Whatever people named their things is text on it, never markup."""
    parts = report_parts(report, most_courses=MOST_CHARTS)
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            headline=parts.headline,
            style=Markup(_style()),  # noqa: S704 - our own files
            policy=page_policy(),
            overview=facts_markup(parts),
            verdict=verdict_markup(parts),
            body=body_markup(parts),
            record=_script_json(report_record(report)),
        )
    )


def page_policy() -> str:
    """Return the Content-Security-Policy to send a page with: it is the page's own, which may load nothing."""
    return f"default-src 'none'; style-src '{_digest(_style())}'; base-uri 'none'; form-action 'none'"


def _script_json(record: dict[str, Any]) -> Markup:
    """Return JSON that ends no script element and begins no comment, whatever text is in it."""
    text = json.dumps(record, allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - in ASCII, with nothing left that HTML reads


@cache
def _style() -> str:
    return style("palette.css") + style("page.css") + style("report.css")


def _digest(text: str) -> str:
    """Return what the page's policy calls its own style by, so that no other applies."""
    return f"sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
