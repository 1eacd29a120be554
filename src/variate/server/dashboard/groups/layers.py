"""Layers: in a layer a unit is in at most one experiment."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from starlette.responses import Response

from variate.model.layer import Layer
from variate.server.dashboard.groups.kind import Kind
from variate.server.dashboard.groups.uses import of_layer
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.visit import Visit
from variate.server.management.needs import CHANGES

pages = Pages()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of a layer, in percent; of no experiment where it is free."""

    start: float
    end: float
    experiment_id: str | None

    @property
    def width(self) -> float:
        """How much of the layer it is."""
        return round(self.end - self.start, 2)


def stretches(layer: Layer) -> list[Stretch]:
    """Return all of the layer, from 0 to 100 %: what experiments hold, and what is free between them."""
    held = [
        Stretch(start=each.start, end=each.end, experiment_id=owner)
        for owner, each in sorted(layer.ranges.items(), key=lambda item: item[1].start)
    ]
    edges = [Stretch(start=0, end=0, experiment_id=None), *held, Stretch(start=100, end=100, experiment_id=None)]
    found = []
    for before, after in pairwise(edges):
        if before.end < after.start:
            found.append(Stretch(start=before.end, end=after.start, experiment_id=None))
        if after.width:
            found.append(after)
    return found


def _free(layer: Layer) -> float:
    return round(sum(each.width for each in stretches(layer) if each.experiment_id is None), 2)


LAYERS: Kind[Layer] = Kind(
    name="layer",
    title="Layers",
    part="layers",
    get=lambda platform: platform.get_layer,
    list=lambda platform: platform.list_layers,
    remove=lambda platform: platform.remove_layer,
    uses=of_layer,
    words={"free": _free},
)


@pages.get("/layers/new", needs=CHANGES)
def new(visit: Visit) -> Response:
    """Show the form of a new layer."""
    return LAYERS.page(visit, "layer", layer=None)


@pages.post("/layers/new", needs=CHANGES, again=new)
def create(visit: Visit) -> Response:
    """Create the layer, all of it free."""
    form = visit.form
    name, description, salt = form.text("name"), form.text("description"), form.text("salt")

    def make(layer_id: str) -> Layer:
        return visit.platform.create_layer(
            layer_id, name=name or None, description=description, salt=salt or None, actor=visit.actor
        )

    return LAYERS.created(
        visit,
        make,
        is_of=lambda each: (each.name, each.description, each.salt) == (name or each.id, description, salt or each.id),
    )


@pages.get("/layers/{definition_id}")
def layer_page(visit: Visit) -> Response:
    """Show a layer and who holds what of it."""
    layer = LAYERS.found(visit)
    return LAYERS.page(
        visit,
        "layer",
        layer=layer,
        stretches=stretches(layer),
        uses={use.id: use for use in of_layer(visit.platform, layer)},
    )


@pages.post("/layers/{definition_id}", needs=CHANGES, again=layer_page)
def change(visit: Visit) -> Response:
    """Change what the layer is called."""
    form, layer = visit.form, LAYERS.found(visit)
    visit.platform.update_layer(
        layer.id,
        name=form.text("name") or layer.id,
        description=form.text("description"),
        expected_revision=form.revision,
        actor=visit.actor,
    )
    return visit.to(LAYERS.path(layer.id), done="saved")


LAYERS.offer(pages)
