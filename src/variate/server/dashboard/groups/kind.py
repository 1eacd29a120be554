"""What the pages of audiences, metrics, layers and holdouts share: a list, one of them, its uses and its removal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Generic, TypeVar

from starlette.responses import Response

from variate.errors import ConflictError, InvalidInputError, NotFoundError
from variate.model import Page
from variate.model.audience import Audience
from variate.model.holdout import Holdout
from variate.model.layer import Layer
from variate.model.metric import Metric
from variate.platform import Platform
from variate.server.dashboard.groups.uses import Use
from variate.server.dashboard.pages import Pages
from variate.server.dashboard.segments import New
from variate.server.dashboard.templating import path_of
from variate.server.dashboard.visit import Visit
from variate.server.management.needs import CHANGES

D = TypeVar("D", Audience, Holdout, Layer, Metric)

_PER_PAGE = 50
_MOST_USES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[D]):
    """The definitions of one kind: where they are on the dashboard, and by which of the platform's methods.

    ``title`` is what all of them are called.
    """

    name: str
    title: str
    part: str
    get: Callable[[Platform], Callable[[str], D | None]]
    list: Callable[[Platform], Callable[..., Page[D]]]
    remove: Callable[[Platform], Callable[..., D]]
    uses: Callable[[Platform, D], Iterable[Use]]
    words: Mapping[str, Callable[[D], Any]] = field(default_factory=dict)
    """What a list says of each beside its name, by the name that its template has for it."""

    def path(self, *parts: str | New) -> str:
        """Return the path of one of their pages."""
        return path_of(self.part, *parts)

    def found(self, visit: Visit) -> D:
        """Return the one that the path names; raise ``NotFoundError`` for none."""
        name = visit.named("definition_id")
        found = self.get(visit.platform)(name)
        if found is None:
            raise NotFoundError(self.name, name)
        return found

    def page(self, visit: Visit, template: str, **context: Any) -> Response:
        """Answer with a page of one of their templates."""
        return visit.page(f"groups/{template}.html.j2", kind=self, **context)

    def created(self, visit: Visit, create: Callable[[str], D], *, is_of: Callable[[D], bool]) -> Response:
        """Create one by the id that was typed, once.

        A form that is sent twice finds its own, of which ``is_of`` is true.
        """
        definition_id = visit.form.chosen_id()
        if definition_id is None:
            raise InvalidInputError("id", "must be given")
        try:
            create(definition_id)
        except ConflictError:
            standing = self.get(visit.platform)(definition_id)
            if standing is None:
                raise
            if not is_of(standing):
                raise InvalidInputError("id", f"is taken by another {self.name}: choose another") from None
        return visit.to(self.path(definition_id), done="created")

    def offer(self, pages: Pages) -> None:
        """Declare how they are listed, and where one is used and removed."""

        @pages.get(self.path())
        def list_all(visit: Visit) -> Response:
            found = self.list(visit.platform)(limit=_PER_PAGE, last_key=visit.query("after") or None)
            more = path_of(self.part, after=found.last_key) if found.last_key else None
            return self.page(visit, f"{self.name}s", found=found, more=more, **self.words)

        @pages.get(f"{self.path()}/{{definition_id}}/uses")
        def uses(visit: Visit) -> Response:
            definition: D = self.found(visit)
            used = [*islice(self.uses(visit.platform, definition), _MOST_USES + 1)]
            return self.page(
                visit, "uses", definition=definition, uses=used[:_MOST_USES], has_more=len(used) > _MOST_USES
            )

        @pages.post(f"{self.path()}/{{definition_id}}/remove", needs=CHANGES, again=uses)
        def remove(visit: Visit) -> Response:
            definition = self.found(visit)
            self.remove(visit.platform)(definition.id, expected_revision=visit.form.revision, actor=visit.actor)
            return visit.to(self.path(), done="removed")
