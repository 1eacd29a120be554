"""What is kept of an analysis between its looks, and how it is brought up to date.

See ADR 13. A step is one transaction, and leaves what is true of some moment and some part of the events; so steps of
several processes may alternate, and one that is cut off is made up for by the next.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from variate.stores.aggregates import Question
from variate.stores.sql.aggregation.dialect import Dialect, Values
from variate.stores.sql.aggregation.filling import ENTRIES, TOUCHED, Filling, Scope
from variate.stores.sql.aggregation.forgetting import forget
from variate.stores.sql.aggregation.layout import Layout
from variate.stores.sql.aggregation.touching import touch
from variate.stores.sql.aggregation.variables import Variable

_DAY_SECONDS = 86_400
_KEPT = 2
"""How many analyses of an experiment are kept, of different scopes: one may have ended since the last look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """A row of ``analyses``. ``at`` and ``looked_at`` are as the driver takes moments."""

    id: int
    through: int
    at: Any
    looked_through: int | None
    looked_at: Any
    layout: Layout
    overridden: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeper:
    """Keeps the analysis that answers one question. ``moment`` turns moments into what the driver takes."""

    dialect: Dialect
    question: Question
    scope: Scope
    groups: tuple[Collection[Variable], ...]
    """Variables that have to be on one page, because one metric has them."""

    def read(self, connection: Connection) -> State | None:
        """Return what is kept if it answers the question, as it is in the connection's transaction."""
        state = self._read(connection, "")
        is_current = (
            state is not None
            and not state.layout.pending
            and state.at == self.scope.at
            and state.overridden == self._overridden_digest
            and all(state.layout.place(group) is not None for group in self.groups)
        )
        return state if is_current else None

    def step(self, connection: Connection) -> tuple[bool, int]:
        """Do a part of what is to be done; return whether that was all, and how many units were filled."""
        self.dialect.prepare(connection)
        state = self._found(connection)
        layout = state.layout
        changed = layout.ask(self.groups, day=_day(self.question.at))
        if changed:
            layout.pending, layout.after = sorted({*layout.pending, *changed}), None
        if state.overridden != self._overridden_digest:
            self._override(connection, state.id)
            state = replace(state, overridden=self._overridden_digest)
        filled = self._fill_pending(connection, state) if layout.pending else 0
        is_all = False
        if not layout.pending:
            state, is_all = self._catch_up(connection, state)
        self._write(connection, state)
        return is_all, filled

    def look(self, connection: Connection, *, through: int) -> None:
        """Note that somebody has looked, for the next one to know what came late."""
        values = Values({"experiment": self.scope.experiment_id, "scope": self._digest})
        values.execute(
            connection,
            f"UPDATE analyses SET looked_through = {values.of(through)}, looked_at = {values.of(self.scope.at)}"
            " WHERE experiment_id = :experiment AND scope = :scope",
        )

    def _fill_pending(self, connection: Connection, state: State) -> int:
        """Fill the next units' rows of the pages that are new, as of the moment that the others are of."""
        layout = state.layout
        filling = self._filling(connection, state, at=state.at)
        if layout.after is None:
            for page in layout.pending:
                Values({"analysis": state.id, "page": page}).execute(
                    connection, "DELETE FROM analysis_units WHERE analysis = :analysis AND page = :page"
                )
        count, last = filling.enter_after(layout.after or "", limit=self.dialect.units_a_step)
        for page in layout.pending:
            filling.fill(page, _variables(layout, page))
        self.dialect.drop(connection, ENTRIES)
        if self.dialect.units_a_step is not None and count == self.dialect.units_a_step:
            layout.after = last
        else:
            layout.pending, layout.after = [], None
        return count

    def _catch_up(self, connection: Connection, state: State) -> tuple[State, bool]:
        """Fill anew the rows of units of which something has come, begun to count, or ceased to; return if of all."""
        mark = self.dialect.mark(connection)
        most = self.dialect.events_a_step
        upto = None if most is None or mark.settled - state.through <= most else state.through + most
        if upto is None and state.at == self.scope.at and mark.newest <= state.through:
            return state, True
        # Until the last step all rows stay as of the moment they were of.
        at = self.scope.at if upto is None else state.at
        self.dialect.temporary(connection, TOUCHED, f"user_id {self.dialect.unit_type} PRIMARY KEY")
        touch(
            connection,
            self.scope,
            self.dialect,
            types=state.layout.event_types,
            analysis=state.id,
            through=state.through,
            upto=upto,
            was_at=state.at,
            at=at,
        )
        self.dialect.filled(connection, TOUCHED)
        filling = self._filling(connection, state, at=at)
        filling.delete_touched(pages=len(state.layout.pages))
        filling.enter_touched()
        for page in range(len(state.layout.pages)):
            filling.fill(page, _variables(state.layout, page))
        self.dialect.drop(connection, ENTRIES, TOUCHED)
        settled = mark.settled if upto is None else upto
        return replace(state, at=at, through=max(state.through, settled)), upto is None

    def _filling(self, connection: Connection, state: State, *, at: Any) -> Filling:
        return Filling(
            connection=connection,
            dialect=self.dialect,
            analysis=state.id,
            scope=replace(self.scope, at=at),
            has_overridden=bool(self.question.overridden),
        )

    def _override(self, connection: Connection, analysis: int) -> None:
        """Write down who is overridden, and say so in the rows there are."""
        values = Values({"analysis": analysis})
        values.execute(connection, "DELETE FROM analysis_overridden WHERE analysis = :analysis")
        Values.execute_each(
            connection,
            "INSERT INTO analysis_overridden (analysis, user_id) VALUES (:analysis, :unit)",
            [{"analysis": analysis, "unit": unit} for unit in sorted(self.question.overridden)],
        )
        is_overridden = (
            "user_id IN (SELECT other.user_id FROM analysis_overridden AS other WHERE other.analysis = :analysis)"
        )
        values.execute(
            connection,
            "UPDATE analysis_units SET overridden = 1 - overridden"
            f" WHERE analysis = :analysis AND (overridden = 1) <> ({is_overridden})",
        )

    def _found(self, connection: Connection) -> State:
        """Return the row, locked until the transaction ends; made where there is none."""
        state = self._read(connection, self.dialect.lock())
        if state is not None:
            return state
        forget(connection, experiment_id=self.scope.experiment_id, kept=_KEPT - 1)
        mark = self.dialect.mark(connection)
        values = Values({"experiment": self.scope.experiment_id, "scope": self._digest, "none": _digest([])})
        values.execute(
            connection,
            "INSERT INTO analyses (experiment_id, scope, through, at, layout, overridden) VALUES (:experiment, :scope,"
            f" {values.of(mark.settled)}, {values.of(self.scope.at)}, {values.of(Layout().to_text())}, :none)"
            " ON CONFLICT (experiment_id, scope) DO NOTHING",
        )
        return self._read(connection, self.dialect.lock()) or self._missing()

    def _missing(self) -> State:
        raise RuntimeError("the row that was just made is not there")

    def _read(self, connection: Connection, lock: str) -> State | None:
        values = Values({"experiment": self.scope.experiment_id, "scope": self._digest})
        row = values.execute(
            connection,
            "SELECT id, through, at, looked_through, looked_at, layout, overridden FROM analyses"
            f" WHERE experiment_id = :experiment AND scope = :scope{lock}",
        ).first()
        return None if row is None else _state(row)

    def _write(self, connection: Connection, state: State) -> None:
        values = Values({"id": state.id})
        values.execute(
            connection,
            f"UPDATE analyses SET through = {values.of(state.through)}, at = {values.of(state.at)},"
            f" layout = {values.of(state.layout.to_text())}, overridden = {values.of(state.overridden)} WHERE id = :id",
        )

    @property
    def _digest(self) -> str:
        question = self.question
        until = None if question.until is None else question.until.isoformat()
        return _digest([question.variations, question.dimensions, question.start.isoformat(), until])

    @property
    def _overridden_digest(self) -> str:
        return _digest(sorted(self.question.overridden))


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


def _variables(layout: Layout, page: int) -> dict[int, Variable]:
    return {column: slot.variable for column, slot in sorted(layout.pages[page].items())}


def _state(row: Row[Any]) -> State:
    return State(
        id=row.id,
        through=row.through,
        at=row.at,
        looked_through=row.looked_through,
        looked_at=row.looked_at,
        layout=Layout.from_text(row.layout),
        overridden=row.overridden,
    )


def _day(moment: datetime) -> int:
    return int(moment.timestamp() // _DAY_SECONDS)
