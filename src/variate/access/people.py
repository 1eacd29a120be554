"""People: add, read, change, and their passwords."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypedDict, Unpack

from variate.access.passwords import Passwords
from variate.definition.audit import ChangeLog
from variate.definition.newest import on_newest
from variate.errors import ConflictError, InvalidInputError, NotFoundError
from variate.model import Page
from variate.model.access import Person, Role, check_email
from variate.model.access_record import person_record
from variate.model.rules import check_choice, check_id
from variate.stores.access import PersonStore


class PersonChanges(TypedDict, total=False):
    """What may change of a person. ``subject`` of None has the OpenID provider's next sign-in link them anew."""

    name: str
    role: str
    disabled: bool
    subject: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """The people who sign in. Each change is one transaction with its audit entry, which names no password and no hash.

    Somebody is named by id or by e-mail address. ``changed`` is called after each change.
    """

    store: PersonStore
    passwords: Passwords
    log: ChangeLog
    changed: Callable[[], object]

    def add_person(
        self,
        email: str,
        *,
        role: str,
        name: str | None = None,
        password: str | None = None,
        subject: str | None = None,
        actor: str | None = None,
    ) -> Person:
        """Store and return a new person; raise ``ConflictError`` if there is one of this address.

        Without a ``password`` they sign in through the OpenID provider, or not at all.
        """
        at = self.log.clock()
        address = check_email("email", email)
        person = Person(
            id=self.log.new_id(),
            email=address,
            name=address if name is None else name,
            role=check_choice("role", role, Role),
            created_at=at,
            updated_at=at,
            password_hash=None if password is None else self.passwords.hash(password),
            subject=subject,
        )
        entry = self.log.entry("person", person.id, "added", {"person": person_record(person)}, actor=actor, at=at)
        self.store.insert(person, audit=[entry])
        self.changed()
        return person

    def get_person(self, person: str) -> Person | None:
        """Return the person of this id or e-mail address, disabled ones too, or None."""
        named = check_id("person", person)
        return self.store.by_email(named.strip().lower()) if "@" in named else self.store.get(named)

    def list_people(self, *, limit: int = 100, last_key: str | None = None) -> Page[Person]:
        """Return a page of the people, in order of e-mail address, disabled ones too."""
        return self.store.list(limit=limit, last_key=last_key)

    def update_person(
        self,
        person: str,
        *,
        expected_revision: int | None = None,
        actor: str | None = None,
        **changes: Unpack[PersonChanges],
    ) -> Person:
        """Change what is given. All but a new name ends the person's sessions.

        Raise ``LastAdminError`` where nobody would be left who administers.
        """
        unknown = sorted(changes.keys() - PersonChanges.__annotations__.keys())
        if unknown:
            raise InvalidInputError(unknown[0], "is nothing that changes of a person")
        wanted: dict[str, Any] = {**changes}

        def change(before: Person) -> Person:
            after = replace(before, **wanted)
            if replace(after, name=before.name) != before:
                after = replace(after, epoch=before.epoch + 1)
            return after

        return self.change(person, change, action="updated", expected_revision=expected_revision, actor=actor)

    def set_password(
        self,
        person: str,
        password: str | None,
        *,
        expected_revision: int | None = None,
        actor: str | None = None,
    ) -> Person:
        """Give the person this password, or with None take it away; either ends their sessions."""
        kept = None if password is None else self.passwords.hash(password)

        def change(before: Person) -> Person:
            if kept is before.password_hash is None:
                return before
            return replace(before, password_hash=kept, epoch=before.epoch + 1)

        action = "password_removed" if kept is None else "password_set"
        return self.change(person, change, action=action, expected_revision=expected_revision, actor=actor)

    def change(
        self,
        person: str,
        change: Callable[[Person], Person],
        *,
        action: str,
        expected_revision: int | None = None,
        actor: str | None = None,
    ) -> Person:
        """Store and return what ``change`` makes of the newest; where that is the same, nothing happens."""
        found = self.get_person(person)
        if found is None:
            raise NotFoundError("person", person)

        def write(before: Person) -> Person:
            after = change(before)
            if after != before:
                at = self.log.clock()
                after = replace(after, revision=before.revision + 1, updated_at=at)
                data = {"before": person_record(before), "after": person_record(after)}
                entry = self.log.entry("person", before.id, action, data, actor=actor, at=at)
                self.store.replace(after, expected_revision=before.revision, audit=[entry])
                self.changed()
            return after

        return on_newest("person", found.id, read=self.store.get, write=write, expected_revision=expected_revision)

    def renew_hash(self, person: Person, password: str) -> Person:
        """Keep the hash of the password that was just checked anew, at today's cost; no change that anybody sees."""
        after = replace(
            person,
            password_hash=self.passwords.hash(password),
            revision=person.revision + 1,
            updated_at=self.log.clock(),
        )
        try:
            self.store.replace(after, expected_revision=person.revision, audit=[])
        except ConflictError:  # somebody changes the person just now: the next sign-in tries again
            return person
        return after
