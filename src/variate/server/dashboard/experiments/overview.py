"""One experiment: what it is, how it stands, and what is to be done next."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from starlette.responses import Response

from variate.clock import utc_now
from variate.model import Experiment, ExperimentStatus
from variate.model.design import ExperimentMetric, MetricRole
from variate.model.lifetime import MAX_DAYS
from variate.model.record import plain_number
from variate.platform import Platform
from variate.server.dashboard.experiments.acts import Act, acts_of
from variate.server.dashboard.experiments.checklist import points_of
from variate.server.dashboard.experiments.described import audience_of, decision_words, intake_words, shares_of
from variate.server.dashboard.experiments.head import found
from variate.server.dashboard.experiments.next_step import next_step
from variate.server.dashboard.experiments.running import Running, how_it_stands
from variate.server.dashboard.experiments.serving_flags import flags_serving
from variate.server.dashboard.live import Shown
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.templating import count, path_of, render
from variate.server.dashboard.visit import Visit

pages = Pages()

LIVE_SECONDS = 5.0
_MOST_DIGITS = 20
_MOST_FLAGS = 50


@pages.get("/experiments/{experiment_id}")
def overview(visit: Visit) -> Response:
    """Show the experiment."""
    experiment = found(visit)
    stands = how_it_stands(visit.platform, experiment, now=visit.now)
    is_draft = experiment.status is ExperimentStatus.DRAFT
    points = points_of(visit.platform, experiment) if is_draft else []
    served_by = [*islice(flags_serving(visit, experiment), _MOST_FLAGS + 1)]
    acts: list[Act] = acts_of(experiment) if visit.may_change else []
    return visit.page(
        "experiments/overview.html.j2",
        experiment=experiment,
        stands=stands,
        end=planned_end(stands, visit.now),
        points=points,
        step=next_step(stands, checklist=[each.item for each in points], now=visit.now),
        shares=shares_of(experiment),
        roles=[*_by_role(visit.platform, experiment)],
        audience=audience_of(experiment),
        intake=intake_words(experiment),
        flags=served_by[:_MOST_FLAGS],
        has_more_flags=len(served_by) > _MOST_FLAGS,
        may_change=visit.may_change,
        acts=acts,
        decided=None if experiment.conclusion is None else decision_words(experiment.conclusion, experiment.control),
    )


@pages.live("/experiments/{experiment_id}/live")
def live(visit: Visit) -> Response:
    """Say how the experiment stands now, whenever that is something else."""
    experiment = found(visit)
    platform, revision, may_change = visit.platform, visit.query("revision")[:_MOST_DIGITS], visit.may_change

    def read() -> Shown:
        return standing(platform, experiment.id, revision, may_change=may_change, now=utc_now())

    topic = path_of("experiment", experiment.id, since=revision, may_change=may_change)
    return visit.stream(topic, read, every=LIVE_SECONDS)


def standing(platform: Platform, experiment_id: str, revision: str, *, may_change: bool, now: datetime) -> Shown:
    """Return what is live on the page of an experiment that was shown at this revision."""
    experiment = platform.get_experiment(experiment_id)
    if experiment is None:
        return {}
    stands = how_it_stands(platform, experiment, now=now)
    changed = revision.isdecimal() and int(revision) != experiment.revision
    how = {"stands": stands, "end": planned_end(stands, now)}
    shown = {
        "status|html": render("experiments/status.html.j2", {"experiment": experiment, "changed": changed}),
        "standing|html": render("experiments/how_it_stands.html.j2", how),
    }
    if experiment.status is not ExperimentStatus.DRAFT:
        step = next_step(stands, checklist=(), now=now)
        shown["next|html"] = render("experiments/next.html.j2", {"step": step, "may_change": may_change})
    return shown


def planned_end(stands: Running, now: datetime) -> datetime | None:
    """Return when the planned end is expected; None where that cannot be told, or is too far away to mean anything."""
    is_under_way = stands.experiment.status in (ExperimentStatus.ACTIVE, ExperimentStatus.PAUSED)
    if not is_under_way or stands.days is None or abs(stands.days) > MAX_DAYS:
        return None
    return now + timedelta(days=stands.days)


def _by_role(
    platform: Platform, experiment: Experiment
) -> Iterator[tuple[MetricRole, list[tuple[ExperimentMetric, str, str]]]]:
    """Yield each role with its metrics: their names, and their margins with what they are of."""
    for role in MetricRole:
        listed = [each for each in experiment.design.metrics if each.role is role]
        if listed:
            yield role, [(each, *_named(platform, each)) for each in listed]


def _named(platform: Platform, given: ExperimentMetric) -> tuple[str, str]:
    metric = platform.get_metric(given.metric)
    if metric is None:
        return given.metric, "" if given.margin is None else str(plain_number(given.margin))
    if given.margin is None:
        return metric.name, ""
    if not metric.is_share:
        return metric.name, f"{given.margin:,g}"
    return metric.name, count(plain_number(float(f"{100 * given.margin:.6g}")), "percentage point")
