"""The end of an experiment: completed with what was decided and why, which can be corrected later."""

from __future__ import annotations

from starlette.responses import Response

from variate.analysis.report import VerdictKind
from variate.errors import InvalidInputError
from variate.model import ExperimentStatus
from variate.model.conclusion import ConclusionDecision, ConclusionFields
from variate.rendering import words
from variate.server.dashboard.experiments.confirming import units_in
from variate.server.dashboard.experiments.head import found
from variate.server.dashboard.experiments.running import Running, how_it_stands
from variate.server.dashboard.experiments.suggesting import suggestion
from variate.server.dashboard.form import Form
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.templating import path_of
from variate.server.dashboard.visit import Visit
from variate.server.management.needs import CHANGES

pages = Pages()

REPORTS_OFFERED = 20
DECISIONS = {
    ConclusionDecision.SHIP: "Ship: everybody gets the variation",
    ConclusionDecision.KEEP: "Keep: everybody keeps the control",
    ConclusionDecision.INCONCLUSIVE: "Inconclusive: it did not tell, everybody keeps the control",
    ConclusionDecision.INVALID: "Invalid: the data could not be trusted",
}


@pages.get("/experiments/{experiment_id}/complete", needs=CHANGES)
def complete_page(visit: Visit) -> Response:
    """Ask what is decided, and say what happens by completing."""
    experiment = found(visit)
    stands = how_it_stands(visit.platform, experiment, now=visit.now)
    said = [
        f"{units_in(stands)} gets no variation any more: your code then does what it does without one.",
        "Where a variation is shipped, have a flag or your code give it to everybody first.",
        "It cannot run again. What was decided can be corrected later.",
    ]
    if experiment.design.layer is not None:
        said.append(f"Its range of the layer {experiment.design.layer.layer_id} is free for others.")
    is_possible = experiment.status in (ExperimentStatus.ACTIVE, ExperimentStatus.PAUSED)
    return _page(visit, stands, title="Complete it", said=said, is_possible=is_possible)


@pages.post("/experiments/{experiment_id}/complete", needs=CHANGES, again=complete_page)
def complete(visit: Visit) -> Response:
    """Complete the experiment with what was decided."""
    experiment_id = visit.named("experiment_id")
    visit.platform.update_experiment_status(
        experiment_id,
        ExperimentStatus.COMPLETED,
        conclusion=_decided(visit.form),
        expected_revision=visit.form.revision,
        actor=visit.actor,
    )
    return visit.to(path_of("experiments", experiment_id), done="completed")


@pages.get("/experiments/{experiment_id}/conclude", needs=CHANGES)
def conclude_page(visit: Visit) -> Response:
    """Ask what was decided of an experiment that has ended."""
    experiment = found(visit)
    said = ["The history keeps what was said before."] if experiment.conclusion else []
    is_possible = experiment.status is ExperimentStatus.COMPLETED
    stands = how_it_stands(visit.platform, experiment, now=visit.now)
    return _page(visit, stands, title="What was decided", said=said, is_possible=is_possible)


@pages.post("/experiments/{experiment_id}/conclude", needs=CHANGES, again=conclude_page)
def conclude(visit: Visit) -> Response:
    """Keep what was decided."""
    experiment_id = visit.named("experiment_id")
    visit.platform.conclude_experiment(
        experiment_id, _decided(visit.form), expected_revision=visit.form.revision, actor=visit.actor
    )
    return visit.to(path_of("experiments", experiment_id), done="concluded")


def _page(visit: Visit, stands: Running, *, title: str, said: list[str], is_possible: bool) -> Response:
    experiment = stands.experiment
    standing = experiment.conclusion
    offered = suggestion(stands) if standing is None else None
    newest = "" if offered is None else offered.report_id or ""
    chosen = (visit.query("report") or newest) if standing is None else standing.report_id or ""
    reports = visit.platform.list_reports(experiment.id, limit=REPORTS_OFFERED)
    named = {each.id: f"{words.moment_words(each.at)}: {words.VERDICTS[VerdictKind(each.verdict)]}" for each in reports}
    if chosen:
        named.setdefault(chosen, "an older one")
    is_newest = chosen == newest  # who decides on another report is not told what follows from this one
    return visit.page(
        "experiments/decide.html.j2",
        experiment=experiment,
        title=title,
        said=said,
        is_possible=is_possible,
        decisions=[("", "Choose one"), *((each.value, told) for each, told in DECISIONS.items())],
        variations=[("", "None"), *((each.name, each.name) for each in experiment.variations)],
        reports=[("", "None"), *named.items()],
        chosen=chosen,
        offered=offered,
        suggested=offered if is_newest and offered is not None and offered.decision is not None else None,
        told=DECISIONS,
    )


def _decided(form: Form) -> ConclusionFields:
    decision = form.text("conclusion.decision")
    if not decision:
        raise InvalidInputError("conclusion.decision", "must be chosen")
    return {
        "decision": decision,
        "variation": form.text("conclusion.variation") or None,
        "note": form.text("conclusion.note"),
        "report_id": form.text("conclusion.report_id") or None,
    }
