"""An experiment, its checklist and its previews, as the commands print them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import click

from variate.cli.output import print_fields, print_json, print_table
from variate.cli.words import moment_words
from variate.definition.checklist import ChecklistItem
from variate.functions.records import checklist_records, preview_record
from variate.model import Experiment, format_instant
from variate.model.conclusion import Conclusion
from variate.model.design import ExperimentMetric
from variate.model.plan import UNPLANNED, Plan
from variate.model.record import experiment_record, plain_number
from variate.platform.previewing import Preview
from variate.rendering.definition_words import condition_words


def print_experiment(experiment: Experiment, *, as_json: bool) -> None:
    """Print the experiment with its design and its variations; of the design, what is not as usual."""
    if as_json:
        print_json(experiment_record(experiment))
        return
    print_fields(
        {
            "id": experiment.id,
            "name": experiment.name,
            "description": experiment.description,
            "status": experiment.status.value,
            "owner": experiment.owner or "",
            "version": str(experiment.version),
            "revision": str(experiment.revision),
            "created": format_instant(experiment.created_at),
            "updated": format_instant(experiment.updated_at),
            **{name: said for name, said in _design(experiment) if said},
            **({} if experiment.conclusion is None else _concluded(experiment.conclusion)),
        }
    )
    click.echo()
    rows = [
        (str(plain_number(variation.weight)), variation.name, variation.description, variation.value.text)
        for variation in experiment.variations
    ]
    print_table(("weight", "variation", "description", "value"), rows, folded=("variation", "description", "value"))


def print_checklist(items: Sequence[ChecklistItem], *, as_json: bool) -> None:
    """Print each point: whether it is met, and whether it would hold up the launch."""
    if as_json:
        print_json(checklist_records(items))
        return
    marks = {True: "ok", False: "open"}
    rows = [("BLOCKS" if each.blocks and not each.met else marks[each.met], each.name, each.said) for each in items]
    print_table(("", "point", "what is asked, or found"), rows, folded=("what is asked, or found",))


def print_preview(preview: Preview, *, as_json: bool) -> None:
    """Print how many units have an assignment and what would become of them."""
    if as_json:
        print_json(preview_record(preview))
        return
    same = preview.kept - preview.moved - preview.held
    print_fields(
        {
            "assigned now": f"{preview.kept:,}",
            "would move": f"{preview.moved:,}  to another variation, or out",
            "would be held": f"{preview.held:,}  drawn anew, and kept where they are",
            "would be drawn the same": f"{same:,}",
        }
    )
    for said in _precision(preview):
        click.echo(f"\n{said}")
    if preview.audience_matters:
        click.echo("\nWhom the audience lets in or out is not counted: attributes are not kept.")
    click.echo("\nNothing was changed.")


def _precision(preview: Preview) -> Iterator[str]:
    if preview.is_estimate:
        yield (
            f"Estimated from {preview.looked_at:,} chosen by chance: {preview.low:,} to {preview.high:,} would be "
            "drawn otherwise, with a confidence of 95 %."
        )
    if preview.is_cut:
        yield "Only the newest assignments were counted; older ones are left out."


def _judged(metric: ExperimentMetric) -> str:
    margin = "" if metric.margin is None else f", margin {plain_number(metric.margin)}"
    return f"{metric.metric} ({metric.role}{margin})"


def _planned(plan: Plan) -> str:
    units = "no number of units" if plan.units is None else f"{plan.units:,} units"
    return f"{units}, about {plan.looks} looks, alpha {plan.alpha:g}, {plan.spending.value.replace('_', ' ')}"


def _concluded(conclusion: Conclusion) -> dict[str, str]:
    decided = conclusion.decision if conclusion.variation is None else f"{conclusion.decision} {conclusion.variation}"
    said = {
        "decision": f"{decided}, by {conclusion.decided_by} on {moment_words(conclusion.decided_at)}",
        "note": conclusion.note,
        "on report": conclusion.report_id or "",
    }
    return {name: text for name, text in said.items() if text}


def _design(experiment: Experiment) -> Iterator[tuple[str, str]]:
    design = experiment.design
    layer = design.layer
    yield "hypothesis", design.hypothesis
    yield "unit type", design.unit_type if design.unit_type != "user" else ""
    yield "salt", design.salt or ""
    yield "audience", "everybody" if design.audience is None else condition_words(design.audience)
    yield "traffic", f"{plain_number(design.traffic)} %"
    yield "layer", "" if layer is None else f"{layer.layer_id}, {layer.start:g} to {layer.end:g} %"
    yield "holdouts", ", ".join(design.holdouts)
    yield "starts", "" if design.starts_at is None else moment_words(design.starts_at)
    yield "ends", "" if design.ends_at is None else moment_words(design.ends_at)
    yield "control", experiment.control
    yield "metrics", ", ".join(map(_judged, design.metrics))
    yield "plan", "" if design.plan == UNPLANNED else _planned(design.plan)
    yield "intake", "" if design.takes_new_units else "stopped: no new users are taken in"
    yield "outside audience", "who is in stays in" if design.keeps_outside_audience else ""
    yield "ledger", "asked at each decision" if design.reads_ledger else ""
    if design.past:
        until = design.past[-1].until
        said = "since" if until <= datetime.now(UTC) else "not before"
        yield "allocation", f"in force {said} {moment_words(until)}; changes since the start: {len(design.past)}"
