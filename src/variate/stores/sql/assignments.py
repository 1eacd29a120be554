"""The ledger of assignments in SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, Row, Select, and_, bindparam, func, or_, select, tuple_

from variate.errors import StoreUnavailableError
from variate.model import Assignment, AssignmentSample, Page
from variate.stores.sql.columns import Instant
from variate.stores.sql.database import Database, Intake
from variate.stores.sql.paging import Listing
from variate.stores.sql.purging import purge_expired
from variate.stores.sql.schema import assignments

_KEY = ("user_id", "experiment_id", "version")
_INTAKE = Intake(
    table=assignments,
    key=_KEY,
    columns=(*_KEY, "variation", "assigned_at", "expires_at"),
    clock="assigned_at",
    often_there=True,
)
_OF_UNIT = Listing("assignments-of-unit", (assignments.c.experiment_id, False), (assignments.c.version, False))
_OF_EXPERIMENT = Listing(
    "assignments-of-experiment",
    (assignments.c.assigned_at, True),
    (assignments.c.version, False),
    (assignments.c.user_id, False),
)


def _stands(at: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    return or_(assignments.c.expires_at.is_(None), assignments.c.expires_at > at)


# Made once: to build and hash a query takes longer than SQLite takes to answer it.
_OF_KEY = select(assignments).where(
    *(assignments.c[name] == bindparam(name, type_=assignments.c[name].type) for name in _KEY)
)
_OF_KEYS = select(assignments).where(
    tuple_(*(assignments.c[name] for name in _KEY)).in_(bindparam("keys", expanding=True))
)
_GET = _OF_KEY.where(_stands(bindparam("at", type_=Instant)))
_ROUNDS = 5
_KEYS_A_TIME = 1_000

Key = tuple[str, str, int]


class SqlAssignmentStore:
    """See ``AssignmentStore``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(self, assignments: Sequence[Assignment]) -> Sequence[Assignment]:
        """Store each unless one stands; return, in the order asked, those that stand."""
        first: dict[Key, Assignment] = {}
        for given in assignments:
            first.setdefault((given.unit, given.experiment_id, given.version), given)
        standing = dict(first)
        missing: Sequence[Key] = list(first)
        for _ in range(_ROUNDS):
            others = self._store([first[key] for key in missing])
            if not others:
                return [standing[(given.unit, given.experiment_id, given.version)] for given in assignments]
            found = self._standing(others)
            standing.update(found)
            # One that stood a moment ago may be purged by now, and then the new one may be stored after all.
            missing = [key for key in others if key not in found]
            if not missing:
                return [standing[(given.unit, given.experiment_id, given.version)] for given in assignments]
        raise StoreUnavailableError("assignments were purged as often as they were kept: try again later")

    def get(self, *, unit: str, experiment_id: str, version: int = 1, at: datetime) -> Assignment | None:
        """Return the assignment that stands, strongly consistent, or None."""
        values = {"experiment_id": experiment_id, "version": version, "user_id": unit, "at": at}
        row = self._database.read(lambda connection: connection.execute(_GET, values).first())
        return None if row is None else _assignment(row)

    def get_many(
        self, units: Sequence[str], *, experiment_id: str, version: int = 1, at: datetime
    ) -> Mapping[str, Assignment]:
        """Return those that stand, by unit, each strongly consistent."""
        found = self._standing([(unit, experiment_id, version) for unit in dict.fromkeys(units)])
        return {each.unit: each for each in found.values() if each.expires_at is None or each.expires_at > at}

    def of_unit(self, unit: str, *, at: datetime, limit: int, last_key: str | None = None) -> Page[Assignment]:
        """Return the unit's assignments, in order of experiment id and version."""
        query = select(assignments).where(assignments.c.user_id == unit)
        return self._page(_OF_UNIT.of(unit), query, at=at, limit=limit, last_key=last_key)

    def of_experiment(
        self, experiment_id: str, *, at: datetime, limit: int, last_key: str | None = None
    ) -> Page[Assignment]:
        """Return the experiment's assignments of every version, most recent first."""
        query = select(assignments).where(assignments.c.experiment_id == experiment_id)
        return self._page(_OF_EXPERIMENT.of(experiment_id), query, at=at, limit=limit, last_key=last_key)

    def sample(self, experiment_id: str, *, version: int, at: datetime, limit: int, newest: int) -> AssignmentSample:
        """Return some of the version's assignments by chance, or all where they are no more than ``limit``."""
        # Of an index alone: to look up a million rows, for when they expire, takes ten times as long.
        of_every_version = (
            select(assignments.c.user_id, assignments.c.version)
            .where(assignments.c.experiment_id == experiment_id)
            .order_by(assignments.c.assigned_at.desc())
            .limit(newest)
            .subquery()
        )
        of_version = of_every_version.c.version == version
        counting = select(func.count(), func.count().filter(of_version)).select_from(of_every_version)
        units = select(of_every_version.c.user_id).where(of_version).order_by(func.random()).limit(limit).subquery()
        choosing = select(assignments, _stands(at).label("stands")).join(
            units,
            and_(
                assignments.c.user_id == units.c.user_id,
                assignments.c.experiment_id == experiment_id,
                assignments.c.version == version,
            ),
        )

        def read(connection: Connection) -> AssignmentSample:
            seen, kept = connection.execute(counting).one()
            chosen = connection.execute(choosing).all()
            standing = tuple(_assignment(row) for row in chosen if row.stands)
            # Of those that were not chosen as many have expired.
            total = round(kept * len(standing) / len(chosen)) if chosen else 0
            return AssignmentSample(assignments=standing, total=total, is_cut=seen == newest)

        return self._database.read_together(read)

    def purge(self, *, expired_before: datetime) -> int:
        """Delete what expired before this and return how many."""
        return purge_expired(self._database, assignments, _KEY, expired_before=expired_before)

    def _page(
        self, listing: Listing, query: Select[Any], *, at: datetime, limit: int, last_key: str | None
    ) -> Page[Assignment]:
        query = listing.page_of(query.where(_stands(at)), limit=limit, last_key=last_key)
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return listing.page(rows, limit=limit, make=_assignment)

    def _store(self, given: Sequence[Assignment]) -> Sequence[Key]:
        """Store each unless one stands; return the keys of those where one did."""
        moment = self._database.moment
        rows = [
            (a.unit, a.experiment_id, a.version, a.variation, moment(a.assigned_at), moment(a.expires_at))
            for a in given
        ]
        stored = self._database.intake(_INTAKE, rows)
        return [row[:3] for row, is_stored in zip(rows, stored, strict=True) if not is_stored]

    def _standing(self, keys: Sequence[Key]) -> dict[Key, Assignment]:
        if len(keys) == 1:
            found = self._database.read(partial(_all, _OF_KEY, dict(zip(_KEY, keys[0], strict=True))))
        else:
            chunks = [keys[start : start + _KEYS_A_TIME] for start in range(0, len(keys), _KEYS_A_TIME)]
            found = [row for chunk in chunks for row in self._database.read(partial(_all, _OF_KEYS, {"keys": chunk}))]
        return {(row.user_id, row.experiment_id, row.version): _assignment(row) for row in found}


def _all(query: Select[Any], values: dict[str, Any], connection: Connection) -> Sequence[Row[Any]]:
    return connection.execute(query, values).all()


def _assignment(row: Row[Any]) -> Assignment:
    return Assignment(
        unit=row.user_id,
        experiment_id=row.experiment_id,
        version=row.version,
        variation=row.variation,
        assigned_at=row.assigned_at,
        expires_at=row.expires_at,
    )
