"""The suite of ``FlagStore``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeAlias

import pytest

from variate.errors import ConflictError, NotFoundError
from variate.model import MAX_DEFINITION_BYTES, AuditEntry, FeatureFlag, FlagStatus, Json, Page
from variate.model.audit import FLAG_CHANGED
from variate.model.record import audit_from_record
from variate.stores.ports import AuditLog, FlagStore, Outbox
from variate.testing.builders import build_audit_entry, build_flag, minutes_after_start
from variate.testing.clocks import START
from variate.testing.conformance.concurrency import together, wins
from variate.testing.conformance.mentioning import FindsMentioningFlags
from variate.testing.conformance.paging import Fetch, check_newest_first, check_refusals, walk
from variate.testing.conformance.samples import ALIKE, document_of, every_instant, every_json, every_text, plain
from variate.testing.conformance.searching import FindsFlags
from variate.testing.conformance.unreadable import Spoil, check_unreadable

ACTIVE, INACTIVE = FlagStatus.ACTIVE, FlagStatus.INACTIVE

AuditTrail: TypeAlias = Callable[[], Sequence[AuditEntry]]
"""Return the entries that writes have left, at most a hundred, in any order."""


def trail_of_log(log: AuditLog) -> AuditTrail:
    """The trail of a backend that holds the audit log itself."""
    return lambda: log.list(limit=100)


def trail_of_outbox(outbox: Outbox) -> AuditTrail:
    """The trail of a backend that sends its audit entries through its outbox."""

    def trail() -> Sequence[AuditEntry]:
        pending = outbox.pending(limit=100)
        return [audit_from_record(each.document.value) for each in pending if each.kind == "audit"]

    return trail


class FlagStoreConformance(FindsFlags, FindsMentioningFlags):
    """Subclass it and provide ``store``, empty, the ``outbox`` its writes leave messages in, and ``audit_trail``.

    For the last see ``trail_of_log`` and ``trail_of_outbox``. ``spoil`` writes past the store, so that a flag breaks a
    rule of the model; see ``Spoil``.
    """

    @pytest.fixture
    def store(self) -> FlagStore:
        raise NotImplementedError("provide a fixture `store`: an empty FlagStore")

    @pytest.fixture
    def audit_trail(self) -> AuditTrail:
        raise NotImplementedError("provide a fixture `audit_trail`: returns the entries that the store's writes left")

    @pytest.fixture
    def outbox(self) -> Outbox:
        raise NotImplementedError("provide a fixture `outbox`: the Outbox that the store's writes leave messages in")

    @pytest.fixture
    def spoil(self) -> Spoil:
        raise NotImplementedError("provide a fixture `spoil`: has what is stored under an id break a rule")

    def test_what_was_inserted_is_returned(self, store: FlagStore) -> None:
        flag = build_flag(
            description="The new one",
            rules={"percentage": 12.5},
            targeting={"variations": [{"name": "größer", "value": 2.0}], "off": "größer"},
            status=ACTIVE,
            revision=3,
            updated_at=START + timedelta(hours=1),
        )
        _insert(store, flag)
        assert plain(store.get(flag.id)) == plain(flag)
        assert plain([*store.list(limit=10)]) == plain([flag])

    def test_a_flag_without_targeting_may_get_some_and_lose_it(self, store: FlagStore) -> None:
        free = build_flag("f")
        _insert(store, free)
        for revision, targeting in enumerate(({"off": "a"}, {"off": "b"}, None, {"off": "c"}), start=2):
            flag = build_flag("f", targeting=targeting, revision=revision)
            store.replace(flag, expected_revision=revision - 1, audit=build_audit_entry())
            assert plain(store.get("f")) == plain(flag)
            assert plain([*store.list(limit=10)]) == plain([flag])

    def test_an_unknown_id_is_none(self, store: FlagStore) -> None:
        assert store.get("nobody") is None
        assert len(store.list(limit=10)) == 0

    @pytest.mark.parametrize("status", list(FlagStatus))
    def test_every_status_is_held(self, store: FlagStore, status: FlagStatus) -> None:
        _insert(store, build_flag("f", status=status))
        found = store.get("f")
        assert found is not None
        assert found.status is status
        assert [each.id for each in store.list(status=status, limit=10)] == ["f"]

    @every_text
    def test_text_comes_back_as_it_was_given(self, store: FlagStore, text: str) -> None:
        flag = build_flag(text, name=text, description=text, rules={text: text})
        _insert(store, flag)
        assert plain(store.get(text)) == plain(flag)
        assert plain([*store.list(limit=10)]) == plain([flag])

    def test_ids_that_look_alike_are_different(self, store: FlagStore) -> None:
        for each in ALIKE:
            _insert(store, build_flag(each, name=f"of {each}"))
        found = [store.get(each) for each in ALIKE]
        assert [each and each.name for each in found] == [f"of {each}" for each in ALIKE]

    @every_json
    def test_rules_and_targeting_come_back_as_equal_json(self, store: FlagStore, value: Json) -> None:
        flag = build_flag("f", rules=value, targeting={"schema": value})
        _insert(store, flag)
        assert plain(store.get("f")) == plain(flag)
        assert plain([*store.list(limit=10)]) == plain([flag])

    @pytest.mark.parametrize("share", [0, 0.5, 1])
    def test_the_greatest_definition_there_can_be_is_held(self, store: FlagStore, share: float) -> None:
        size = int(share * MAX_DEFINITION_BYTES)
        rules, targeting = document_of(max(size, 2)), document_of(max(MAX_DEFINITION_BYTES - size, 2))
        flag = replace(build_flag("f"), rules=rules, targeting=targeting)
        before_and_after = replace(build_audit_entry(), document=document_of(2 * MAX_DEFINITION_BYTES + 10_000))
        store.insert(flag, audit=before_and_after)
        assert plain(store.get("f")) == plain(flag)

    @every_instant
    def test_times_come_back_to_the_microsecond(self, store: FlagStore, instant: datetime) -> None:
        for each in ("f", "g"):
            _insert(store, build_flag(each, created_at=instant))
        assert plain(store.get("f")) == plain(build_flag("f", created_at=instant))
        assert len(walk(_list(store), limit=1)) == 2

    def test_an_id_that_is_taken_is_a_conflict_and_nothing_is_written(
        self, store: FlagStore, audit_trail: AuditTrail
    ) -> None:
        first = build_flag("f", name="first")
        store.insert(first, audit=build_audit_entry("a1"))
        with pytest.raises(ConflictError):
            store.insert(build_flag("f", name="second"), audit=build_audit_entry("a2"))
        assert plain(store.get("f")) == plain(first)
        assert [each.id for each in audit_trail()] == ["a1"]

    def test_each_write_leaves_its_audit_entry(self, store: FlagStore, audit_trail: AuditTrail) -> None:
        flag = build_flag("f")
        entries = [
            build_audit_entry("a1", entity_type="flag", entity_id="f", action="created", data={"n": 1}),
            build_audit_entry("a2", entity_type="flag", entity_id="f", action="updated", data=[1.5, "😀"]),
        ]
        store.insert(flag, audit=entries[0])
        store.replace(replace(flag, status=ACTIVE, revision=2), expected_revision=1, audit=entries[1])
        assert plain(sorted(audit_trail(), key=lambda each: each.id)) == plain(entries)

    def test_each_write_leaves_a_message_of_its_flag(self, store: FlagStore, outbox: Outbox) -> None:
        flag = build_flag("f")
        entries = [
            build_audit_entry(f"a{number}", entity_type="flag", entity_id="f", created_at=minutes_after_start(number))
            for number in range(2)
        ]
        store.insert(flag, audit=entries[0])
        store.replace(replace(flag, revision=2), expected_revision=1, audit=entries[1])
        messages = outbox.pending(limit=10)
        assert [(each.id, each.entity_id, each.created_at) for each in messages] == [
            (entry.id, "f", entry.created_at) for entry in entries
        ]
        assert {each.kind for each in messages} in ({FLAG_CHANGED}, {"audit"})

    def test_a_write_that_is_refused_leaves_none(self, store: FlagStore, outbox: Outbox) -> None:
        store.insert(build_flag("f", revision=2), audit=build_audit_entry("a"))
        with pytest.raises(ConflictError):
            store.insert(build_flag("f"), audit=build_audit_entry())
        with pytest.raises(ConflictError):
            store.replace(build_flag("f", revision=2), expected_revision=1, audit=build_audit_entry())
        with pytest.raises(NotFoundError):
            store.replace(build_flag("g", revision=2), expected_revision=1, audit=build_audit_entry())
        assert [each.id for each in outbox.pending(limit=10)] == ["a"]

    def test_of_twenty_inserts_of_one_id_exactly_one_wins(self, store: FlagStore, audit_trail: AuditTrail) -> None:
        def insert(number: int) -> bool:
            flag, entry = build_flag("f", name=f"caller {number}"), build_audit_entry(f"a{number}")
            return wins(lambda: store.insert(flag, audit=entry), losing=ConflictError)

        won = together(20, insert)
        assert won.count(True) == 1
        found = store.get("f")
        assert found is not None
        assert found.name == f"caller {won.index(True)}"
        assert [each.id for each in audit_trail()] == [f"a{won.index(True)}"]

    def test_replace_stores_the_flag(self, store: FlagStore) -> None:
        old = build_flag("f", description="old", rules={"a": 1})
        _insert(store, old)
        new = replace(
            build_flag("f", name="new", rules=[2], status=ACTIVE, revision=2),
            description="",
            updated_at=START + timedelta(minutes=1),
        )
        store.replace(new, expected_revision=1, audit=build_audit_entry())
        assert plain(store.get("f")) == plain(new)
        assert plain([*store.list(status=ACTIVE, limit=10)]) == plain([new])
        assert [*store.list(status=INACTIVE, limit=10)] == []

    @pytest.mark.parametrize("expected_revision", [1, 3])
    def test_replace_at_another_revision_is_a_conflict_and_nothing_is_written(
        self, store: FlagStore, audit_trail: AuditTrail, expected_revision: int
    ) -> None:
        standing = build_flag("f", revision=2)
        store.insert(standing, audit=build_audit_entry("a1"))
        new = build_flag("f", name="New", revision=expected_revision + 1)
        with pytest.raises(ConflictError):
            store.replace(new, expected_revision=expected_revision, audit=build_audit_entry("a2"))
        assert plain(store.get("f")) == plain(standing)
        assert [each.id for each in audit_trail()] == ["a1"]

    def test_replace_of_an_unknown_id_finds_nothing_and_writes_nothing(
        self, store: FlagStore, audit_trail: AuditTrail
    ) -> None:
        with pytest.raises(NotFoundError):
            store.replace(build_flag("f", revision=2), expected_revision=1, audit=build_audit_entry())
        assert store.get("f") is None
        assert list(audit_trail()) == []

    def test_of_twenty_replacements_of_one_revision_exactly_one_wins(
        self, store: FlagStore, audit_trail: AuditTrail
    ) -> None:
        store.insert(build_flag("f"), audit=build_audit_entry("first"))

        def change(number: int) -> bool:
            flag = build_flag("f", name=f"caller {number}", revision=2)
            entry = build_audit_entry(f"a{number}")
            return wins(lambda: store.replace(flag, expected_revision=1, audit=entry), losing=ConflictError)

        won = together(20, change)
        assert won.count(True) == 1
        found = store.get("f")
        assert found is not None
        assert found.name == f"caller {won.index(True)}"
        assert sorted(each.id for each in audit_trail()) == sorted(["first", f"a{won.index(True)}"])

    def test_the_list_has_the_most_recently_updated_first_and_then_goes_by_id(self, store: FlagStore) -> None:
        for each in _twenty_five():
            _insert(store, each)
        for limit in (1, 7, 25, 1_000):
            found = walk(_list(store), limit=limit)
            check_newest_first(found, at=lambda each: each.updated_at, by=lambda each: each.id)
            assert sorted(plain(found), key=str) == sorted(plain(_twenty_five()), key=str)

    @pytest.mark.parametrize("status", list(FlagStatus))
    def test_the_list_is_of_the_status_asked_for(self, store: FlagStore, status: FlagStatus) -> None:
        for each in _twenty_five():
            _insert(store, each)
        found = walk(_list(store, status=status), limit=2)
        check_newest_first(found, at=lambda each: each.updated_at, by=lambda each: each.id)
        assert sorted(each.id for each in found) == [each.id for each in _twenty_five() if each.status is status]

    def test_an_updated_flag_moves_to_the_front(self, store: FlagStore) -> None:
        flags = _twenty_five()
        for each in flags:
            _insert(store, each)
        later = replace(flags[0], revision=2, updated_at=START + timedelta(hours=1))
        store.replace(later, expected_revision=1, audit=build_audit_entry())
        assert store.list(limit=1)[0].id == flags[0].id

    def test_what_is_inserted_between_pages_neither_hides_nor_repeats_an_old_one(self, store: FlagStore) -> None:
        old = [each.id for each in _twenty_five()]
        for each in _twenty_five():
            _insert(store, each)
        page = store.list(limit=7)
        found = [*page]
        for minutes in (-60, 0, 2, 3, 60):
            _insert(store, build_flag(created_at=START + timedelta(minutes=minutes)))
        while page.last_key is not None:
            page = store.list(limit=7, last_key=page.last_key)
            found += page
        assert sorted(each.id for each in found if each.id in old) == old

    def test_one_that_breaks_a_rule_is_named_and_holds_up_no_other(self, store: FlagStore, spoil: Spoil) -> None:
        for number in range(5):
            _insert(store, build_flag(f"f-{number}", updated_at=START + timedelta(minutes=number)))
        spoil("f-2")
        for status in (None, INACTIVE):
            sound = ["f-0", "f-1", "f-3", "f-4"]
            check_unreadable(_list(store, status=status), store.get, spoilt="f-2", sound=sound)

    def test_a_last_key_of_anything_else_is_refused(self, store: FlagStore) -> None:
        for each in _twenty_five():
            _insert(store, each)
        of_all, of_active, of_inactive = (_list(store, status=status) for status in (None, ACTIVE, INACTIVE))
        check_refusals(of_all, foreign=[of_active(1, None).last_key])
        check_refusals(of_active, foreign=[of_all(1, None).last_key, of_inactive(1, None).last_key])


def _insert(store: FlagStore, flag: FeatureFlag) -> None:
    store.insert(flag, audit=build_audit_entry(entity_type="flag", entity_id=flag.id))


def _list(store: FlagStore, *, status: FlagStatus | None = None) -> Fetch[FeatureFlag]:
    def fetch(limit: int, last_key: str | None) -> Page[FeatureFlag]:
        return store.list(status=status, limit=limit, last_key=last_key)

    return fetch


def _twenty_five() -> list[FeatureFlag]:
    """Flags in order of id, five updated in each of five minutes, of every status."""
    return [
        build_flag(
            f"flag-{number:02}",
            status=list(FlagStatus)[number % 3],
            created_at=START - timedelta(minutes=number),
            updated_at=START + timedelta(minutes=number % 5),
        )
        for number in range(25)
    ]
