"""What the two engines say differently, and the values that go into a statement."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Result, text

from variate.model import EXPOSURE
from variate.model.metric import VALUE_FIELD

LARGEST = 1e95
"""Beyond it a unit's value counts as infinite: the cube of ten times as much is still a float, and a sum of such is."""


@dataclass(slots=True)
class Values:
    """The values of one statement, each under a name of its own."""

    named: dict[str, Any] = field(default_factory=dict)

    def of(self, value: Any) -> str:
        """Return what stands for the value in the statement."""
        name = f"b{len(self.named)}"
        self.named[name] = value
        return f":{name}"

    def list(self, values: Sequence[Any]) -> str:
        """Return what stands for the values in parentheses after ``IN``."""
        return f"({', '.join(self.of(value) for value in values)})"

    def execute(self, connection: Connection, statement: str) -> Result[*tuple[Any, ...]]:
        """Execute the statement with these values."""
        return connection.execute(text(statement), self.named)

    @staticmethod
    def execute_each(connection: Connection, statement: str, rows: Sequence[dict[str, Any]]) -> None:
        """Execute the statement once for each of the rows."""
        if rows:
            connection.execute(text(statement), rows)


@dataclass(frozen=True, slots=True)
class Mark:
    """All events up to ``settled`` are there to be read, and ``newest`` is the last one that is."""

    settled: int
    newest: int


class Dialect(ABC):
    """SQL of one engine. Expressions in, expressions out."""

    units_a_step: int | None
    """How many units are read in one transaction when all are, so that who records does not wait long."""
    events_a_step: int | None
    unit_type: str
    moment_type: str

    @abstractmethod
    def prepare(self, connection: Connection) -> None:
        """Have the transaction that has begun ready for work on many rows."""

    @abstractmethod
    def mark(self, connection: Connection) -> Mark:
        """Return how far the events can be read so that none is missed."""

    @abstractmethod
    def lock(self) -> str:
        """Return the end of a SELECT that has another transaction wait for this one's end."""

    @abstractmethod
    def temporary(self, connection: Connection, name: str, columns: str) -> None:
        """Make an empty table that is gone with the transaction."""

    @abstractmethod
    def filled(self, connection: Connection, name: str) -> None:
        """Let the planner know what a temporary table holds, once it is filled."""

    @abstractmethod
    def drop(self, connection: Connection, *names: str) -> None:
        """Drop temporary tables that would stay with the connection."""

    @abstractmethod
    def events(self, index: str | None) -> str:
        """Return the table of events as ``event``, to be read by an index or, with None, in the order they came."""

    @abstractmethod
    def later(self, moment: str, micros: int) -> str:
        """Return the moment so many microseconds later, or earlier."""

    @abstractmethod
    def day(self, moment: str) -> str:
        """Return the moment's day in UTC, in days from 1970."""

    @abstractmethod
    def total(self, value: str, *, where: str) -> str:
        """Return the sum of the values, 0 of none. No sum fails; what is infinite or no number says so in the end."""

    @abstractmethod
    def lesser(self, one: str, other: str) -> str:
        """Return the lesser of two numbers."""

    @abstractmethod
    def earliest(self, moments: Sequence[str]) -> str:
        """Return the earliest of moments, any of which may be NULL."""

    @abstractmethod
    def number(self, data: str, name: str, values: Values) -> str:
        """Return the number under a name of the data, or NULL."""

    @abstractmethod
    def word(self, data: str, name: str, values: Values) -> str:
        """Return the text under a name of the data, or NULL."""

    @abstractmethod
    def dimensions(self, data: str, names: Sequence[str], values: Values) -> str:
        """Return the values of these dimensions as the text of a JSON array."""

    @abstractmethod
    def item(self, array: str, place: int) -> str:
        """Return the JSON text of an item of such an array; NULL or ``null`` where there is none."""

    @abstractmethod
    def is_short(self, event_type: str) -> str:
        """Return the condition of the index of measured events on the length of a type, or nothing."""

    def is_measured(self, event: str, types: Sequence[str], values: Values) -> str:
        """Return the condition that an event is of one of the types, such that the index answers if it can."""
        conditions = [f"{event}.event_type IN {values.list(types)}"]
        if EXPOSURE not in types:
            conditions.append(f"{event}.event_type <> 'exposure'")
            if (is_short := self.is_short(f"{event}.event_type")) and all(len(each.encode()) <= 256 for each in types):
                conditions.append(is_short)
        return " AND ".join(conditions)

    def value(self, event: str, name: str, values: Values) -> str:
        """Return an event's value under the name: 1 where there is no number."""
        found = f"{event}.value" if name == VALUE_FIELD else self.number(f"{event}.data", name, values)
        return f"coalesce({found}, 1)"
