"""The launch checklist: what has to be so before an experiment starts, and what ought to be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from variate.definition.references import References
from variate.errors import InvalidInputError
from variate.model import Experiment
from variate.model.design import Design, MetricRole


@dataclass(frozen=True, slots=True, kw_only=True)
class ChecklistItem:
    """One point: whether it is met, and whether the launch is refused where it is not."""

    name: str
    met: bool
    blocks: bool
    said: str


def launch_checklist(experiment: Experiment, *, references: References, at: datetime) -> tuple[ChecklistItem, ...]:
    """Return every point of the checklist for this experiment at this moment."""
    return tuple(_points(experiment, references, at))


def check_launch(experiment: Experiment, *, references: References, at: datetime) -> None:
    """Raise ``InvalidInputError`` for ``status`` naming every point that blocks the launch."""
    open_points = [each for each in _points(experiment, references, at) if each.blocks and not each.met]
    if open_points:
        said = "; ".join(f"{each.name}: {each.said}" for each in open_points)
        raise InvalidInputError("status", f"cannot become active: {said}")


def _points(experiment: Experiment, references: References, at: datetime) -> Iterator[ChecklistItem]:
    design = experiment.design
    weighted = [each.name for each in experiment.variations if each.weight > 0]
    yield ChecklistItem(
        name="variations",
        met=len(weighted) > 1,
        blocks=False,
        said=f"{len(weighted)} with a weight above zero; a comparison needs two",
    )
    yield ChecklistItem(
        name="control",
        met=experiment.control in weighted,
        blocks=False,
        said=f"{experiment.control!r} is what the others are compared with, so it needs units",
    )
    yield _named(experiment, references)
    yield ChecklistItem(
        name="schedule",
        met=design.ends_at is None or design.ends_at > at,
        blocks=True,
        said="the end must be in the future" if design.ends_at else "it runs until somebody ends it",
    )
    yield ChecklistItem(
        name="traffic", met=design.traffic > 0, blocks=True, said=f"{design.traffic:g} % of the audience are enrolled"
    )
    yield ChecklistItem(
        name="hypothesis", met=bool(design.hypothesis.strip()), blocks=False, said="what is expected, and why"
    )
    goals = [each.metric for each in design.metrics if each.role is MetricRole.GOAL]
    yield ChecklistItem(
        name="goal", met=bool(goals), blocks=False, said=", ".join(goals) or "no metric says what success is"
    )
    yield _margins(design)
    yield _plan(design)
    yield _windows(design, references)


def _margins(design: Design) -> ChecklistItem:
    """Whether it is said of each guardrail how much worse it may be."""
    guardrails = [each for each in design.metrics if each.role is MetricRole.GUARDRAIL]
    open_ones = ", ".join(each.metric for each in guardrails if each.margin is None)
    said = "each guardrail has one" if guardrails else "no guardrails"
    if open_ones:
        said = f"none for {open_ones}: not the least harm is let pass, which takes very many units to show"
    return ChecklistItem(name="margins", met=not open_ones, blocks=False, said=said)


def _plan(design: Design) -> ChecklistItem:
    plan = design.plan
    if plan.units is None:
        said = "no planned number of units: judged by the confidence sequence"
    else:
        said = f"{plan.units:,} units in all, about {plan.looks} looks, at alpha {plan.alpha:g}"
    return ChecklistItem(name="plan", met=plan.units is not None, blocks=False, said=said)


def _windows(design: Design, references: References) -> ChecklistItem:
    """Whether what a plan's looks judge is of units whose window is over, so that units stand for what is known."""
    has_looks = design.plan.units is not None and design.plan.looks > 1
    goals = [each.metric for each in design.metrics if each.role is MetricRole.GOAL] if has_looks else []
    open_ones: list[str] = []
    for goal in goals:
        with suppress(InvalidInputError):  # one that cannot be read is told of by the references
            found = references.metrics.get(goal)
            if found is not None and found.window_end is None:
                open_ones.append(goal)
    said = "each goal has one" if goals else "no goal is looked at before the end"
    if open_ones:
        said = (
            f"none for {', '.join(open_ones)}: a look counts units, whose values still grow, so that it finds too much"
            " where most units come early"
        )
    return ChecklistItem(name="windows", met=not open_ones, blocks=False, said=said)


def _named(experiment: Experiment, references: References) -> ChecklistItem:
    """Whether the audience, the holdouts, the metrics and the layer are there, and the range is the experiment's."""
    design, said = experiment.design, "all that it names is there"
    try:
        references.check_design(design)
        references.check_metrics(design.metrics)
    except InvalidInputError as error:
        return ChecklistItem(name="references", met=False, blocks=True, said=str(error))
    if design.layer is not None and references.layer(design.layer.layer_id).ranges.get(experiment.id) != design.layer:
        return ChecklistItem(name="references", met=False, blocks=True, said="its range of the layer is not claimed")
    return ChecklistItem(name="references", met=True, blocks=True, said=said)
