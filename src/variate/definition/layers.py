"""Layers: create, read, rename, remove. Experiments claim and give back their ranges."""

from __future__ import annotations

from dataclasses import dataclass, replace

from variate.definition.group import Group
from variate.errors import InvalidInputError
from variate.model import Page
from variate.model.layer import Layer


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """The layers. Their ranges change with the experiments that hold them."""

    group: Group[Layer]

    def create_layer(
        self,
        layer_id: str,
        *,
        name: str | None = None,
        description: str = "",
        salt: str | None = None,
        actor: str | None = None,
    ) -> Layer:
        """Store and return a new layer, all of its buckets free; raise ``ConflictError`` if the id is taken."""
        at = self.group.log.clock()
        layer = Layer(
            id=layer_id,
            name=layer_id if name is None else name,
            description=description,
            salt=layer_id if salt is None else salt,
            ranges={},
            created_at=at,
            updated_at=at,
        )
        return self.group.create(layer, actor=actor)

    def get_layer(self, layer_id: str) -> Layer | None:
        """Return the layer with the ranges its experiments hold, or None."""
        return self.group.get(layer_id)

    def list_layers(self, *, limit: int = 100, last_key: str | None = None) -> Page[Layer]:
        """Return a page of the layers, in order of id."""
        return self.group.list(limit=limit, last_key=last_key)

    def update_layer(
        self,
        layer_id: str,
        *,
        name: str | None = None,
        description: str | None = None,
        expected_revision: int | None = None,
        actor: str | None = None,
    ) -> Layer:
        """Change what is given (not None): what the layer is called."""

        def change(before: Layer) -> Layer:
            return replace(
                before,
                name=before.name if name is None else name,
                description=before.description if description is None else description,
            )

        return self.group.change(layer_id, change, expected_revision=expected_revision, actor=actor)

    def remove_layer(self, layer_id: str, *, expected_revision: int | None = None, actor: str | None = None) -> Layer:
        """Remove a layer in which no experiment holds a range, and return it."""

        def check(layer: Layer) -> None:
            if layer.ranges:
                raise InvalidInputError("layer_id", f"is in use by experiment {min(layer.ranges)!r}")

        return self.group.remove(layer_id, check, expected_revision=expected_revision, actor=actor)
