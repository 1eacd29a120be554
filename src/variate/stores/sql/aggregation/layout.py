"""Which column of which page of a unit's rows holds which variable."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from variate.stores.sql.aggregation.variables import Variable
from variate.stores.sql.schema import PAGE_COLUMNS

DAYS_UNUSED = 30
"""A variable that no question has asked for so long makes room."""


@dataclass(slots=True, kw_only=True)
class Slot:
    """A column's variable, and the day (from 1970) it was last asked for."""

    variable: Variable
    used: int


@dataclass(slots=True, kw_only=True)
class Layout:
    """``pages`` hold slots by column. ``pending`` pages are still being filled, up to the unit ``after``."""

    pages: list[dict[int, Slot]] = field(default_factory=list)
    pending: list[int] = field(default_factory=list)
    after: str | None = None

    @classmethod
    def from_text(cls, text: str) -> Layout:
        """Return what ``to_text`` was of."""
        given = json.loads(text)
        pages = [
            {
                int(column): Slot(variable=Variable.from_json(variable), used=used)
                for column, (variable, used) in page.items()
            }
            for page in given["pages"]
        ]
        return cls(pages=pages, pending=given["pending"], after=given["after"])

    def to_text(self) -> str:
        """Return it as a row holds it."""
        pages = [{column: [slot.variable.to_json(), slot.used] for column, slot in page.items()} for page in self.pages]
        return json.dumps({"pages": pages, "pending": self.pending, "after": self.after})

    @property
    def event_types(self) -> list[str]:
        """The types of the events that are in it."""
        slots = [slot for page in self.pages for slot in page.values()]
        return sorted({each for slot in slots for each in slot.variable.event_types})

    def place(self, variables: Collection[Variable]) -> tuple[int, dict[Variable, int]] | None:
        """Return the filled page that has all of the variables, and the column of each."""
        for number, page in enumerate(self.pages):
            columns = {slot.variable: column for column, slot in page.items()}
            if number not in self.pending and columns.keys() >= set(variables):
                return number, {each: columns[each] for each in variables}
        return None

    def ask(self, groups: Iterable[Collection[Variable]], *, day: int) -> list[int]:
        """Make room for each group on one page; return the pages that have to be filled anew."""
        if not self.pages:
            self.pages.append({})  # the first page also says which units there are
            self.pending = [0]
        asked = [set(group) for group in groups if group]
        for group in asked:
            for page in self.pages:
                if group <= {slot.variable for slot in page.values()}:
                    for slot in page.values():
                        slot.used = max(slot.used, day) if slot.variable in group else slot.used
                    break
        stale = [group for group in asked if not any(group <= _held(page) for page in self.pages)]
        if not stale:
            return []
        self._make_room(day)
        changed = {self._add(group, day=day) for group in stale}
        return sorted(changed)

    def _add(self, group: set[Variable], *, day: int) -> int:
        for number, page in enumerate(self.pages):
            missing = sorted(group - _held(page), key=str)
            free = [column for column in range(PAGE_COLUMNS) if column not in page]
            if len(missing) <= len(free):
                page.update(
                    {column: Slot(variable=each, used=day) for column, each in zip(free, missing, strict=False)}
                )
                return number
        self.pages.append({column: Slot(variable=each, used=day) for column, each in enumerate(sorted(group, key=str))})
        return len(self.pages) - 1

    def _make_room(self, day: int) -> None:
        for page in self.pages:
            for column in [column for column, slot in page.items() if slot.used < day - DAYS_UNUSED]:
                del page[column]


def _held(page: dict[int, Slot]) -> set[Variable]:
    return {slot.variable for slot in page.values()}
