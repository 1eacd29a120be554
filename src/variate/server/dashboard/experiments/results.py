"""Results: what the newest stored report says, older ones, and a new one on demand. Nothing is computed to show it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markupsafe import Markup
from starlette.responses import Response

from variate.errors import NotFoundError
from variate.model import Experiment, ExperimentStatus
from variate.server.dashboard.experiments.described import decision_words
from variate.server.dashboard.experiments.head import found
from variate.server.dashboard.experiments.results_live import NONE, newest_id, told_of
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.shown_reports import ShownReport
from variate.server.dashboard.templating import path_of
from variate.server.dashboard.visit import Visit
from variate.server.management.needs import CHANGES
from variate.stores.reports import ReportHead

pages = Pages()

_RECENT = 10
_LISTED = 50
_NUMBER = re.compile(r"[1-9][0-9]{0,5}")


@pages.get("/experiments/{experiment_id}/results")
def newest(visit: Visit) -> Response:
    """Show the newest report, or that there is none yet."""
    experiment = found(visit)
    heads = visit.platform.list_reports(experiment.id, limit=_RECENT)
    shown = visit.site.reports.report(heads.items[0].id) if heads.items else None
    return _page(visit, experiment, shown, heads.items)


def again(visit: Visit) -> Response:
    """Show the page once more, with what was typed for the next report."""
    return newest(visit)


@pages.post("/experiments/{experiment_id}/results", needs=CHANGES, again=again)
def make(visit: Visit) -> Response:
    """Have a report made, in the background, and show the page meanwhile."""
    from variate.analysis.reporting import checked_dimensions  # noqa: PLC0415 - numpy: only reports wait for it

    experiment = found(visit)
    dimensions = checked_dimensions(visit.form.lines("dimensions"))
    before = newest_id(visit.platform.list_reports(experiment.id, limit=1).items)
    visit.site.making.begin(experiment.id, dimensions=dimensions)
    return visit.to(path_of("experiments", experiment.id, "results", after=before))


@pages.get("/experiments/{experiment_id}/results/{report_id}")
def one(visit: Visit) -> Response:
    """Show a report as it was made."""
    experiment = found(visit)
    shown = _of(visit, experiment)
    return _page(visit, experiment, shown, visit.platform.list_reports(experiment.id, limit=_RECENT).items)


@pages.get("/experiments/{experiment_id}/results/{report_id}/metrics/{number}")
def metric(visit: Visit) -> Response:
    """Show all there is of one metric."""
    experiment = found(visit)
    report = _of(visit, experiment)
    number = visit.named("number")
    if _NUMBER.fullmatch(number) is None:
        raise NotFoundError("metric of the report", number)
    shown = visit.site.reports.metric(report.id, int(number))
    return visit.page("experiments/results_metric.html.j2", experiment=experiment, report=report, metric=shown)


@pages.get("/experiments/{experiment_id}/reports")
def reports(visit: Visit) -> Response:
    """List every report of the experiment, most recent first."""
    experiment = found(visit)
    page = visit.platform.list_reports(experiment.id, limit=_LISTED, last_key=visit.query("last_key") or None)
    more = page.last_key and path_of("experiments", experiment.id, "reports", last_key=page.last_key)
    return visit.page("experiments/reports.html.j2", experiment=experiment, heads=page.items, more_path=more)


def _page(visit: Visit, experiment: Experiment, shown: ShownReport | None, heads: Sequence[ReportHead]) -> Response:
    shown_id = NONE if shown is None else shown.id
    after = visit.query("after")
    told = told_of(visit.site.making.of(experiment.id), experiment.id, shown_id, after, heads)
    return visit.page(
        "experiments/results.html.j2",
        experiment=experiment,
        report=shown,
        heads=heads,
        told={name: Markup(text) for name, text in told.items()},  # noqa: S704 - written by templates that escape
        is_newest=shown_id == newest_id(heads),
        is_active=experiment.status is ExperimentStatus.ACTIVE,
        is_launched=experiment.status is not ExperimentStatus.DRAFT,
        decided=None if experiment.conclusion is None else decision_words(experiment.conclusion, experiment.control),
        decide_page=_decide_page(experiment) if visit.may_change else None,
        stream=path_of("experiments", experiment.id, "results", "live", shown=shown_id, after=after),
    )


def _decide_page(experiment: Experiment) -> str | None:
    """Return the name of the page on which is said what was decided; None where nothing is left to say."""
    if experiment.status in (ExperimentStatus.ACTIVE, ExperimentStatus.PAUSED):
        return "complete"
    is_open = experiment.status is ExperimentStatus.COMPLETED and experiment.conclusion is None
    return "conclude" if is_open else None


def _of(visit: Visit, experiment: Experiment) -> ShownReport:
    """Return the report that the path names; raise ``NotFoundError`` for one of another experiment."""
    report_id = visit.named("report_id")
    shown = visit.site.reports.report(report_id)
    if shown.experiment_id != experiment.id:
        raise NotFoundError("report", report_id)
    return shown
