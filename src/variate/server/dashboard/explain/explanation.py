"""Explain: a unit, an experiment or a flag, and a time in; the ladder out. The link to an explanation can be shared."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from variate.errors import VariateError
from variate.model import Assignment, Event, Experiment, FeatureFlag, Page
from variate.model.decision import BUCKETS, Reason
from variate.platform.explaining import Explained
from variate.rendering.decision_words import REASONS, decision_fields
from variate.server.dashboard.explain.asked import Asked, read_asked
from variate.server.dashboard.explain.at_a_glance import Glance, glance
from variate.server.dashboard.explain.exposed import Exposed, exposed
from variate.server.dashboard.overrides.standing import Standing, standing
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.templating import typed_moment
from variate.server.dashboard.visit import Visit

pages = Pages()

_SUGGESTED = 30
_ASSIGNMENTS = 20
_OVERRIDES = 20
_EVENTS = 10
_ALIKE = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What is known of the unit now, beside an explanation."""

    assignments: Page[Assignment]
    overrides: list[Standing]
    events: Page[Event]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """One whose id, name or description holds what was asked for, where nothing has that for its id."""

    name: str
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What came of it: the explanation of one decision, or all that the unit gets. ``link`` leads here again.

    ``name`` is what the experiment or the flag is called now; its id, where nothing tells.
    ``lacks_attributes`` says that the audience decided though no attribute was given, and ``exposed`` what an exposure
    knew.
    """

    asked: Asked
    name: str
    explained: Explained | None
    glance: Glance | None
    kept: Assignment | None
    alike: list[Alike]
    around: Around
    link: str
    lacks_attributes: bool
    exposed: Exposed | None


@pages.get("/explain")
def explain(visit: Visit) -> Response:
    """Show the form and, where a unit is asked for, why it gets what it gets."""
    form = visit.take_query()
    found = None
    try:
        if not form.reshaped() and form.text("unit"):
            found = _found(visit, read_asked(form))
    except VariateError as error:
        visit.refuse(error)
    return visit.page(
        "explain/explain.html.j2",
        found=found,
        fields_of=decision_fields,
        reasons=REASONS,
        buckets=BUCKETS,
        experiments=visit.platform.list_experiments(limit=_SUGGESTED),
        flags=visit.platform.list_feature_flags(limit=_SUGGESTED),
    )


def _found(visit: Visit, asked: Asked) -> Found:
    platform, kept, explained = visit.platform, None, None
    if asked.experiment_id is not None:
        explained = platform.explain(asked.unit, asked.experiment_id, asked.attributes, at=asked.at)
        version = explained.explanation.decision.version
        if version is not None:
            kept = platform.get_user_assignment(asked.unit, asked.experiment_id, version=version)
    elif asked.flag_id is not None:
        explained = platform.explain_flag(asked.unit, asked.flag_id, asked.attributes, at=asked.at)
    reason = explained and explained.explanation.decision.reason
    lacks_attributes = reason is Reason.AUDIENCE and not asked.attributes
    events = platform.get_user_events(asked.unit, limit=_EVENTS)
    return Found(
        asked=asked,
        name=_name_of(visit, asked),
        explained=explained,
        glance=glance(visit, asked) if explained is None else None,
        kept=kept,
        alike=_alike(visit, asked) if reason is Reason.UNKNOWN else [],
        around=Around(
            assignments=platform.get_user_assignments(asked.unit, limit=_ASSIGNMENTS),
            overrides=standing(visit, platform.get_user_overrides(asked.unit, limit=_OVERRIDES)),
            events=events,
        ),
        link=asked.link() if explained is None else asked.link(at=typed_moment(explained.at)),
        lacks_attributes=lacks_attributes,
        exposed=exposed(asked, events) if lacks_attributes else None,
    )


def _name_of(visit: Visit, asked: Asked) -> str:
    found: Experiment | FeatureFlag | None = None
    try:
        if asked.experiment_id is not None:
            found = visit.platform.get_experiment(asked.experiment_id)
        elif asked.flag_id is not None:
            found = visit.platform.get_feature_flag(asked.flag_id)
    except VariateError:  # one that cannot be read is served as it was before, and explained
        found = None
    return found.name if found else asked.experiment_id or asked.flag_id or ""


def _alike(visit: Visit, asked: Asked) -> list[Alike]:
    if asked.experiment_id is not None:
        experiments = visit.platform.list_experiments(text=asked.experiment_id, limit=_ALIKE)
        links = [(each.id, each.name, asked.link(experiment_id=each.id)) for each in experiments]
    else:
        flags = visit.platform.list_feature_flags(text=asked.flag_id, limit=_ALIKE)
        links = [(each.id, each.name, asked.link(flag_id=each.id)) for each in flags]
    # One of this very id is archived, or was not published by then: it is no other.
    return [Alike(name=name, link=link) for key, name, link in links if key not in (asked.experiment_id, asked.flag_id)]
