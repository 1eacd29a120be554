"""The suite of ``PersonStore``."""

from __future__ import annotations

from dataclasses import replace

import pytest

from variate.errors import ConflictError, LastAdminError, NotFoundError
from variate.model import Page
from variate.model.access import Person, Role
from variate.stores.access import PersonStore
from variate.stores.ports import AuditLog
from variate.testing.access_builders import build_person
from variate.testing.builders import build_audit_entry
from variate.testing.clocks import START
from variate.testing.conformance.concurrency import together, wins
from variate.testing.conformance.paging import Fetch, check_pages, check_refusals
from variate.testing.conformance.samples import ALIKE, INSTANTS
from variate.testing.conformance.unreadable import Spoil, check_unreadable


class PersonStoreConformance:
    """Subclass it and provide ``store``, empty, and the ``audit_log`` that its writes fill.

    ``spoil`` writes past the store, so that a person breaks a rule of the model; see ``Spoil``.
    """

    @pytest.fixture
    def store(self) -> PersonStore:
        raise NotImplementedError("provide a fixture `store`: an empty PersonStore")

    @pytest.fixture
    def audit_log(self) -> AuditLog:
        raise NotImplementedError("provide a fixture `audit_log`: the AuditLog that the store's writes fill")

    @pytest.fixture
    def spoil(self) -> Spoil:
        raise NotImplementedError("provide a fixture `spoil`: has what is stored under an id break a rule")

    def test_what_was_inserted_is_found_by_id_address_and_subject(self, store: PersonStore) -> None:
        given = [
            build_person("plain", email="plain@example.com"),
            build_person(
                "full",
                email="größe@example.com",
                name="Größe 🟢",
                role=Role.ADMIN,
                revision=7,
                password_hash="$argon2id$...",  # noqa: S106 - of no password
                subject="https://id.example.com 1",
                disabled=True,
                epoch=3,
            ),
        ]
        for person in given:
            store.insert(person, audit=[])
        assert [store.get(person.id) for person in given] == given
        assert [store.by_email(person.email) for person in given] == given
        assert store.by_subject("https://id.example.com 1") == given[1]

    def test_who_is_not_there_is_none(self, store: PersonStore) -> None:
        store.insert(build_person(), audit=[])
        assert (store.get("nobody"), store.by_email("nobody@example.com"), store.by_subject("nobody")) == (None,) * 3

    def test_subjects_that_look_alike_are_different(self, store: PersonStore) -> None:
        given = [build_person(subject=each) for each in ALIKE]
        for person in given:
            store.insert(person, audit=[])
        assert [store.by_subject(each) for each in ALIKE] == given

    def test_times_come_back_to_the_microsecond(self, store: PersonStore) -> None:
        given = [build_person(created_at=at, updated_at=at) for at in INSTANTS]
        for person in given:
            store.insert(person, audit=[])
        assert [store.get(person.id) for person in given] == given

    def test_an_id_address_or_subject_that_is_taken_is_a_conflict_and_nothing_is_written(
        self, store: PersonStore, audit_log: AuditLog
    ) -> None:
        first, other = build_person(subject="s-1"), build_person(subject="s-2")
        store.insert(first, audit=[])
        for second in (
            replace(other, id=first.id),
            replace(other, email=first.email),
            replace(other, subject=first.subject),
        ):
            with pytest.raises(ConflictError):
                store.insert(second, audit=[build_audit_entry()])
        assert (store.get(first.id), store.get(other.id)) == (first, None)
        assert list(audit_log.list(limit=10)) == []

    def test_of_ten_who_add_one_address_exactly_one_wins(self, store: PersonStore) -> None:
        given = [build_person(email="ada@example.com", name=f"name {caller}") for caller in range(10)]
        won = together(10, lambda caller: wins(lambda: store.insert(given[caller], audit=[]), losing=ConflictError))
        assert won.count(True) == 1
        assert store.by_email("ada@example.com") == given[won.index(True)]

    def test_each_write_brings_its_audit_entries(self, store: PersonStore, audit_log: AuditLog) -> None:
        person = build_person()
        entries = [build_audit_entry(f"a{number}") for number in range(3)]
        store.insert(person, audit=entries[:1])
        store.replace(replace(person, name="Grace", revision=2), expected_revision=1, audit=entries[1:])
        assert sorted(entry.id for entry in audit_log.list(limit=10)) == [entry.id for entry in entries]

    def test_replace_stores_the_person_and_leaves_others_alone(self, store: PersonStore) -> None:
        other, person = build_person(), build_person(subject="s-1")
        for each in (other, person):
            store.insert(each, audit=[])
        after = replace(person, role=Role.ADMIN, subject="s-2", revision=2, epoch=2)
        store.replace(after, expected_revision=1, audit=[])
        assert (store.get(person.id), store.get(other.id)) == (after, other)
        assert (store.by_subject("s-1"), store.by_subject("s-2")) == (None, after)

    def test_a_write_that_cannot_be_writes_nothing(self, store: PersonStore, audit_log: AuditLog) -> None:
        standing, other = build_person(revision=2, subject="s-1"), build_person(subject="s-2")
        for each in (standing, other):
            store.insert(each, audit=[])
        entry = build_audit_entry()
        with pytest.raises(ConflictError):
            store.replace(replace(standing, name="late"), expected_revision=1, audit=[entry])
        with pytest.raises(ConflictError):
            store.replace(replace(standing, subject="s-2"), expected_revision=2, audit=[entry])
        with pytest.raises(NotFoundError):
            store.replace(build_person(), expected_revision=1, audit=[entry])
        assert (store.get(standing.id), store.get(other.id)) == (standing, other)
        assert list(audit_log.list(limit=10)) == []

    def test_the_last_one_who_administers_stays_so(self, store: PersonStore, audit_log: AuditLog) -> None:
        last = build_person(role=Role.ADMIN)
        for each in (last, build_person(role=Role.ADMIN, disabled=True), build_person()):
            store.insert(each, audit=[])
        gone = replace(last, revision=2, disabled=True)
        for after in (gone, replace(last, revision=2, role=Role.EDITOR)):
            with pytest.raises(LastAdminError):
                store.replace(after, expected_revision=1, audit=[build_audit_entry()])
        assert store.get(last.id) == last
        assert list(audit_log.list(limit=10)) == []
        store.replace(replace(last, name="Grace", revision=2), expected_revision=1, audit=[])
        store.insert(build_person(role=Role.ADMIN), audit=[])
        store.replace(replace(gone, revision=3), expected_revision=2, audit=[])

    def test_of_admins_who_all_go_at_once_one_stays(self, store: PersonStore) -> None:
        admins = [build_person(role=Role.ADMIN) for _ in range(5)]
        for each in admins:
            store.insert(each, audit=[])
        gone = [replace(each, role=Role.VIEWER, revision=2) for each in admins]
        won = together(
            5,
            lambda caller: wins(
                lambda: store.replace(gone[caller], expected_revision=1, audit=[]), losing=LastAdminError
            ),
        )
        assert won.count(False) == 1

    def test_the_list_is_in_order_of_address(self, store: PersonStore) -> None:
        names = ["b", "a", "a-b", "ab", "a.b", "a_b", "é", "~", "a1"]
        given = [build_person(email=f"{name}@example.com", disabled=name == "b") for name in names]
        for person in given:
            store.insert(person, audit=[])
        expected = sorted(given, key=lambda person: person.email)
        check_pages(_list(store), expected=expected, of=lambda person: person)

    def test_only_a_key_of_this_list_is_taken_for_the_next_page(self, store: PersonStore) -> None:
        for _ in range(2):
            store.insert(build_person(), audit=[])
        check_refusals(_list(store))

    def test_one_that_breaks_a_rule_is_named_and_holds_up_no_other(self, store: PersonStore, spoil: Spoil) -> None:
        for each in ("a", "b", "c"):
            store.insert(build_person(each, created_at=START), audit=[])
        spoil("b")
        check_unreadable(_list(store), store.get, spoilt="b", sound=["a", "c"])


def _list(store: PersonStore) -> Fetch[Person]:
    def fetch(limit: int, last_key: str | None) -> Page[Person]:
        return store.list(limit=limit, last_key=last_key)

    return fetch
