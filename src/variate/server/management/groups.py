"""What audiences, layers, holdouts and metrics have alike over HTTP: they are read, listed and removed in one way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fastapi import Response
from pydantic import BaseModel

from variate.errors import NotFoundError
from variate.model import Page
from variate.platform import Platform
from variate.server.management import conditional
from variate.server.management.answers import defined, nothing
from variate.server.management.asking import Actor, Id, Served
from variate.server.management.conditional import Expected, IfNoneMatch, decided_on
from variate.server.management.locations import location
from variate.server.management.needs import CHANGES, READS
from variate.server.management.paging import Paged, listed
from variate.server.management.routes import Routes

D = TypeVar("D")


@dataclass(frozen=True, slots=True, kw_only=True)
class Group(Generic[D]):
    """The definitions of one kind: their routes, and by which of the platform's methods they are answered.

    ``unused`` says, for the documentation, when one may be removed.
    """

    routes: Routes
    kind: str
    model: type[BaseModel]
    record: Callable[[D], Mapping[str, Any]]
    get: Callable[[Platform], Callable[[str], D | None]]
    list: Callable[[Platform], Callable[..., Page[D]]]
    remove: Callable[[Platform], Callable[..., D]]
    unused: str

    @property
    def path(self) -> str:
        """Where they are."""
        return f"/{self.kind}s"

    @property
    def one(self) -> str:
        """Where one of them is."""
        return f"{self.path}/{{definition_id}}"

    def created(self, definition: D) -> Response:
        """Return what was created, and where it is."""
        record = self.record(definition)
        return defined(record, status=201, location=location(f"{self.kind}s", record["id"]))

    def changed(self, definition: D) -> Response:
        """Return what was changed."""
        return defined(self.record(definition))

    def offer(self) -> None:
        """Declare how they are listed, read and removed."""
        kind = self.kind

        @self.routes.get(
            self.path,
            needs=READS,
            answers=listed(self.model, f"{kind.capitalize()}List"),
            operation_id=f"list_{kind}s",
            description=f"List the {kind}s, in order of id.",
        )
        def list_all(platform: Served, paging: Paged) -> Response:
            return paging.of(self.list(platform), self.record)

        @self.routes.get(
            self.one,
            needs=READS,
            answers=self.model,
            operation_id=f"get_{kind}",
            description=f"Read {_a(kind)}.",
        )
        def get(definition_id: Id, platform: Served, if_none_match: IfNoneMatch = None) -> Response:
            found = self.get(platform)(definition_id)
            if found is None:
                raise NotFoundError(kind, definition_id)
            return conditional.read(self.record(found), if_none_match)

        @self.routes.delete(
            self.one,
            needs=CHANGES,
            operation_id=f"remove_{kind}",
            description=f"Remove {_a(kind)} {self.unused}.",
        )
        def remove(definition_id: Id, platform: Served, actor: Actor, expected: Expected) -> Response:
            with decided_on(expected):
                self.remove(platform)(definition_id, expected_revision=expected, actor=actor)
            return nothing()


def _a(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"
