"""``/reports``: what experiments' data say, and whether they can be trusted."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from fastapi import Path, Query, Response
from fastapi.responses import HTMLResponse

from variate.analysis.report_record import head_record, report_record
from variate.model import parse_instant
from variate.server.management.answers import answer
from variate.server.management.asking import Served
from variate.server.management.locations import location
from variate.server.management.needs import CHANGES, READS
from variate.server.management.paging import Paged
from variate.server.management.report_shapes import Report, ReportGiven, ReportList
from variate.server.management.routes import Routes

routes = Routes("Reports", "What experiments' data say, and whether they can be trusted.")


@routes.get("/reports", needs=READS, answers=ReportList)
def list_reports(
    platform: Served,
    paging: Paged,
    experiment_id: Annotated[str | None, Query(description="Only of this experiment.", examples=["a"])] = None,
) -> Response:
    """List what was reported, most recent first."""
    return paging.of(lambda **page: platform.list_reports(experiment_id, **page), head_record)


@routes.post("/reports", needs=CHANGES, answers=Report, status=201, seconds=math.inf, responses={404: {}})
def make_report(body: ReportGiven, platform: Served) -> Response:
    """Make a report of an experiment, and keep it. It may take long: it reads what has come since the last one.

    A report of now, of an experiment with a plan, is a look where more units have come, and takes of the plan's error.
    """
    given = body.given
    moment = None if given.get("at") is None else parse_instant("at", given["at"])
    report = platform.report_experiment(body.experiment_id, dimensions=given.get("dimensions", ()), at=moment)
    return answer(report_record(report), status=201, headers={"Location": location("reports", report.id)})


@routes.get(
    "/reports/{report_id}",
    needs=READS,
    answers=Report,
    responses={
        200: {
            "content": {
                "text/markdown": {"schema": {"type": "string"}},
                "text/html": {"schema": {"type": "string"}},
                "text/csv": {"schema": {"type": "string"}},
            }
        }
    },
)
def get_report(
    report_id: Annotated[str, Path(description="The id.", examples=["7a1f3c1e-0a3f-4b52-9a07-5b1b6f2a9e33"])],
    platform: Served,
    as_: Annotated[
        Literal["json", "markdown", "html", "csv"],
        Query(
            alias="format",
            description="As data, as GitHub Markdown, as one page that loads nothing, or its numbers as CSV.",
        ),
    ] = "json",
) -> Response:
    """Read a report as it was made."""
    report = platform.get_report(report_id)
    if as_ == "markdown":
        from variate.rendering.markdown import report_markdown  # noqa: PLC0415 - numpy: few ask for it

        return Response(report_markdown(report), media_type="text/markdown")
    if as_ == "html":
        from variate.rendering.page import page_policy, report_page  # noqa: PLC0415 - numpy: few ask for it

        return HTMLResponse(report_page(report), headers={"Content-Security-Policy": page_policy()})
    if as_ == "csv":
        from variate.rendering.report_csv import file_name, report_csv  # noqa: PLC0415 - few ask for it

        kept = f'attachment; filename="{file_name(report, "csv")}"'
        return Response(report_csv(report), media_type="text/csv", headers={"Content-Disposition": kept})
    return answer(report_record(report))
