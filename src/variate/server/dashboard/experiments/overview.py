"""One experiment: what it is, how it stands, and what is to be done next."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from starlette.responses import Response

from variate.clock import utc_now
from variate.model import Experiment, ExperimentStatus
from variate.model.design import ExperimentMetric, MetricRole
from variate.model.record import plain_number
from variate.platform import Platform
from variate.server.dashboard.experiments.acts import Act, acts_of
from variate.server.dashboard.experiments.checklist import points_of
from variate.server.dashboard.experiments.described import audience_of, days_left, decision_words, shares_of
from variate.server.dashboard.experiments.head import found
from variate.server.dashboard.experiments.newest import newest_of
from variate.server.dashboard.experiments.next_step import next_step
from variate.server.dashboard.live import Shown
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.templating import fragment
from variate.server.dashboard.visit import Visit

pages = Pages()

LIVE_SECONDS = 5.0


@pages.get("/experiments/{experiment_id}")
def overview(visit: Visit) -> Response:
    """Show the experiment."""
    experiment = found(visit)
    newest = newest_of(visit.platform, experiment)
    is_draft = experiment.status is ExperimentStatus.DRAFT
    points = points_of(visit.platform, experiment) if is_draft else []
    left = days_left(experiment, newest, visit.now)
    acts: list[Act] = acts_of(experiment) if visit.may_change else []
    return visit.page(
        "experiments/overview.html.j2",
        experiment=experiment,
        newest=newest,
        points=points,
        step=next_step(
            experiment,
            newest,
            checklist=[each.item for each in points],
            is_overdue=left is not None and left <= 0,
            now=visit.now,
        ),
        shares=shares_of(experiment),
        roles=[*_by_role(experiment)],
        audience=audience_of(experiment),
        days_left=left,
        acts=acts,
        decided=None if experiment.conclusion is None else decision_words(experiment.conclusion, experiment.control),
    )


@pages.live("/experiments/{experiment_id}/live")
def live(visit: Visit) -> Response:
    """Say how the experiment stands now, whenever that is something else."""
    experiment = found(visit)
    platform, revision = visit.platform, visit.query("revision")

    def read() -> Shown:
        return standing(platform, experiment.id, revision, utc_now())

    topic = f"experiment {experiment.id} since revision {revision[:20]}"
    return visit.site.live.stream(topic, read, every=LIVE_SECONDS)


def standing(platform: Platform, experiment_id: str, revision: str, now: datetime) -> Shown:
    """Return what is live on the page of an experiment that was shown at this revision."""
    experiment = platform.get_experiment(experiment_id)
    if experiment is None:
        return {}
    newest = newest_of(platform, experiment)
    context = {"experiment": experiment, "newest": newest, "days_left": days_left(experiment, newest, now)}
    changed = revision.isdecimal() and int(revision) != experiment.revision
    shown = {
        "status|html": fragment("experiments/status.html.j2", {**context, "changed": changed}),
        "standing|html": fragment("experiments/standing.html.j2", context),
    }
    if newest is not None:
        shown |= {f"units of {name}": f"{units:,}" for name, units in newest.by_variation.items()}
    return shown


def _by_role(experiment: Experiment) -> Iterator[tuple[MetricRole, list[tuple[ExperimentMetric, str]]]]:
    for role in MetricRole:
        listed = [each for each in experiment.design.metrics if each.role is role]
        if listed:
            yield role, [(each, "" if each.margin is None else str(plain_number(each.margin))) for each in listed]
