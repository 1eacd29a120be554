"""The page that the form of an experiment is on, whatever it is for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from variate.model.design import MetricRole
from variate.platform.previewing import Preview
from variate.server.dashboard.conditions.builder import view
from variate.server.dashboard.experiments import known, planning
from variate.server.dashboard.experiments.choices import choices
from variate.server.dashboard.experiments.fixed import NOTHING, Fixed
from variate.server.dashboard.experiments.standing import Standing
from variate.server.dashboard.experiments.typed import number_text
from variate.server.dashboard.form import Form
from variate.server.dashboard.visit import Visit

PREVIEW = "preview"
"""What the button says that only shows what a change would move."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Previewed:
    """What a change would move. ``digest`` stands for it in the form; ``is_asked``: it is to be sent once more.

    ``reweighs``: shares change that the data of a running experiment are tested against.
    """

    preview: Preview
    digest: str
    is_asked: bool
    reweighs: bool = False


def form_page(visit: Visit, template: str, standing: Standing, *, fixed: Fixed = NOTHING, **context: Any) -> Response:
    """Answer with the form of this template, as it stands or as it was typed; buttons that reckon have reckoned."""
    form = visit.form
    goals = sum(each.role is MetricRole.GOAL for each in standing.kept)
    variations = (
        [*range(standing.variations)]
        if fixed.variations_stand
        else form.rows("variations", standing=standing.variations)
    )
    baseline = known.found(visit)
    planned = planning.reckoned(visit, goals=goals)
    return visit.page(
        template,
        **{
            "was": standing.fields,
            "kept": standing.kept,
            "rows": {
                "variations": variations,
                "metrics": form.rows("metrics", standing=standing.metrics),
            },
            "shares": _shares(Form() if "variations" in fixed.fields else form, standing, variations),
            "audience": None if "audience" in fixed.fields else view(form, "audience", standing.audience, visit),
            "holdouts": standing.holdouts if "holdouts" in fixed.fields else form.all("holdouts", standing.holdouts),
            "choices": choices(visit.platform),
            "known": baseline,
            "planned": planned,
            "kinds": planning.KINDS,
            "scales": planning.SCALES,
            "number_text": number_text,
            "fixed": fixed.fields,
            "variations_stand": fixed.variations_stand,
            "previewed": None,
            **context,
        },
    )


def _shares(form: Form, standing: Standing, rows: Sequence[int]) -> dict[int, str]:
    """Return what each weight makes of all weights, in percent; nothing where one cannot be read."""
    weights: dict[int, float] = {}
    for row in rows:
        name = f"variations[{row}].weight"
        try:
            weights[row] = float(form.text(name, standing.fields.get(name, "")) or 0)
        except ValueError:
            return {}
    whole = sum(weights.values())
    if not 0 < whole < math.inf or min(weights.values()) < 0:
        return {}
    return {row: f"{100 * weight / whole:.2f} %" for row, weight in weights.items()}
