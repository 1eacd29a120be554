"""Holdouts: shares of the units that are kept out of the experiments that name them."""

from __future__ import annotations

from starlette.responses import Response

from variate.model.holdout import Holdout
from variate.server.dashboard.groups.kind import Kind
from variate.server.dashboard.groups.uses import of_holdout
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.visit import Visit
from variate.server.management.needs import CHANGES

pages = Pages()
HOLDOUTS: Kind[Holdout] = Kind(
    name="holdout",
    title="Holdouts",
    part="holdouts",
    get=lambda platform: platform.get_holdout,
    list=lambda platform: platform.list_holdouts,
    remove=lambda platform: platform.remove_holdout,
    uses=of_holdout,
)


@pages.get("/holdouts/new", needs=CHANGES)
def new(visit: Visit) -> Response:
    """Show the form of a new holdout."""
    return HOLDOUTS.page(visit, "holdout", holdout=None)


@pages.post("/holdouts/new", needs=CHANGES, again=new)
def create(visit: Visit) -> Response:
    """Create the holdout."""
    form, percentage = visit.form, visit.form.needed("percentage")
    name, description, salt = form.text("name"), form.text("description"), form.text("salt")

    def make(holdout_id: str) -> Holdout:
        return visit.platform.create_holdout(
            holdout_id,
            percentage=percentage,
            name=name or None,
            description=description,
            salt=salt or None,
            actor=visit.actor,
        )

    return HOLDOUTS.created(
        visit,
        make,
        is_of=lambda each: (
            (each.percentage, each.name, each.description, each.salt)
            == (percentage, name or each.id, description, salt or each.id)
        ),
    )


@pages.get("/holdouts/{definition_id}")
def holdout_page(visit: Visit) -> Response:
    """Show a holdout, with the form that changes it for who may."""
    return HOLDOUTS.page(visit, "holdout", holdout=HOLDOUTS.found(visit))


@pages.post("/holdouts/{definition_id}", needs=CHANGES, again=holdout_page)
def change(visit: Visit) -> Response:
    """Change the holdout; one that a started experiment names keeps its share."""
    form, holdout = visit.form, HOLDOUTS.found(visit)
    visit.platform.update_holdout(
        holdout.id,
        percentage=form.needed("percentage"),
        name=form.text("name") or holdout.id,
        description=form.text("description"),
        expected_revision=form.revision,
        actor=visit.actor,
    )
    return visit.to(HOLDOUTS.path(holdout.id), done="saved")


HOLDOUTS.offer(pages)
