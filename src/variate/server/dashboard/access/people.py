"""People: who signs in, and as what."""

from __future__ import annotations

from starlette.responses import Response

from variate.errors import InvalidInputError, NotFoundError
from variate.model.access import Person, Role
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.templating import path_of
from variate.server.dashboard.visit import DONE, Visit
from variate.server.management.needs import ADMINISTERS

pages = Pages()

ROLES = (
    (Role.VIEWER.value, "Viewer: reads everything, changes nothing"),
    (Role.EDITOR.value, "Editor: defines, launches and decides"),
    (Role.ADMIN.value, "Admin: keys and people, too"),
)
_PER_PAGE = 50

DONE["set"] = "The password is set; whoever was signed in by the old one no longer is."
DONE["taken"] = "The password is gone; they sign in through the OpenID provider, or not at all."
DONE["unlinked"] = "Unlinked: the next sign-in through the OpenID provider links them anew."


@pages.get("/people", needs=ADMINISTERS)
def people(visit: Visit) -> Response:
    """List the people."""
    found = visit.platform.list_people(limit=_PER_PAGE, last_key=visit.query("after") or None)
    more = path_of("people", after=found.last_key) if found.last_key else None
    return visit.page("access/people.html.j2", people=found.items, more=more)


@pages.get("/people/new", needs=ADMINISTERS)
def new_person(visit: Visit) -> Response:
    """Show the form of somebody new."""
    return visit.page("access/new_person.html.j2", roles=ROLES, has_provider=visit.platform.oidc is not None)


@pages.post("/people/new", needs=ADMINISTERS, again=new_person)
def add_person(visit: Visit) -> Response:
    """Add somebody."""
    form = visit.form
    added = visit.platform.add_person(
        form.text("email"),
        role=form.text("role"),
        name=form.text("name") or None,
        password=form.raw("password") or None,
        actor=visit.actor,
    )
    return visit.to(path_of("people", added.id), done="created")


@pages.get("/people/{person_id}", needs=ADMINISTERS)
def person_page(visit: Visit) -> Response:
    """Show somebody, with what can be changed of them."""
    return visit.page("access/person.html.j2", person=_found(visit), roles=ROLES)


@pages.post("/people/{person_id}", needs=ADMINISTERS, again=person_page)
def change_person(visit: Visit) -> Response:
    """Change what they are called, may do, and whether they sign in."""
    form, person = visit.form, _found(visit)
    try:
        visit.platform.update_person(
            person.id,
            name=form.text("name"),
            role=form.text("role"),
            disabled=form.ticked("disabled"),
            expected_revision=form.revision,
            actor=visit.actor,
        )
    except InvalidInputError as error:
        if error.field != "person":
            raise
        # It is said of them: of the last one who administers. What takes that from them is one of two fields.
        raise InvalidInputError("disabled" if form.ticked("disabled") else "role", error.rule) from error
    return visit.to(path_of("people", person.id), done="saved")


def _beside(visit: Visit) -> Response:
    """Show somebody, where another form of the page was sent than the one that changes them."""
    visit.form.others = ("name", "role", "disabled")
    return person_page(visit)


@pages.post("/people/{person_id}/password", needs=ADMINISTERS, again=_beside)
def set_password(visit: Visit) -> Response:
    """Give them a password."""
    person = _found(visit)
    visit.platform.set_password(
        person.id, visit.form.raw("password"), expected_revision=visit.form.revision, actor=visit.actor
    )
    return visit.to(path_of("people", person.id), done="set")


@pages.post("/people/{person_id}/remove-password", needs=ADMINISTERS, again=_beside)
def remove_password(visit: Visit) -> Response:
    """Take their password away."""
    person = _found(visit)
    visit.platform.set_password(person.id, None, expected_revision=visit.form.revision, actor=visit.actor)
    return visit.to(path_of("people", person.id), done="taken")


@pages.post("/people/{person_id}/unlink", needs=ADMINISTERS, again=_beside)
def unlink(visit: Visit) -> Response:
    """Have the OpenID provider's next sign-in link them anew."""
    person = _found(visit)
    visit.platform.update_person(person.id, subject=None, expected_revision=visit.form.revision, actor=visit.actor)
    return visit.to(path_of("people", person.id), done="unlinked")


def _found(visit: Visit) -> Person:
    person = visit.platform.get_person(visit.named("person_id"))
    if person is None:
        raise NotFoundError("person", visit.named("person_id"))
    return person
