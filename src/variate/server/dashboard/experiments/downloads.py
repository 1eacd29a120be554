"""A report as a file: its numbers as CSV, all of it as JSON, or the page that needs nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from starlette.responses import Response

from variate.errors import NotFoundError
from variate.server.dashboard.experiments.head import found
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.visit import Visit

if TYPE_CHECKING:  # it comes with numpy, which only reports wait for
    from variate.analysis.report import Report

pages = Pages()


@pages.get("/experiments/{experiment_id}/results/{report_id}/csv")
def as_csv(visit: Visit) -> Response:
    """Send the numbers."""
    from variate.rendering.report_csv import report_csv  # noqa: PLC0415 - numpy: only reports wait for it

    report = _asked(visit)
    return _file(report, report_csv(report), "csv", "text/csv")


@pages.get("/experiments/{experiment_id}/results/{report_id}/json")
def as_json(visit: Visit) -> Response:
    """Send all of it."""
    from variate.analysis.report_record import report_record  # noqa: PLC0415 - numpy: only reports wait for it

    report = _asked(visit)
    return _file(report, json.dumps(report_record(report), indent=2) + "\n", "json", "application/json")


@pages.get("/experiments/{experiment_id}/results/{report_id}/html")
def as_html(visit: Visit) -> Response:
    """Send the page that needs nothing else."""
    from variate.rendering.page import page_policy, report_page  # noqa: PLC0415 - numpy: only reports wait for it

    report = _asked(visit)
    response = _file(report, report_page(report), "html", "text/html")
    response.headers["Content-Security-Policy"] = page_policy()
    return response


def _asked(visit: Visit) -> Report:
    experiment, report_id = found(visit), visit.named("report_id")
    report = visit.site.reports.data(report_id)
    if report.experiment_id != experiment.id:
        raise NotFoundError("report", report_id)
    return report


def _file(report: Report, content: str, suffix: str, media_type: str) -> Response:
    from variate.rendering.report_csv import file_name  # noqa: PLC0415 - numpy: only reports wait for it

    kept = f'attachment; filename="{file_name(report, suffix)}"'
    return Response(content, media_type=media_type, headers={"Content-Disposition": kept})
