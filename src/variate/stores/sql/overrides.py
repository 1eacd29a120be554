"""The overrides in SQL, and the marks of those removed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, or_, select

from variate.model import Override, OverrideTarget, Page
from variate.stores.removals import forgotten_at
from variate.stores.sql.database import Database
from variate.stores.sql.paging import Listing
from variate.stores.sql.purging import purge_expired
from variate.stores.sql.schema import overrides

_BY_UNIT = Listing("overrides-of-target", (overrides.c.user_id, False))
_BY_TARGET = Listing("overrides-of-unit", (overrides.c.type, False), (overrides.c.target_id, False))
_BY_TARGET_AND_UNIT = Listing("overrides-of-type", (overrides.c.target_id, False), (overrides.c.user_id, False))
_KEY = ("type", "target_id", "user_id")


class SqlOverrideStore:
    """See ``OverrideStore``.

    A removal leaves a mark, a row without a value, for an older override that comes late to find. It expires.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, override: Override) -> None:
        """Store it unless one of its id, or a removal, is as new or newer by ``created_at``. Safe to repeat."""
        row = {
            "type": override.target.value,
            "target_id": override.target_id,
            "user_id": override.unit,
            "value": override.value,
            "reason": override.reason,
            "created_at": override.created_at,
            "expires_at": override.expires_at,
        }
        self._database.write(lambda connection: self._put_newer(connection, row))

    def remove(self, *, unit: str, target: OverrideTarget, target_id: str, at: datetime) -> bool:
        """Remove the override made before ``at`` and return whether there was one.

        An override made before ``at`` that arrives out of order, up to 90 days after that, does not come back.
        """
        here = _here(unit=unit, target=target, target_id=target_id)
        mark = {
            "type": target.value,
            "target_id": target_id,
            "user_id": unit,
            "value": None,
            "reason": "",
            "created_at": at,
            "expires_at": forgotten_at(at),
        }

        def work(connection: Connection) -> bool:
            # Either this is the first row of the key, or there is one that the next statement can lock.
            marked = self._database.insert(overrides).values(mark).on_conflict_do_nothing(index_elements=list(_KEY))
            if connection.execute(marked.returning(overrides.c.type)).first() is not None:
                return False
            removed = select(overrides.c.created_at).where(here, _in_force(at), overrides.c.created_at < at)
            found = connection.execute(removed.with_for_update()).first()
            self._put_newer(connection, mark)
            return found is not None

        return self._database.write_once(work)

    def get(self, *, unit: str, target: OverrideTarget, target_id: str, at: datetime) -> Override | None:
        """Return the override in force, strongly consistent, or None."""
        query = select(overrides).where(_here(unit=unit, target=target, target_id=target_id), _in_force(at))
        row = self._database.read(lambda connection: connection.execute(query).first())
        return None if row is None else _override(row)

    def of_target(
        self, *, target: OverrideTarget, target_id: str, at: datetime, limit: int, last_key: str | None = None
    ) -> Page[Override]:
        """Return the overrides in force on this target, in order of unit."""
        query = select(overrides).where(overrides.c.type == target.value, overrides.c.target_id == target_id)
        return self._page(_BY_UNIT.of(target, target_id), query, at=at, limit=limit, last_key=last_key)

    def of_unit(self, unit: str, *, at: datetime, limit: int, last_key: str | None = None) -> Page[Override]:
        """Return the overrides in force for this unit, in order of target and target id."""
        query = select(overrides).where(overrides.c.user_id == unit)
        return self._page(_BY_TARGET.of(unit), query, at=at, limit=limit, last_key=last_key)

    def of_type(
        self, target: OverrideTarget, *, at: datetime, limit: int, last_key: str | None = None
    ) -> Page[Override]:
        """Return every override in force on targets of this kind, in order of target id and unit."""
        query = select(overrides).where(overrides.c.type == target.value)
        return self._page(_BY_TARGET_AND_UNIT.of(target), query, at=at, limit=limit, last_key=last_key)

    def purge(self, *, expired_before: datetime) -> int:
        """Delete what expired before this, marks of removals too, and return how many."""
        return purge_expired(self._database, overrides, _KEY, expired_before=expired_before)

    def _page(
        self, listing: Listing, query: Select[Any], *, at: datetime, limit: int, last_key: str | None
    ) -> Page[Override]:
        query = listing.page_of(query.where(_in_force(at)), limit=limit, last_key=last_key)
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return listing.page(rows, limit=limit, make=_override)

    def _put_newer(self, connection: Connection, row: dict[str, Any]) -> None:
        statement = self._database.insert(overrides).values(row)
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=list(_KEY),
                set_={name: statement.excluded[name] for name in row if name not in _KEY},
                where=overrides.c.created_at < statement.excluded.created_at,
            )
        )


def _here(*, unit: str, target: OverrideTarget, target_id: str) -> ColumnElement[bool]:
    return and_(overrides.c.type == target.value, overrides.c.target_id == target_id, overrides.c.user_id == unit)


def _in_force(at: datetime) -> ColumnElement[bool]:
    return and_(overrides.c.value.is_not(None), or_(overrides.c.expires_at.is_(None), overrides.c.expires_at > at))


def _override(row: Row[Any]) -> Override:
    return Override(
        unit=row.user_id,
        target=OverrideTarget(row.type),
        target_id=row.target_id,
        value=row.value,
        reason=row.reason,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
