"""Audiences: create, read, change, remove."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from variate.definition.chains import naming, reached
from variate.definition.flag_references import targeting_of
from variate.definition.group import NOT_ENDED, STARTED, Group, check_unused
from variate.definition.references import References
from variate.errors import InvalidInputError
from variate.model import Experiment, ExperimentStatus, FlagStatus, Json, Page
from variate.model.audience import Audience
from variate.model.condition import Condition, audiences_of, read_condition
from variate.model.page import every, every_page
from variate.stores.ports import ExperimentStore, FlagStore

MAX_REACHED = 50
"""Most audiences that one may be made of, through others too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audiences:
    """The audiences. One that a started experiment uses keeps its condition: another one would move units.

    It can change once the experiment has ended; or give the experiment another audience with a new version.
    """

    group: Group[Audience]
    references: References
    experiments: ExperimentStore
    flags: FlagStore

    def create_audience(
        self,
        audience_id: str,
        *,
        condition: Json,
        name: str | None = None,
        description: str = "",
        actor: str | None = None,
    ) -> Audience:
        """Store and return a new audience; raise ``ConflictError`` if the id is taken."""
        at = self.group.log.clock()
        audience = Audience(
            id=audience_id,
            name=audience_id if name is None else name,
            description=description,
            condition=self._read_condition(audience_id, condition),
            created_at=at,
            updated_at=at,
        )
        return self.group.create(audience, actor=actor)

    def get_audience(self, audience_id: str) -> Audience | None:
        """Return the audience, or None."""
        return self.group.get(audience_id)

    def list_audiences(self, *, limit: int = 100, last_key: str | None = None) -> Page[Audience]:
        """Return a page of the audiences, in order of id."""
        return self.group.list(limit=limit, last_key=last_key)

    def update_audience(
        self,
        audience_id: str,
        *,
        condition: Json = None,
        name: str | None = None,
        description: str | None = None,
        expected_revision: int | None = None,
        actor: str | None = None,
    ) -> Audience:
        """Change what is given (not None), for every flag and draft that uses the audience."""

        def change(before: Audience) -> Audience:
            after = replace(
                before,
                name=before.name if name is None else name,
                description=before.description if description is None else description,
                condition=before.condition if condition is None else self._read_condition(before.id, condition),
            )
            if after.condition != before.condition:
                self._check_unused("condition", before.id, STARTED)
                self._check_naming(before, after)
            return after

        return self.group.change(audience_id, change, expected_revision=expected_revision, actor=actor)

    def remove_audience(
        self, audience_id: str, *, expected_revision: int | None = None, actor: str | None = None
    ) -> Audience:
        """Remove and return an audience that nothing uses any more.

        Archived flags, and experiments that have ended, do not count; drafts do.
        """

        def check(before: Audience) -> None:
            self._check_unused("audience_id", before.id, NOT_ENDED)
            self._check_unnamed(before.id)

        return self.group.remove(audience_id, check, expected_revision=expected_revision, actor=actor)

    def _read_condition(self, audience_id: str, given: Json) -> Condition:
        condition = read_condition("condition", given)
        self.references.check_condition("condition", condition)
        found = self._reached(condition)
        if audience_id in found:
            raise InvalidInputError("condition", "leads back to this audience")
        if len(found) > MAX_REACHED:
            raise InvalidInputError("condition", f"reaches more than {MAX_REACHED} audiences")
        return condition

    def _reached(self, condition: Condition) -> set[str]:
        """Return every audience that the condition names, directly or through others."""

        def named(audience_id: str) -> Iterable[str]:
            found = self.references.audiences.get(audience_id)
            return () if found is None else audiences_of(found.condition)

        return reached(audiences_of(condition), named)

    def _leading_to(self, audience_id: str) -> set[str]:
        """Return this audience and every one that names it or may do so, directly or through others."""
        names: dict[str, frozenset[str]] = {}
        unknown: set[str] = set()
        for page in every_page(self.references.audiences.list):
            names |= {each.id: audiences_of(each.condition) for each in page}
            unknown |= page.unreadable.keys()
        return set().union(*(naming(names, each) for each in (audience_id, *unknown)))

    def _check_naming(self, before: Audience, after: Audience) -> None:
        """Raise ``InvalidInputError`` where an audience that names this one would reach too many through it."""
        if self._reached(after.condition) <= self._reached(before.condition):
            return
        # One that cannot be read is not served either, so it keeps no other from changing.
        pages = every_page(self.references.audiences.list)
        names = {each.id: audiences_of(each.condition) for page in pages for each in page}
        names[after.id] = audiences_of(after.condition)
        for each in sorted(naming(names, after.id)):
            if len(reached(names[each], lambda name: names.get(name, ()))) > MAX_REACHED:
                raise InvalidInputError("condition", f"makes audience {each!r} reach more than {MAX_REACHED} audiences")

    def _check_unnamed(self, audience_id: str) -> None:
        """Raise ``InvalidInputError`` where another audience or a flag names this one."""
        for audience in every(self.references.audiences.list):
            if audience_id in audiences_of(audience.condition):
                raise InvalidInputError("audience_id", f"is named by audience {audience.id!r}")
        for flag in every(self.flags.list, mentions=(audience_id,)):
            targeting = None if flag.status is FlagStatus.ARCHIVED else targeting_of(flag)
            if targeting is not None and any(audience_id in audiences_of(each) for each in targeting.conditions):
                raise InvalidInputError("audience_id", f"is named by flag {flag.id!r}")

    def _check_unused(self, field: str, audience_id: str, statuses: tuple[ExperimentStatus, ...]) -> None:
        def uses(experiment: Experiment) -> bool:
            design = experiment.design
            # Also of an allocation before: it is decided by until the next version, for whom the ledger is asked.
            named = (design.audience, *(past.audience for past in design.past))
            return any(each is not None and audience_id in self._reached(each) for each in named)

        leading = self._leading_to(audience_id)
        check_unused(self.experiments, field, mentions=leading, uses=uses, statuses=statuses)
