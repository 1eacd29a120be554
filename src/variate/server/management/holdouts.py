"""``/holdouts``: shares of the units that are kept out of the experiments that name them."""

from __future__ import annotations

from fastapi import Response
from pydantic import Field

from variate.model.group_record import holdout_record
from variate.model.holdout import Holdout as HoldoutValue
from variate.server.management.asking import Actor, Id, Served
from variate.server.management.conditional import Expected, decided_on
from variate.server.management.groups import Group
from variate.server.management.needs import CHANGES
from variate.server.management.routes import Routes
from variate.server.management.shapes import Definition, Given, NewId, absent, example


class NewHoldout(Given):
    """A new holdout."""

    model_config = example(id="global", name="Global", percentage=5)

    id: NewId
    name: str = absent("Its name; the id unless given.")
    description: str = absent("What it is, in words.")
    percentage: float = Field(description="The share of the units that is kept out.")
    salt: str | None = absent("What the share is drawn with; the id unless given.")


class HoldoutChange(Given):
    """What is to change."""

    model_config = example(name="Global holdout", percentage=10)

    name: str = absent("Its name.")
    description: str = absent("What it is, in words.")
    percentage: float = absent("The share of the units that is kept out.")


class Holdout(Definition):
    """A share of the units that is kept out of the experiments that name it."""

    model_config = example(
        id="global",
        name="Global",
        description="",
        revision=1,
        created_at="2026-11-02T09:00:00.000000Z",
        updated_at="2026-11-02T09:00:00.000000Z",
        percentage=5,
        salt="global",
    )

    percentage: float
    salt: str


routes = Routes("Holdouts", "Shares of the units that are kept out of the experiments that name them.")
_group: Group[HoldoutValue] = Group(
    routes=routes,
    kind="holdout",
    model=Holdout,
    record=holdout_record,
    get=lambda platform: platform.get_holdout,
    list=lambda platform: platform.list_holdouts,
    remove=lambda platform: platform.remove_holdout,
    unused="that no experiment that has not ended names",
)
_group.offer()


@routes.post(_group.path, needs=CHANGES, answers=Holdout, status=201)
def create_holdout(body: NewHoldout, platform: Served, actor: Actor) -> Response:
    """Create a holdout."""
    given = body.given
    return _group.created(platform.create_holdout(given.pop("id"), **given, actor=actor))


@routes.patch(_group.one, needs=CHANGES, answers=Holdout)
def update_holdout(
    definition_id: Id, body: HoldoutChange, platform: Served, actor: Actor, expected: Expected
) -> Response:
    """Change what is given. One that a started experiment names keeps its share."""
    with decided_on(expected):
        after = platform.update_holdout(definition_id, **body.given, expected_revision=expected, actor=actor)
    return _group.changed(after)
