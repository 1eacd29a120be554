"""The suite of ``KeyStore``."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from variate.errors import ConflictError, NotFoundError
from variate.model import Page
from variate.model.access import ApiKey, Scope
from variate.stores.access import KeyStore
from variate.stores.ports import AuditLog
from variate.testing.access_builders import build_key
from variate.testing.builders import build_audit_entry, minutes_after_start
from variate.testing.clocks import START
from variate.testing.conformance.concurrency import together, wins
from variate.testing.conformance.paging import Fetch, check_newest_first, check_pages, check_refusals, walk
from variate.testing.conformance.samples import ALIKE, INSTANTS
from variate.testing.conformance.unreadable import Spoil, check_unreadable

LATER = START + timedelta(hours=1)


class KeyStoreConformance:
    """Subclass it and provide ``store``, empty, and the ``audit_log`` that its writes fill.

    ``spoil`` writes past the store, so that a key breaks a rule of the model; see ``Spoil``.
    """

    @pytest.fixture
    def store(self) -> KeyStore:
        raise NotImplementedError("provide a fixture `store`: an empty KeyStore")

    @pytest.fixture
    def audit_log(self) -> AuditLog:
        raise NotImplementedError("provide a fixture `audit_log`: the AuditLog that the store's writes fill")

    @pytest.fixture
    def spoil(self) -> Spoil:
        raise NotImplementedError("provide a fixture `spoil`: has what is stored under an id break a rule")

    def test_what_was_inserted_is_returned(self, store: KeyStore) -> None:
        given = [
            build_key("plain"),
            build_key(
                "full",
                name="Größe 🟢",
                scopes=list(Scope),
                environments=["prod", "dev"],
                created_by="key:ci",
                revision=7,
                expires_at=LATER,
                revoked_at=LATER,
                last_used_at=START,
                replaced_by="plain",
            ),
        ]
        for key in given:
            store.insert(key, audit=[])
        assert [store.get(key.id) for key in given] == given

    def test_an_unknown_id_is_none(self, store: KeyStore) -> None:
        store.insert(build_key(), audit=[])
        assert store.get("nobody") is None

    def test_ids_that_look_alike_are_different(self, store: KeyStore) -> None:
        given = [build_key(each) for each in ALIKE]
        for key in given:
            store.insert(key, audit=[])
        assert [store.get(key.id) for key in given] == given

    def test_times_come_back_to_the_microsecond(self, store: KeyStore) -> None:
        given = [build_key(created_at=at, expires_at=at, revoked_at=at, last_used_at=at) for at in INSTANTS]
        for key in given:
            store.insert(key, audit=[])
        assert [store.get(key.id) for key in given] == given

    def test_an_id_or_secret_that_is_taken_is_a_conflict_and_nothing_is_written(
        self, store: KeyStore, audit_log: AuditLog
    ) -> None:
        first, other = build_key(), build_key()
        store.insert(first, audit=[])
        for second in (replace(other, id=first.id), replace(other, secret_hash=first.secret_hash)):
            with pytest.raises(ConflictError) as refused:
                store.insert(second, audit=[build_audit_entry()])
            assert first.secret_hash not in str(refused.value)
        assert (store.get(first.id), store.get(other.id)) == (first, None)
        assert list(audit_log.list(limit=10)) == []

    def test_each_write_brings_its_audit_entries(self, store: KeyStore, audit_log: AuditLog) -> None:
        key, new = build_key("old"), build_key("new")
        entries = [build_audit_entry(f"a{number}") for number in range(5)]
        store.insert(key, audit=entries[:1])
        store.replace(replace(key, name="web", revision=2), expected_revision=1, audit=entries[1:3])
        store.supersede(replace(key, revision=3, replaced_by="new"), new, expected_revision=2, audit=entries[3:])
        assert sorted(entry.id for entry in audit_log.list(limit=10)) == [entry.id for entry in entries]

    def test_replace_stores_the_key_and_leaves_others_alone(self, store: KeyStore) -> None:
        other, key = build_key(), build_key(expires_at=LATER)
        store.insert(other, audit=[])
        store.insert(key, audit=[])
        after = replace(key, name="web", scopes=frozenset({Scope.READ}), expires_at=None, revision=2)
        store.replace(after, expected_revision=1, audit=[])
        assert (store.get(key.id), store.get(other.id)) == (after, other)

    def test_a_write_at_another_revision_is_a_conflict_and_nothing_is_written(
        self, store: KeyStore, audit_log: AuditLog
    ) -> None:
        standing, new = build_key(revision=2), build_key()
        store.insert(standing, audit=[])
        late = replace(standing, name="late")
        with pytest.raises(ConflictError):
            store.replace(late, expected_revision=1, audit=[build_audit_entry()])
        with pytest.raises(ConflictError):
            store.supersede(late, new, expected_revision=1, audit=[build_audit_entry()])
        assert (store.get(standing.id), store.get(new.id)) == (standing, None)
        assert list(audit_log.list(limit=10)) == []

    def test_a_write_of_an_unknown_id_finds_nothing_and_writes_nothing(
        self, store: KeyStore, audit_log: AuditLog
    ) -> None:
        unknown, new = build_key(), build_key()
        with pytest.raises(NotFoundError):
            store.replace(unknown, expected_revision=1, audit=[build_audit_entry()])
        with pytest.raises(NotFoundError):
            store.supersede(unknown, new, expected_revision=1, audit=[build_audit_entry()])
        assert (store.get(unknown.id), store.get(new.id)) == (None, None)
        assert list(audit_log.list(limit=10)) == []

    def test_a_key_and_the_one_in_its_place_are_written_both_or_neither(self, store: KeyStore) -> None:
        old, taken, new = build_key("old"), build_key("taken"), build_key("new")
        for key in (old, taken):
            store.insert(key, audit=[])
        after = replace(old, revision=2, replaced_by="new", expires_at=LATER)
        with pytest.raises(ConflictError):
            store.supersede(after, replace(new, secret_hash=taken.secret_hash), expected_revision=1, audit=[])
        assert (store.get("old"), store.get("new")) == (old, None)
        store.supersede(after, new, expected_revision=1, audit=[])
        assert (store.get("old"), store.get("new")) == (after, new)

    def test_of_ten_who_write_at_one_revision_exactly_one_wins(self, store: KeyStore) -> None:
        key = build_key()
        store.insert(key, audit=[])
        given = [replace(key, name=f"name {caller}", revision=2) for caller in range(10)]
        won = together(
            10,
            lambda caller: wins(
                lambda: store.replace(given[caller], expected_revision=1, audit=[]), losing=ConflictError
            ),
        )
        assert won.count(True) == 1
        assert store.get(key.id) == given[won.index(True)]

    def test_the_list_has_the_most_recently_created_first_and_all_of_them(self, store: KeyStore) -> None:
        given = [
            build_key(
                f"k{number:02d}", created_at=minutes_after_start(minute), revoked_at=None if number % 3 else START
            )
            for number, minute in enumerate([5, 1, 9, 5, 5, 0, 2, 8, 7, 3, 4, 6])
        ]
        for key in given:
            store.insert(key, audit=[])
        newest = sorted(given, key=lambda key: (-key.created_at.timestamp(), key.id))
        check_pages(_list(store), expected=newest, of=lambda key: key)
        check_newest_first(walk(_list(store)), at=lambda key: key.created_at, by=lambda key: key.id)

    def test_only_a_key_of_this_list_is_taken_for_the_next_page(self, store: KeyStore) -> None:
        for _ in range(2):
            store.insert(build_key(), audit=[])
        check_refusals(_list(store))

    def test_those_count_that_are_neither_revoked_nor_expired_at_that_moment(self, store: KeyStore) -> None:
        moment = timedelta(microseconds=1)
        counting = [
            build_key("for ever"),
            build_key("expires later", expires_at=LATER + moment),
            build_key("is revoked later", revoked_at=LATER + moment),
        ]
        others = [
            build_key("expires now", expires_at=LATER),
            build_key("is revoked now", revoked_at=LATER),
            build_key("is revoked before it expires", expires_at=LATER + moment, revoked_at=START),
        ]
        for key in (*counting, *others):
            store.insert(key, audit=[])
        assert sorted(store.counting(at=LATER), key=lambda key: key.id) == sorted(counting, key=lambda key: key.id)

    def test_use_moves_forward_only_and_is_no_change(self, store: KeyStore) -> None:
        given = [build_key(), build_key(last_used_at=LATER), build_key()]
        for key in given:
            store.insert(key, audit=[])
        fresh, later, unused = given
        store.note_use({fresh.id: START, later.id: START, "nobody": START})
        store.note_use({})
        assert store.get(fresh.id) == replace(fresh, last_used_at=START)
        assert (store.get(later.id), store.get(unused.id)) == (later, unused)

    def test_a_change_does_not_take_back_when_the_key_was_used(self, store: KeyStore) -> None:
        key, new = build_key(), build_key()
        store.insert(key, audit=[])
        store.note_use({key.id: LATER})
        store.replace(replace(key, name="web", revision=2), expected_revision=1, audit=[])
        store.supersede(replace(key, name="old", revision=3), new, expected_revision=2, audit=[])
        found = store.get(key.id)
        assert found is not None
        assert (found.name, found.last_used_at) == ("old", LATER)

    def test_one_that_breaks_a_rule_is_named_does_not_count_and_holds_up_no_other(
        self, store: KeyStore, spoil: Spoil
    ) -> None:
        for each in ("a", "b", "c"):
            store.insert(build_key(each), audit=[])
        spoil("b")
        check_unreadable(_list(store), store.get, spoilt="b", sound=["a", "c"])
        assert sorted(key.id for key in store.counting(at=START)) == ["a", "c"]


def _list(store: KeyStore) -> Fetch[ApiKey]:
    def fetch(limit: int, last_key: str | None) -> Page[ApiKey]:
        return store.list(limit=limit, last_key=last_key)

    return fetch
