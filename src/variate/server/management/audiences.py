"""``/audiences``: conditions with a name, which experiments, flags and each other use."""

from __future__ import annotations

from typing import Any

from fastapi import Response
from pydantic import Field

from variate.model.audience import Audience as AudienceValue
from variate.model.group_record import audience_record
from variate.server.management.asking import Actor, Id, Served
from variate.server.management.conditional import Expected, decided_on
from variate.server.management.groups import Group
from variate.server.management.needs import CHANGES
from variate.server.management.routes import Routes
from variate.server.management.shapes import Definition, Given, NewId, absent, example

_CONDITION = {"attribute": "country", "operator": "in", "value": ["US", "CA"]}


class NewAudience(Given):
    """A new audience."""

    model_config = example(id="north-america", name="North America", condition=_CONDITION)

    id: NewId
    name: str = absent("Its name; the id unless given.")
    description: str = absent("What it is, in words.")
    condition: dict[str, Any] = Field(description="Who belongs to it.")


class AudienceChange(Given):
    """What is to change, for every flag and draft that uses the audience."""

    model_config = example(condition={"attribute": "country", "operator": "in", "value": ["US", "CA", "MX"]})

    name: str = absent("Its name.")
    description: str = absent("What it is, in words.")
    condition: dict[str, Any] = absent("Who belongs to it.")


class Audience(Definition):
    """An audience: a condition with a name."""

    model_config = example(
        id="north-america",
        name="North America",
        description="",
        revision=1,
        created_at="2026-11-02T09:00:00.000000Z",
        updated_at="2026-11-02T09:00:00.000000Z",
        condition=_CONDITION,
    )

    condition: dict[str, Any]


routes = Routes("Audiences", "Conditions with a name, which experiments, flags and each other use.")
_group: Group[AudienceValue] = Group(
    routes=routes,
    kind="audience",
    model=Audience,
    record=audience_record,
    get=lambda platform: platform.get_audience,
    list=lambda platform: platform.list_audiences,
    remove=lambda platform: platform.remove_audience,
    unused="that nothing uses any more; drafts use it, archived flags and experiments that have ended do not",
)
_group.offer()


@routes.post(_group.path, needs=CHANGES, answers=Audience, status=201)
def create_audience(body: NewAudience, platform: Served, actor: Actor) -> Response:
    """Create an audience."""
    given = body.given
    return _group.created(platform.create_audience(given.pop("id"), **given, actor=actor))


@routes.patch(_group.one, needs=CHANGES, answers=Audience)
def update_audience(
    definition_id: Id, body: AudienceChange, platform: Served, actor: Actor, expected: Expected
) -> Response:
    """Change what is given. One that a started experiment uses keeps its condition."""
    with decided_on(expected):
        after = platform.update_audience(definition_id, **body.given, expected_revision=expected, actor=actor)
    return _group.changed(after)
