"""``/people``: who may sign in, and as what."""

from __future__ import annotations

from fastapi import Response

from variate.errors import NotFoundError
from variate.model.access_record import person_record
from variate.server.management import conditional
from variate.server.management.access_shapes import NewPerson, PasswordChange, Person, PersonChange, PersonList
from variate.server.management.answers import defined
from variate.server.management.asking import Actor, Id, Served
from variate.server.management.conditional import Expected, ExpectedIfGiven, IfNoneMatch, decided_on
from variate.server.management.locations import location
from variate.server.management.needs import ADMINISTERS
from variate.server.management.paging import Paged
from variate.server.management.routes import Routes

routes = Routes("People", "Who may sign in, and as what: viewers read, editors change, admins manage keys and people.")


@routes.get("/people", needs=ADMINISTERS, answers=PersonList)
def list_people(platform: Served, paging: Paged) -> Response:
    """List the people, in order of e-mail address, disabled ones too."""
    return paging.of(platform.list_people, person_record)


@routes.post("/people", needs=ADMINISTERS, answers=Person, status=201)
def add_person(body: NewPerson, platform: Served, actor: Actor) -> Response:
    """Add a person. Without a password they sign in through the OpenID provider, or not at all."""
    given = body.given
    person = platform.add_person(given.pop("email"), **given, actor=actor)
    return defined(person_record(person), status=201, location=location("people", person.id))


@routes.get("/people/{person_id}", needs=ADMINISTERS, answers=Person)
def get_person(person_id: Id, platform: Served, if_none_match: IfNoneMatch = None) -> Response:
    """Read a person, by id or e-mail address."""
    person = platform.get_person(person_id)
    if person is None:
        raise NotFoundError("person", person_id)
    return conditional.read(person_record(person), if_none_match)


@routes.patch("/people/{person_id}", needs=ADMINISTERS, answers=Person)
def update_person(person_id: Id, body: PersonChange, platform: Served, actor: Actor, expected: Expected) -> Response:
    """Change what is given. All but a new name ends the person's sessions; the last admin stays one."""
    with decided_on(expected):
        after = platform.update_person(person_id, **body.given, expected_revision=expected, actor=actor)
    return defined(person_record(after))


@routes.post("/people/{person_id}/password", needs=ADMINISTERS, answers=Person)
def set_password(
    person_id: Id, body: PasswordChange, platform: Served, actor: Actor, expected: ExpectedIfGiven
) -> Response:
    """Give the person a password, or take it away; either ends their sessions."""
    with decided_on(expected):
        after = platform.set_password(person_id, body.password, expected_revision=expected, actor=actor)
    return defined(person_record(after))
