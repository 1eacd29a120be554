"""The people in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select

from variate.errors import ConflictError, LastAdminError
from variate.model import AuditEntry, Page
from variate.model.access import Person, Role
from variate.model.reading import read_stored
from variate.stores.sql.access_schema import people
from variate.stores.sql.database import Database
from variate.stores.sql.paging import Listing
from variate.stores.sql.records import log, replace_at

_FIELDS = tuple(field.name for field in fields(Person))
_BY_EMAIL = Listing("people", (people.c.email, False))


class SqlPersonStore:
    """See ``PersonStore``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert(self, person: Person, *, audit: Sequence[AuditEntry]) -> None:
        """Store a new person; raise ``ConflictError`` if the id, e-mail address or subject is taken."""
        statement = self._database.insert(people).values(_row(person)).on_conflict_do_nothing()

        def work(connection: Connection) -> None:
            if connection.execute(statement.returning(people.c.id)).first() is None:
                raise ConflictError(f"person {person.email!r} is there already: change that one")
            log(self._database, connection, audit)

        self._database.write_once(work)

    def get(self, person_id: str) -> Person | None:
        """Return the person, disabled ones too, or None."""
        return self._one(people.c.id == person_id)

    def by_email(self, email: str) -> Person | None:
        """Return the person of this address (in lower case), or None."""
        return self._one(people.c.email == email)

    def by_subject(self, subject: str) -> Person | None:
        """Return the person whom the OpenID provider knows by this subject, or None."""
        return self._one(people.c.subject == subject)

    def list(self, *, limit: int, last_key: str | None = None) -> Page[Person]:
        """Return the people in order of e-mail address."""
        query = _BY_EMAIL.page_of(select(people), limit=limit, last_key=last_key)
        rows = self._database.read(lambda connection: connection.execute(query).all())
        return _BY_EMAIL.page_of_readable(rows, limit=limit, make=_read)

    def replace(self, person: Person, *, expected_revision: int, audit: Sequence[AuditEntry]) -> None:
        """Store ``person`` over the one of the id if that is at ``expected_revision``.

        Raise ``ConflictError`` if it is at another revision or what is unique is taken, ``NotFoundError`` if there is
        none, and ``LastAdminError`` where it would leave nobody who administers, whoever else writes at the moment.
        """
        # Locked, in one order everywhere: of two who would go at once, the second sees that the first has gone.
        admins = select(people.c.id).where(people.c.role == Role.ADMIN.value, people.c.disabled.is_(False))
        admins = admins.order_by(people.c.id).with_for_update()

        def work(connection: Connection) -> None:
            if not person.administers and list(connection.execute(admins).scalars()) == [person.id]:
                raise LastAdminError(person.email)
            replace_at(connection, people, _row(person), expected_revision=expected_revision, entity="person")
            log(self._database, connection, audit)

        self._database.write_once(work)

    def _one(self, here: ColumnElement[bool]) -> Person | None:
        query = select(people).where(here)
        found = self._database.read(lambda connection: connection.execute(query).first())
        return None if found is None else _read(found)


def _row(person: Person) -> dict[str, Any]:
    return {name: getattr(person, name) for name in _FIELDS}


def _read(row: Row[Any]) -> Person:
    return read_stored("person", row.id, lambda: Person(**{name: getattr(row, name) for name in _FIELDS}))
