"""Audiences: conditions with a name, which experiments, flags and each other use."""

from __future__ import annotations

from starlette.responses import Response

from variate.errors import InvalidInputError
from variate.model import Json
from variate.model.audience import Audience
from variate.model.condition import condition_record
from variate.rendering.definition_words import condition_words
from variate.server.dashboard.conditions.builder import condition_of, view
from variate.server.dashboard.form import Form
from variate.server.dashboard.groups.kind import Kind
from variate.server.dashboard.groups.uses import of_audience
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.visit import Visit
from variate.server.management.needs import CHANGES

pages = Pages()
AUDIENCES: Kind[Audience] = Kind(
    name="audience",
    title="Audiences",
    part="audiences",
    get=lambda platform: platform.get_audience,
    list=lambda platform: platform.list_audiences,
    remove=lambda platform: platform.remove_audience,
    uses=of_audience,
    words={"words": lambda audience: condition_words(audience.condition)},
)
_BUILDER = "condition"


@pages.get("/audiences/new", needs=CHANGES)
def new(visit: Visit) -> Response:
    """Show the form of a new audience."""
    return _edited(visit, None)


@pages.post("/audiences/new", needs=CHANGES, again=new)
def create(visit: Visit) -> Response:
    """Create the audience."""
    form, condition = visit.form, _condition(visit.form)
    name, description = form.text("name"), form.text("description")

    def make(audience_id: str) -> Audience:
        return visit.platform.create_audience(
            audience_id,
            condition=condition,
            name=name or None,
            description=description,
            actor=visit.actor,
        )

    def is_of(standing: Audience) -> bool:
        stands = (standing.name, standing.description, condition_record(standing.condition))
        return stands == (name or standing.id, description, condition)

    return AUDIENCES.created(visit, make, is_of=is_of)


@pages.get("/audiences/{definition_id}")
def audience_page(visit: Visit) -> Response:
    """Show an audience, with the form that changes it for who may."""
    return _edited(visit, AUDIENCES.found(visit))


@pages.post("/audiences/{definition_id}", needs=CHANGES, again=audience_page)
def change(visit: Visit) -> Response:
    """Change the audience, for all that use it."""
    form, audience = visit.form, AUDIENCES.found(visit)
    visit.platform.update_audience(
        audience.id,
        name=form.text("name") or audience.id,
        description=form.text("description"),
        condition=_condition(form),
        expected_revision=form.revision,
        actor=visit.actor,
    )
    return visit.to(AUDIENCES.path(audience.id), done="saved")


def _condition(form: Form) -> Json:
    condition = condition_of(form, _BUILDER)
    if condition is None:
        raise InvalidInputError(_BUILDER, "must be given: an audience without one would be everybody")
    return condition


def _edited(visit: Visit, audience: Audience | None) -> Response:
    standing = None if audience is None else condition_record(audience.condition)
    return AUDIENCES.page(
        visit,
        "audience",
        audience=audience,
        builder=view(visit.form, _BUILDER, standing, visit) if visit.may_change else None,
        said="" if audience is None else condition_words(audience.condition),
    )


AUDIENCES.offer(pages)
