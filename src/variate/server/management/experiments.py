"""``/experiments``: create, read, change, move through their life, hand over."""

from __future__ import annotations

from typing import Annotated, Any, cast

from fastapi import Query, Response

from variate.errors import NotFoundError
from variate.model import Experiment as ExperimentValue
from variate.model.conclusion import ConclusionFields
from variate.model.record import experiment_record
from variate.platform import Platform
from variate.server.management import conditional
from variate.server.management.answers import defined
from variate.server.management.asking import Actor, Id, Served
from variate.server.management.conditional import Expected, ExpectedIfGiven, IfNoneMatch, decided_on
from variate.server.management.experiment_shapes import (
    ConclusionGiven,
    Experiment,
    ExperimentChange,
    ExperimentList,
    NewExperiment,
    NewVersion,
    OwnerChange,
    Status,
    StatusChange,
)
from variate.server.management.idempotency import FreshId, created_once
from variate.server.management.locations import location
from variate.server.management.needs import CHANGES, READS
from variate.server.management.paging import Paged
from variate.server.management.routes import Routes

routes = Routes("Experiments", "What is tried on whom, from the draft to the archive.")


@routes.get("/experiments", needs=READS, answers=ExperimentList)
def list_experiments(
    platform: Served,
    paging: Paged,
    status: Annotated[Status | None, Query(description="Only those of this status.")] = None,
    owner: Annotated[str | None, Query(description="Only those of this owner.", examples=["ada@example.com"])] = None,
    text: Annotated[
        str | None,
        Query(
            description="Only those whose id, name or hypothesis contains this, however it writes the letters A to Z.",
            examples=["checkout"],
        ),
    ] = None,
) -> Response:
    """List the experiments, most recently created first."""

    def read(**page: Any) -> Any:
        return platform.list_experiments(status=status, owner=owner, text=text, **page)

    return paging.of(read, experiment_record)


@routes.post("/experiments", needs=CHANGES, answers=Experiment, status=201)
def create_experiment(body: NewExperiment, platform: Served, actor: Actor, fresh: FreshId) -> Response:
    """Create a draft.

    What it names (audiences in conditions, a layer, holdouts, metrics) has to be there, and a layer's range to be free.
    """
    given = body.given
    made = created_once(
        given.pop("id", None),
        fresh,
        create=lambda chosen: platform.create_experiment(**given, experiment_id=chosen, actor=actor),
        read=platform.get_experiment,
    )
    return defined(experiment_record(made), status=201, location=location("experiments", made.id))


@routes.get("/experiments/{experiment_id}", needs=READS, answers=Experiment)
def get_experiment(experiment_id: Id, platform: Served, if_none_match: IfNoneMatch = None) -> Response:
    """Read an experiment, with its variations and its design."""
    return conditional.read(experiment_record(found(platform, experiment_id)), if_none_match)


@routes.patch("/experiments/{experiment_id}", needs=CHANGES, answers=Experiment)
def update_experiment(
    experiment_id: Id, body: ExperimentChange, platform: Served, actor: Actor, expected: Expected
) -> Response:
    """Change what is given.

    Out of draft, of the variations only the weights change, and nothing that would move an assigned unit:
    `POST .../preview` tells what a change would do, and `POST .../versions` draws every unit anew.
    """
    with decided_on(expected):
        after = platform.update_experiment(experiment_id, **body.given, expected_revision=expected, actor=actor)
    return defined(experiment_record(after))


@routes.post("/experiments/{experiment_id}/status", needs=CHANGES, answers=Experiment)
def move_experiment(
    experiment_id: Id, body: StatusChange, platform: Served, actor: Actor, expected: ExpectedIfGiven
) -> Response:
    """Move an experiment through its life.

    From draft to active or archived, from active to paused or completed, from paused to active or completed, from
    completed to archived. It becomes active only where nothing on its launch checklist blocks that. To completed, a
    `conclusion` may say what was decided. To the status that it has, nothing happens.
    """
    with decided_on(expected):
        after = platform.update_experiment_status(experiment_id, **body.given, expected_revision=expected, actor=actor)
    return defined(experiment_record(after))


@routes.put("/experiments/{experiment_id}/conclusion", needs=CHANGES, answers=Experiment)
def conclude_experiment(
    experiment_id: Id, body: ConclusionGiven, platform: Served, actor: Actor, expected: ExpectedIfGiven
) -> Response:
    """Say, or correct, what was decided of a completed experiment; the audit log keeps what was said before."""
    with decided_on(expected):
        after = platform.conclude_experiment(
            experiment_id, cast("ConclusionFields", body.given), expected_revision=expected, actor=actor
        )
    return defined(experiment_record(after))


@routes.post("/experiments/{experiment_id}/archive", needs=CHANGES, answers=Experiment)
def archive_experiment(experiment_id: Id, platform: Served, actor: Actor, expected: ExpectedIfGiven) -> Response:
    """Archive a draft or completed experiment: it is kept, and no longer changes."""
    with decided_on(expected):
        after = platform.update_experiment_status(experiment_id, "archived", expected_revision=expected, actor=actor)
    return defined(experiment_record(after))


@routes.post("/experiments/{experiment_id}/owner", needs=CHANGES, answers=Experiment)
def transfer_experiment(
    experiment_id: Id, body: OwnerChange, platform: Served, actor: Actor, expected: ExpectedIfGiven
) -> Response:
    """Hand an experiment over; the audit log names whose it was."""
    with decided_on(expected):
        after = platform.transfer_experiment_ownership(
            experiment_id, body.owner, expected_revision=expected, actor=actor
        )
    return defined(experiment_record(after))


@routes.post("/experiments/{experiment_id}/versions", needs=CHANGES, answers=Experiment)
def start_new_version(
    experiment_id: Id, body: NewVersion, platform: Served, actor: Actor, expected: ExpectedIfGiven
) -> Response:
    """Draw every unit of a started experiment anew, on purpose.

    Everything of the design and the variations may change with it. No earlier assignment counts any more:
    `POST .../versions/preview` tells how many units that moves.
    """
    with decided_on(expected):
        after = platform.start_new_version(experiment_id, **body.given, expected_revision=expected, actor=actor)
    return defined(experiment_record(after))


def found(platform: Platform, experiment_id: str) -> ExperimentValue:
    """Return the experiment; raise ``NotFoundError`` for none."""
    experiment = platform.get_experiment(experiment_id)
    if experiment is None:
        raise NotFoundError("experiment", experiment_id)
    return experiment
