"""An experiment as the form shows it before anything is typed: each field's text by its name."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from variate.model import Experiment, Json
from variate.model.condition import condition_record
from variate.model.design import ExperimentMetric, MetricRole
from variate.model.plan import UNPLANNED, Plan
from variate.server.dashboard.experiments.fixed import NOTHING, Fixed
from variate.server.dashboard.experiments.typed import number_text
from variate.server.dashboard.templating import for_input

Fields = dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What stands: ``fields`` by name, ``audience`` as data, how many rows of each kind there are.

    ``kept`` are the metrics that cannot go any more, which are no rows.
    """

    fields: Mapping[str, str]
    audience: Json
    holdouts: tuple[str, ...]
    variations: int
    metrics: int
    kept: tuple[ExperimentMetric, ...] = ()


def blank(owner: str) -> Standing:
    """Return what a new form shows: two even variations, and room for a goal."""
    fields = {
        "owner": owner,
        "control": "0",
        "variations[0].name": "control",
        "variations[0].weight": "50",
        "variations[1].name": "treatment",
        "variations[1].weight": "50",
        "metrics[0].role": MetricRole.GOAL.value,
        "traffic": "100",
        "unit_type": "user",
        **_plan(UNPLANNED),
    }
    return Standing(fields=fields, audience=None, holdouts=(), variations=2, metrics=1)


def standing_of(experiment: Experiment, fixed: Fixed = NOTHING) -> Standing:
    """Return what stands of an experiment that is to be changed."""
    design = experiment.design
    rows = [each for each in design.metrics if each not in fixed.metrics]
    layer = design.layer
    fields: Fields = {
        "name": experiment.name,
        "description": experiment.description,
        "owner": experiment.owner or "",
        "hypothesis": design.hypothesis,
        "control": str([each.name for each in experiment.variations].index(experiment.control)),
        "traffic": number_text(design.traffic),
        "keeps_outside_audience": "yes" if design.keeps_outside_audience else "",
        "layer": "" if layer is None else layer.layer_id,
        "layer_range[0]": "" if layer is None else number_text(layer.start),
        "layer_range[1]": "" if layer is None else number_text(layer.end),
        "unit_type": design.unit_type,
        "salt": design.salt or "",
        "starts_at": for_input(design.starts_at),
        "ends_at": for_input(design.ends_at),
        **_plan(design.plan),
        **_metrics(rows),
    }
    for place, each in enumerate(experiment.variations):
        fields |= {
            f"variations[{place}].name": each.name,
            f"variations[{place}].description": each.description,
            f"variations[{place}].weight": number_text(each.weight),
            f"variations[{place}].value": _value_text(each.value.value),
        }
    return Standing(
        fields=fields,
        audience=None if design.audience is None else condition_record(design.audience),
        holdouts=design.holdouts,
        variations=len(experiment.variations),
        metrics=len(rows),
        kept=fixed.metrics,
    )


def copy_of(experiment: Experiment, owner: str) -> Standing:
    """Return what a new form shows that begins as a copy, all of which may change.

    The schedule is another one's, and so is the range of a layer, which only one experiment can have.
    """
    standing = standing_of(experiment)
    fields = {**standing.fields, "name": f"Copy of {experiment.name}", "owner": owner}
    fields |= dict.fromkeys(("layer", "layer_range[0]", "layer_range[1]", "starts_at", "ends_at", "salt"), "")
    return replace(standing, fields=fields)


def _metrics(metrics: Sequence[ExperimentMetric]) -> Fields:
    fields: Fields = {}
    for place, each in enumerate(metrics):
        fields |= {
            f"metrics[{place}].metric": each.metric,
            f"metrics[{place}].role": each.role.value,
            f"metrics[{place}].margin": "" if each.margin is None else number_text(each.margin),
        }
    return fields


def _plan(plan: Plan) -> Fields:
    return {
        "plan.units": "" if plan.units is None else str(plan.units),
        "plan.looks": str(plan.looks),
        "plan.alpha": number_text(plan.alpha),
        "plan.spending": plan.spending.value,
    }


def _value_text(value: Json) -> str:
    """Return the JSON as somebody would type it; the empty object, which is the usual, as nothing."""
    return "" if value == {} else json.dumps(value, ensure_ascii=False)
