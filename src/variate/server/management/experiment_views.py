"""``/experiments/{id}/...``: its variations, its launch checklist, who is in it, why, and what a change would do."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Response

from variate.errors import NotFoundError
from variate.functions.records import checklist_records, explained_record, preview_record
from variate.model import Page, parse_instant
from variate.model.record import variation_record
from variate.server.management import experiments
from variate.server.management.answers import answer
from variate.server.management.asking import Id, Served
from variate.server.management.assignments import AssignmentList, assignment_told
from variate.server.management.experiment_shapes import ExperimentChange, Variation, VariationList, VersionChange
from variate.server.management.experiments import found
from variate.server.management.explanation_shapes import Checklist, Explanation, ExplanationGiven, Preview
from variate.server.management.needs import READS
from variate.server.management.paging import Paged

routes = experiments.routes


@routes.get("/experiments/{experiment_id}/variations", needs=READS, answers=VariationList)
def list_variations(experiment_id: Id, platform: Served) -> Response:
    """List the variations of an experiment, in order. They are changed with the experiment, at its revision."""
    experiment = found(platform, experiment_id)
    return answer({"items": [variation_record(each, experiment_id=experiment.id) for each in experiment.variations]})


@routes.get("/experiments/{experiment_id}/variations/{variation}", needs=READS, answers=Variation)
def get_variation(
    experiment_id: Id,
    variation: Annotated[str, Path(description="The name of the variation.", examples=["control"])],
    platform: Served,
) -> Response:
    """Read one variation of an experiment, by its name."""
    for each in found(platform, experiment_id).variations:
        if each.name == variation:
            return answer(variation_record(each, experiment_id=experiment_id))
    raise NotFoundError("variation", variation)


@routes.get("/experiments/{experiment_id}/launch-checklist", needs=READS, answers=Checklist)
def launch_checklist(experiment_id: Id, platform: Served) -> Response:
    """Tell what has to be so before the experiment starts, and what ought to be."""
    return answer({"items": checklist_records(platform.launch_checklist(experiment_id))})


@routes.post("/experiments/{experiment_id}/preview", needs=READS, answers=Preview)
def preview_change(experiment_id: Id, body: ExperimentChange, platform: Served) -> Response:
    """Tell what a change would do to the units that have an assignment, and change nothing.

    What the change would be refused for, this is refused for. It reads every assignment of the experiment.
    """
    design = {name: value for name, value in body.given.items() if name not in ("name", "description")}
    return answer(preview_record(platform.preview_change(experiment_id, **design)))


@routes.post("/experiments/{experiment_id}/versions/preview", needs=READS, answers=Preview)
def preview_new_version(experiment_id: Id, body: VersionChange, platform: Served) -> Response:
    """Tell what a new version would do to the units that have an assignment, and change nothing."""
    return answer(preview_record(platform.preview_new_version(experiment_id, **body.given)))


@routes.post("/experiments/{experiment_id}/explain", needs=READS, answers=Explanation)
def explain_experiment(experiment_id: Id, body: ExplanationGiven, platform: Served) -> Response:
    """Explain what a unit gets in the experiment, rung by rung, now or at a moment before. Nothing is assigned."""
    moment = None if body.given.get("at") is None else parse_instant("at", body.at)
    return answer(explained_record(platform.explain(body.unit, experiment_id, body.given.get("attributes"), at=moment)))


@routes.get("/experiments/{experiment_id}/assignments", needs=READS, answers=AssignmentList)
def list_assignments(
    experiment_id: Id,
    platform: Served,
    paging: Paged,
    unit: Annotated[str | None, Query(description="Only this unit's.", examples=["user-42"])] = None,
) -> Response:
    """List who is in the experiment, the most recently assigned first; with `unit`, what this one keeps now."""
    found(platform, experiment_id)
    if unit is None:
        return paging.of(lambda **page: platform.get_experiment_assignments(experiment_id, **page), assignment_told)
    kept = platform.get_user_assignment(unit, experiment_id)
    return paging.of(lambda **_: Page(() if kept is None else (kept,)), assignment_told)
