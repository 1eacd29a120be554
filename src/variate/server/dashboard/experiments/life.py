"""The life of an experiment: each move is confirmed on a page that says what will happen."""

from __future__ import annotations

from starlette.responses import Response

from variate.server.dashboard.experiments.acts import acts_of
from variate.server.dashboard.experiments.checklist import points_of
from variate.server.dashboard.experiments.confirming import MOVES, Move
from variate.server.dashboard.experiments.head import found
from variate.server.dashboard.experiments.running import how_it_stands
from variate.server.dashboard.pages import Answering, Pages
from variate.server.dashboard.templating import path_of
from variate.server.dashboard.visit import Visit
from variate.server.management.needs import CHANGES

pages = Pages()


def _declare(page: str, move: Move) -> None:
    path = f"/experiments/{{experiment_id}}/{page}"
    confirm = _confirming(page, move)
    pages.get(path, needs=CHANGES)(confirm)
    pages.post(path, needs=CHANGES, again=confirm)(_making(move))


def _confirming(page: str, move: Move) -> Answering:
    def confirm(visit: Visit) -> Response:
        experiment = found(visit)
        here = path_of("experiments", experiment.id, page)
        return visit.page(
            "experiments/confirm.html.j2",
            experiment=experiment,
            move=move,
            here=here,
            is_possible=here in [each.path for each in acts_of(experiment)],
            said=move.said(how_it_stands(visit.platform, experiment, now=visit.now)),
            points=points_of(visit.platform, experiment) if move.starts else [],
        )

    return confirm


def _making(move: Move) -> Answering:
    def make(visit: Visit) -> Response:
        experiment_id, revision = visit.named("experiment_id"), visit.form.revision
        if move.status is not None:
            visit.platform.update_experiment_status(
                experiment_id, move.status, expected_revision=revision, actor=visit.actor
            )
        else:
            visit.platform.update_experiment(
                experiment_id,
                takes_new_units=bool(move.takes_new_units),
                expected_revision=revision,
                actor=visit.actor,
            )
        return visit.to(path_of("experiments", experiment_id), done=move.done)

    return make


for _page, _move in MOVES.items():
    _declare(_page, _move)


@pages.get("/experiments/{experiment_id}/hand-over", needs=CHANGES)
def hand_over_page(visit: Visit) -> Response:
    """Ask to whom the experiment goes."""
    return visit.page("experiments/hand_over.html.j2", experiment=found(visit))


@pages.post("/experiments/{experiment_id}/hand-over", needs=CHANGES, again=hand_over_page)
def hand_over(visit: Visit) -> Response:
    """Give the experiment to somebody else."""
    form, experiment_id = visit.form, visit.named("experiment_id")
    visit.platform.transfer_experiment_ownership(
        experiment_id, form.text("owner"), expected_revision=form.revision, actor=visit.actor
    )
    return visit.to(path_of("experiments", experiment_id), done="handed-over")
