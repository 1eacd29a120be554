"""``/layers``: in a layer a unit is in at most one experiment."""

from __future__ import annotations

from fastapi import Response
from pydantic import Field

from variate.model.group_record import layer_record
from variate.model.layer import Layer as LayerValue
from variate.server.management.asking import Actor, Id, Served
from variate.server.management.conditional import Expected, decided_on
from variate.server.management.groups import Group
from variate.server.management.needs import CHANGES
from variate.server.management.routes import Routes
from variate.server.management.shapes import Definition, Given, NewId, absent, example


class NewLayer(Given):
    """A new layer, all of it free."""

    model_config = example(id="checkout", name="Checkout", description="What changes the checkout")

    id: NewId
    name: str = absent("Its name; the id unless given.")
    description: str = absent("What it is, in words.")
    salt: str | None = absent("What units' places are drawn with; the id unless given.")


class LayerChange(Given):
    """What is to change. Ranges change with the experiments that hold them."""

    model_config = example(description="Whatever changes the checkout")

    name: str = absent("Its name.")
    description: str = absent("What it is, in words.")


class Layer(Definition):
    """A layer, and which part of it which experiment holds."""

    model_config = example(
        id="checkout",
        name="Checkout",
        description="What changes the checkout",
        revision=2,
        created_at="2026-11-02T09:00:00.000000Z",
        updated_at="2026-11-02T09:10:00.000000Z",
        salt="checkout",
        ranges={"checkout-button": [0, 50]},
    )

    salt: str
    ranges: dict[str, list[float]] = Field(description="The two percentages of each experiment.")


routes = Routes("Layers", "In a layer a unit is in at most one experiment.")
_group: Group[LayerValue] = Group(
    routes=routes,
    kind="layer",
    model=Layer,
    record=layer_record,
    get=lambda platform: platform.get_layer,
    list=lambda platform: platform.list_layers,
    remove=lambda platform: platform.remove_layer,
    unused="in which no experiment holds a range",
)
_group.offer()


@routes.post(_group.path, needs=CHANGES, answers=Layer, status=201)
def create_layer(body: NewLayer, platform: Served, actor: Actor) -> Response:
    """Create a layer."""
    given = body.given
    return _group.created(platform.create_layer(given.pop("id"), **given, actor=actor))


@routes.patch(_group.one, needs=CHANGES, answers=Layer)
def update_layer(definition_id: Id, body: LayerChange, platform: Served, actor: Actor, expected: Expected) -> Response:
    """Change what the layer is called."""
    with decided_on(expected):
        after = platform.update_layer(definition_id, **body.given, expected_revision=expected, actor=actor)
    return _group.changed(after)
