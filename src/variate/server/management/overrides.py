"""``/experiments/{id}/overrides`` and ``/flags/{id}/overrides``: variations forced for single units."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Path, Query, Response

from variate.errors import NotFoundError
from variate.model import Override as OverrideValue
from variate.model import Page
from variate.platform import Platform
from variate.server.management import experiments, flags
from variate.server.management.answers import answer, nothing
from variate.server.management.asking import Actor, Id, Served
from variate.server.management.needs import CHANGES, READS
from variate.server.management.override_shapes import Override, OverrideGiven, OverrideList, override_told
from variate.server.management.paging import Paged
from variate.server.management.routes import Routes

Unit = Annotated[str, Path(description="The unit.", examples=["user-42"])]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """Of what the overrides are, and by which of the platform's methods they are answered."""

    name: str
    found: Callable[[Platform, str], Any]
    create: Callable[[Platform], Callable[..., OverrideValue]]
    get: Callable[[Platform], Callable[[str, str], OverrideValue | None]]
    list: Callable[[Platform], Callable[..., Page[OverrideValue]]]
    remove: Callable[[Platform], Callable[..., bool]]

    def offer(self, routes: Routes) -> None:
        """Declare how they are set, read, listed and removed."""
        kind, prefix = self.name, "" if self.name == "experiment" else "flag_"
        all_of_one = f"/{kind}s/{{definition_id}}/overrides"
        one = f"{all_of_one}/{{unit}}"

        @routes.get(
            all_of_one,
            needs=READS,
            answers=OverrideList,
            operation_id=f"list_{prefix}overrides",
            description=f"List the overrides in force on the {kind}, in order of unit.",
        )
        def list_all(definition_id: Id, platform: Served, paging: Paged) -> Response:
            self.found(platform, definition_id)
            return paging.of(lambda **page: self.list(platform)(definition_id, **page), override_told)

        @routes.get(
            one,
            needs=READS,
            answers=Override,
            operation_id=f"get_{prefix}override",
            description=f"Read what is forced for the unit in the {kind}.",
        )
        def get(definition_id: Id, unit: Unit, platform: Served) -> Response:
            override = self.get(platform)(unit, definition_id)
            if override is None:
                raise NotFoundError("override of unit", unit)
            return answer(override_told(override))

        @routes.put(
            one,
            needs=CHANGES,
            answers=Override,
            operation_id=f"put_{prefix}override",
            description=f"Force a variation of the {kind} for the unit, over whatever was forced before.",
        )
        def put(definition_id: Id, unit: Unit, body: OverrideGiven, platform: Served, actor: Actor) -> Response:
            return answer(override_told(self.create(platform)(unit, definition_id, **body.given, actor=actor)))

        @routes.delete(
            one,
            needs=CHANGES,
            operation_id=f"remove_{prefix}override",
            description=f"Remove what is forced for the unit in the {kind}.",
        )
        def remove(definition_id: Id, unit: Unit, platform: Served, actor: Actor) -> Response:
            if not self.remove(platform)(unit, definition_id, actor=actor):
                raise NotFoundError("override of unit", unit)
            return nothing()


routes = Routes("Overrides", "Variations forced for single units, in experiments and in flags.")


@routes.get("/overrides", needs=READS, answers=OverrideList)
def list_unit_overrides(
    platform: Served,
    paging: Paged,
    unit: Annotated[str, Query(description="Whose overrides.", examples=["user-42"])],
) -> Response:
    """List what is forced for a unit, in order of kind and of experiment or flag."""
    return paging.of(lambda **page: platform.get_user_overrides(unit, **page), override_told)


_Kind(
    name="experiment",
    found=experiments.found,
    create=lambda platform: platform.create_override,
    get=lambda platform: platform.get_override,
    list=lambda platform: platform.list_overrides,
    remove=lambda platform: platform.remove_override,
).offer(routes)
_Kind(
    name="flag",
    found=flags.found,
    create=lambda platform: platform.create_flag_override,
    get=lambda platform: platform.get_flag_override,
    list=lambda platform: platform.list_flag_overrides,
    remove=lambda platform: platform.remove_flag_override,
).offer(routes)
